#include "serve/served_model.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "core/plain_name.h"
#include "core/version.h"
#include "infer/model_facts.h"
#include "serve/http_message.h"

namespace bernoulli::serve {
namespace {

constexpr size_t kLongestName = 200;

std::string described(const NativeModel& model, const std::string& name) {
  nlohmann::ordered_json json{{"name", name}};
  json.update(model_facts(model.info, model.content_hash));
  json.update({{"program", "bernoulli"}, {"version", kVersion}, {"commit", kGitCommit}});
  return compact_json(json);
}

}  // namespace

std::string model_name_of(const std::filesystem::path& path) {
  const std::filesystem::path whole = std::filesystem::absolute(path).lexically_normal();
  const std::filesystem::path last = whole.has_filename() ? whole : whole.parent_path();
  std::string name = (last.extension() == ".pt" ? last.stem() : last.filename()).string();
  if (name.empty()) return "model";
  name.resize(std::min(name.size(), kLongestName));
  return plain_name(std::move(name));
}

bool is_model_name(const std::string& name) { return name.size() <= kLongestName && is_plain_name(name); }

std::string change_of_labels(const Labels& before, const Labels& now) {
  if (before.kind != now.kind) {
    const auto kind_of = [](const Labels& labels) { return to_json(labels).at("kind").get<std::string>(); };
    return fmt::format("the kind is {}, and was {}", kind_of(now), kind_of(before));
  }
  if (before.names == now.names) return "";
  const auto there = std::ranges::mismatch(before.names, now.names).in1 - before.names.begin();
  const auto shown = [place = static_cast<size_t>(there)](const Labels& labels) {
    return place < labels.names.size() ? "'" + labels.names[place] + "'" : "none";
  };
  return fmt::format("label number {} is {}, and was {}; there are {}, and were {}", there + 1, shown(now),
                     shown(before), now.names.size(), before.names.size());
}

ServedModel::ServedModel(NativeModel model, std::string name)
    : model_(std::move(model)), name_(std::move(name)), description_(described(model_, name_)) {}

std::shared_ptr<const ServedModel> ServedModel::open(const std::filesystem::path& path,
                                                     const std::string& name) {
  try {
    return std::make_shared<const ServedModel>(open_native_model(path), name);
  } catch (const NotNative& other) {
    throw ArtifactError(
        fmt::format("'{}' cannot be served: that is done without LibTorch, and {}; export the run again with "
                    "this program, or serve the file with a server that has LibTorch (docs/artifact.md)",
                    path.string(), other.reason));
  }
}

std::string ServedModel::hash() const { return hash_in_words(model_.content_hash); }

std::vector<float> ServedModel::logits(std::span<const std::string> texts, size_t max_text_tokens,
                                       const std::atomic<bool>& cancelled) const {
  const size_t width = num_outputs();
  std::vector<float> logits(texts.size() * width);
  LentStates<NativeModel::State>::Loan loan(states_);
  for (size_t i = 0; i < texts.size(); ++i) {
    if (cancelled.load(std::memory_order_relaxed)) throw RequestFault{503, "the server is stopping"};
    NativeModel::State& state = loan.state();
    state.ids.clear();
    model_.vectorizer.append_ids(texts[i], state.buffers, state.ids);
    if (state.ids.size() > max_text_tokens && !model_.network.is_pooled())
      throw RequestFault{413, fmt::format("text number {} of the request has {} tokens; this server takes {} "
                                          "with this model: send it in parts, or start the server with a "
                                          "higher --max-text-tokens",
                                          i + 1, state.ids.size(), max_text_tokens)};
    model_.logits(state.ids, state, std::span(logits).subspan(i * width, width));
  }
  return logits;
}

}  // namespace bernoulli::serve
