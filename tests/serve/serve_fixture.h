#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "core/random.h"
#include "infer/record.h"
#include "layers/layer_kind.h"
#include "serve/handler.h"

namespace bernoulli::serve::testing {

/// An untrained model of the words good, bad and so, without any file.
inline NativeModel small_model(bool binary = true, uint64_t seed = 3, const std::string& pool = "mean_pool") {
  RunConfig config =
      config::load_config_text(std::string("data: {train: {path: t.csv}}\n") +
                                   (binary ? "task: {kind: binary, positive: good}\n"
                                           : "task: {kind: multi_label, labels: [news, sport, art]}\n") +
                                   "text: {vocabulary: {}}\n"
                                   "model: {layers: [{embedding: 4}, " +
                                   pool + ", {linear: " + (binary ? "1" : "3") +
                                   "}]}\noptimizer: {sgd: {lr: 1}}\ntraining: {epochs: 1, monitor: loss}\n",
                               "test.yaml", layers::layer_schemas())
          .run;
  Vectorizer vectorizer(config.text, Vocabulary({"good", "bad", "so"}));
  layers::ModelPlan plan =
      layers::plan_model(config.model, config.text, config.loss.mode, vectorizer.num_ids(), binary ? 1 : 3);
  Random random(seed);
  std::vector<std::vector<float>> numbers;
  std::vector<RawTensor> weights;
  for (const layers::NamedLayer& layer : plan.layers) {
    for (const layers::ParameterSpec& parameter : layer.plan.parameters) {
      int64_t count = 1;
      for (const int64_t extent : parameter.shape) count *= extent;
      auto values = std::vector<float>(static_cast<size_t>(count));
      for (float& value : values) value = static_cast<float>(4 * random.uniform() - 2);
      numbers.push_back(std::move(values));
      weights.push_back(
          {layer.name + "." + parameter.name,
           Dtype::kF32,
           parameter.shape,
           {reinterpret_cast<const char*>(numbers.back().data()), numbers.back().size() * sizeof(float)}});
    }
  }
  NativeNetwork network = NativeNetwork::build(plan, config.text, weights);
  ClassifierInfo info;
  info.labels = binary ? Labels{TaskConfig::Kind::kBinary, {"bad", "good"}}
                       : Labels{TaskConfig::Kind::kMultiLabel, {"news", "sport", "art"}};
  info.rule = std::vector<double>(binary ? 1 : 3, 0.5);
  info.config = std::move(config);
  return {std::move(info), std::move(plan), std::move(vectorizer), std::move(network), "0123"};
}

inline std::shared_ptr<const ServedModel> small_served_model(bool binary = true, uint64_t seed = 3) {
  return std::make_shared<const ServedModel>(small_model(binary, seed), "small");
}

inline HttpRequest get(const std::string& target) { return {"GET", target, "", "", true, ""}; }
inline HttpRequest post(const std::string& target, const std::string& body) {
  return {"POST", target, "application/json", "", true, body};
}

/// The record that predict prints of a text, made by the classes that predict uses.
inline std::string record_of(const NativeModel& model, const std::string& text,
                             const RecordOptions& options = {}) {
  NativeModel::State state;
  std::vector<float> logits(static_cast<size_t>(model.network.num_outputs()));
  model.logits(text, state, logits);
  std::string record;
  RecordWriter(model.info, options).append(record, logits);
  return record;
}

class HandlerTest : public ::testing::Test {
 protected:
  HttpResponse ask(const HttpRequest& request) { return handler_.answer(request).response; }
  HttpResponse predict(const std::string& body) { return ask(post("/predict", body)); }
  HttpResponse infer(const std::string& body) { return ask(post("/v2/models/small/infer", body)); }

  static void expect_fault(const HttpResponse& response, int status, const std::string& message) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.content_type, "application/json");
    const auto json = nlohmann::ordered_json::parse(response.body);
    EXPECT_EQ(json.size(), 1u);
    EXPECT_THAT(json.at("error").get<std::string>(), ::testing::HasSubstr(message));
  }

  Handler handler_{small_served_model(), {1000, 4, 1 << 20}};
};

}  // namespace bernoulli::serve::testing
