#include "cli/predict.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/verb.h"
#include "core/error.h"
#include "core/log.h"
#include "core/stop.h"
#include "infer/classifier.h"
#include "infer/native_model.h"
#include "infer/record.h"
#include "infer/text_source.h"

namespace bernoulli::cli {
namespace {

namespace po = boost::program_options;

constexpr size_t kBatch = 512;

RecordFormat parse_format(const std::string& word) {
  if (word == "jsonl") return RecordFormat::kJsonl;
  if (word == "tsv") return RecordFormat::kTsv;
  throw UsageError(fmt::format("--format is '{}'; it may be jsonl or tsv", word));
}

TextFormat input_format(const po::variables_map& values, const std::string& file) {
  const std::string word = values.contains("input") ? values["input"].as<std::string>() : "";
  if (word != "" && word != "lines" && word != "jsonl")
    throw UsageError(fmt::format("--input is '{}'; it may be lines or jsonl", word));
  const TextFormat format = word == "lines"   ? TextFormat::kLines
                            : word == "jsonl" ? TextFormat::kJsonl
                                              : text_format_of(file);
  if (format == TextFormat::kLines && values.contains("text-column"))
    throw UsageError("--text-column names a key of JSONL, and the texts are lines; say --input jsonl");
  return format;
}

/// {"base": ..., "tokens": [[token, share], ...]}; a share is a number for binary, a list in label order for
/// multi-label.
void add_explanation(nlohmann::ordered_json& record, Classifier& classifier, const std::string& text) {
  const Explanation explanation = classifier.explain(text);
  const size_t width = explanation.base.size();
  const auto numbers = [&](const double* begin) {
    return width == 1 ? nlohmann::ordered_json(*begin)
                      : nlohmann::ordered_json(std::vector<double>(begin, begin + width));
  };
  record["base"] = numbers(explanation.base.data());
  record["tokens"] = nlohmann::ordered_json::array();
  for (size_t i = 0; i < explanation.tokens.size(); ++i) {
    record["tokens"].push_back(nlohmann::ordered_json::array(
        {explanation.tokens[i], numbers(explanation.shares.data() + i * width)}));
  }
}

/// One record a text, in order. A source that waits (a terminal, a pipe) gets its answers as soon as a batch
/// or a pause allows.
void predict_all(Classifier& classifier, TextSource& source, RecordFormat format, bool explain) {
  std::vector<std::string> texts;
  while (source.next_batch(texts, kBatch)) {
    throw_if_stopped();
    const std::vector<float> logits = classifier.logits(texts);
    const auto width = static_cast<size_t>(classifier.labels().num_outputs());
    std::string out;
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::span<const float> row(logits.data() + i * width, width);
      nlohmann::ordered_json record = prediction_record(classifier, row);
      if (explain) add_explanation(record, classifier, texts[i]);
      out += format_record(record, format);
    }
    print(out);
  }
}

/// The native path where it takes the model and nothing else was asked for; else LibTorch. Says which.
std::unique_ptr<Classifier> open_model(const std::vector<std::string>& words, const std::string& path,
                                       const std::string& engine, const std::string& device) {
  if (engine != "auto" && engine != "native" && engine != "torchscript")
    throw UsageError(fmt::format("--engine is '{}'; it may be auto, native or torchscript", engine));
  if (engine == "native" && device != "cpu")
    throw UsageError(fmt::format("--engine native runs on the CPU; --device is '{}'", device));
  if (engine == "torchscript") return open_with_libtorch("predict", words, path, device, "as asked for");
  if (device != "cpu")
    return open_with_libtorch("predict", words, path, device, fmt::format("--device {}", device));
  try {
    auto classifier = open_native_classifier(path);
    log_info("engine: native");
    return classifier;
  } catch (const NotNative& other) {
    if (engine == "native")
      throw ArtifactError(fmt::format("'{}' does not run natively: {}", path, other.reason));
    return open_with_libtorch("predict", words, path, device, other.reason);
  }
}

}  // namespace

int run_predict(const std::vector<std::string>& words) {
  po::options_description options("options");
  options.add_options()("text", po::value<std::vector<std::string>>()->composing()->value_name("S"),
                        "classify this text; repeats")(
      "format", po::value<std::string>()->default_value("jsonl")->value_name("F"),
      "of the answers: jsonl or tsv")(
      "input", po::value<std::string>()->value_name("F"),
      "of the texts: lines or jsonl; default: jsonl where FILE ends in .jsonl or .ndjson, else lines")(
      "text-column", po::value<std::string>()->value_name("NAME"),
      "of the text in JSONL; default: data.columns.text of the model")(
      "explain", "add each token's share of the logit, where the model is linear in its tokens")(
      "engine", po::value<std::string>()->default_value("auto")->value_name("E"),
      "auto, native (without LibTorch; embedding, pool and a head of linear layers and activations) or "
      "torchscript")("device", po::value<std::string>()->default_value("cpu")->value_name("D"),
                     "auto, cpu, cuda or cuda:N");
  const Usage usage{"predict RUN|FILE.pt [FILE|-] [options]",
                    "One text a line in, or JSONL; one record a line out, in order.\n"
                    "An empty line is an empty text and gets its answer; in JSONL blank lines are skipped.",
                    "  bernoulli predict runs/quickstart-1 --text 'a wonderful little film'\n"
                    "  cat reviews.txt | bernoulli predict runs/quickstart-1/model.pt - > answers.jsonl\n",
                    "model", 2};
  const auto values = parse_words(usage, options, words);
  if (!values) return 0;
  if (!values->contains("model"))
    throw UsageError(
        fmt::format("name a run folder or an exported file; usage: bernoulli {}", usage.synopsis));
  const auto& positional = (*values)["model"].as<std::vector<std::string>>();
  const RecordFormat format = parse_format((*values)["format"].as<std::string>());
  const bool has_texts = values->contains("text");
  if (values->contains("explain") && format == RecordFormat::kTsv)
    throw UsageError("--explain needs --format jsonl: its answer has no fixed columns");
  if (has_texts && positional.size() > 1) throw UsageError("give texts with --text or a FILE, not both");
  if (has_texts && (values->contains("input") || values->contains("text-column")))
    throw UsageError("--input and --text-column say how a FILE is read, and the texts come from --text");
  const auto classifier = open_model(words, positional.front(), (*values)["engine"].as<std::string>(),
                                     (*values)["device"].as<std::string>());
  const std::string file = positional.size() > 1 ? positional[1] : "-";
  const std::string text_column = values->contains("text-column") ? (*values)["text-column"].as<std::string>()
                                                                  : classifier->config().data.columns.text;
  const auto source = has_texts ? texts_from_list((*values)["text"].as<std::vector<std::string>>())
                                : texts_from_file(file, input_format(*values, file), text_column);
  if (format == RecordFormat::kTsv) print(tsv_header(*classifier));
  predict_all(*classifier, *source, format, values->contains("explain"));
  return 0;
}

}  // namespace bernoulli::cli
