// The native path against LibTorch, on runs and exported files.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "core/error.h"
#include "core/file.h"
#include "export/torchscript.h"
#include "infer/native_model.h"
#include "infer/self_test.h"
#include "infer/text_classifier.h"
#include "layers/layer_kind.h"
#include "metrics/decision.h"
#include "predict/open_classifier.h"
#include "predict/run_on_disk.h"
#include "store/seal.h"
#include "store/zip_reader.h"
#include "support/reviews.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::RunOnDisk;

constexpr const char* kSmall = "[{embedding: 4}, mean_pool, {linear: 1}]";

fs::path exported(RunOnDisk& run, const LogitScaling& scaling = {}) {
  const auto outputs = static_cast<size_t>(run.labels().num_outputs());
  return run.folder().write("model.pt", serialize_artifact({run.vectorizer(),
                                                            run.model().module(),
                                                            run.model().plan(),
                                                            std::vector<double>(outputs, 0.25),
                                                            to_json(run.labels()),
                                                            run.config().resolved_yaml,
                                                            {2.0},
                                                            scaling}));
}

std::string why_not(const fs::path& path) {
  try {
    open_native_model(path);
  } catch (const NotNative& other) {
    return other.reason;
  } catch (const ArtifactError& error) {
    return std::string("damaged: ") + error.what();
  }
  return "native";
}

/// @param longest in words. A sum of random rows in float32, as LibTorch has it, loses more digits than 1e-6
/// leaves once it is long.
std::vector<std::string> sample_texts(int longest = 400) {
  std::vector<std::string> texts = {"good", "bad so", "", "never seen", "so so so good", "\xff\xfe good \n"};
  for (int words = 1; words < longest; words = words * 3 + 1) {
    std::string text;
    for (int i = 0; i < words; ++i) text += i % 3 == 0 ? "good " : i % 5 == 0 ? "other " : "bad ";
    texts.push_back(text);
  }
  return texts;
}

/// Probabilities within 1e-6, and the decisions of both at their thresholds alike.
void expect_same_answers(Classifier& native, Classifier& libtorch, const std::vector<std::string>& texts) {
  const std::vector<float> ours = native.logits(texts), theirs = libtorch.logits(texts);
  ASSERT_EQ(ours.size(), theirs.size());
  EXPECT_EQ(native.rule(), libtorch.rule());
  EXPECT_EQ(native.labels().names, libtorch.labels().names);
  EXPECT_EQ(native.pos_weight(), libtorch.pos_weight());
  for (size_t i = 0; i < ours.size(); ++i) {
    ASSERT_NEAR(probability(ours[i]), probability(theirs[i]), 1e-6) << i;
    ASSERT_NEAR(ours[i], theirs[i], 4e-6 * (1 + std::abs(theirs[i]))) << i;
  }
  const size_t width = ours.size() / std::max<size_t>(1, texts.size());
  for (size_t i = 0; i < ours.size(); i += width) {
    const Decisions by_us(native.rule(), std::span(ours).subspan(i, width));
    const Decisions by_them(native.rule(), std::span(theirs).subspan(i, width));
    for (size_t label = 0; label < width; ++label) ASSERT_EQ(by_us[label], by_them[label]) << i;
  }
}

TEST(NativeModel, AnswersLikeLibTorchFromRunsAndFiles) {
  const Labels three{TaskConfig::Kind::kMultiLabel, {"a", "b", "c"}};
  const std::string fixed = "vocabulary: {}, sequence_length: 6";
  const struct {
    const char* layers;
    std::string text;
    Labels labels;
  } cases[] = {
      {kSmall, "vocabulary: {}", RunOnDisk::binary_labels()},
      {"[{embedding: 4}, {dropout: 0.5}, {mean_pool: {padding: include}}, {dropout: 0.2}, {linear: 1}]",
       fixed, RunOnDisk::binary_labels()},
      {"[{embedding: 20}, {sum_pool: {padding: include}}, {linear: 3}]", fixed, three},
      {"[{embedding: 3}, {spatial_dropout: 0.5}, sum_pool, {linear: 17}, tanh, {linear: 3}]", fixed, three},
      {"[{embedding_bag: 5}, {linear: 40}, relu, {dropout: 0.5}, {linear: {units: 9, bias: false}}, gelu, "
       "{linear: 1}]",
       "hashing: 50, ngrams: 2", RunOnDisk::binary_labels()},
      {"[{embedding_bag: {dim: 16, mode: sum}}, {linear: 3}]", "hashing: 50", three},
      {"[{embedding: 8}, mean_pool, layer_norm, {linear: 6}, {leaky_relu: 0.1}, silu, {gelu: tanh}, sigmoid, "
       "{linear: 1}]",
       "vocabulary: {}", RunOnDisk::binary_labels()},
      {"[{embedding: 5}, {word_dropout: 0.1}, {conv1d: {channels: 19, kernel_size: 3}}, relu, max_pool, "
       "{linear: 3}]",
       "vocabulary: {}", three},
      {"[{embedding: 5}, {conv1d: {channels: 3, kernel_size: 2, dilation: 2, bias: false}}, tanh, {conv1d: "
       "{channels: 33, kernel_size: 4, padding: include}}, {max_pool: {padding: include}}, {linear: 1}]",
       fixed, RunOnDisk::binary_labels()},
      {"[{embedding: 6}, {linear: 20}, layer_norm, {lstm: {units: 17, bidirectional: true}}, "
       "{attention_pool: 5}, "
       "{linear: 3}]",
       "vocabulary: {}", three},
      {"[{embedding: 6}, {gru: {units: 4, bidirectional: true}}, {lstm: {units: 16, bidirectional: true, "
       "output: "
       "last}}, {linear: 1}]",
       "vocabulary: {}", RunOnDisk::binary_labels()},
      {"[{embedding: 6}, {gru: {units: 33, output: last}}, batch_norm, {linear: 1}]", fixed,
       RunOnDisk::binary_labels()},
      {"[{embedding: 6}, {lstm: 4}, {mean_pool: {padding: include}}, {linear: 1}]", fixed,
       RunOnDisk::binary_labels()},
      {"[{embedding_bag: {dim: 16, mode: max}}, {linear: 3}]", "hashing: 50", three},
      {"[{embedding_bag: 5}, batch_norm, {linear: 1}]", "vocabulary: {}", RunOnDisk::binary_labels()},
      {"[{embedding: 5}, {parallel: [[{conv1d: {channels: 19, kernel_size: 3}}, relu, max_pool], [{dropout: "
       "0.5}, {conv1d: {channels: 7, kernel_size: 4}}, relu, max_pool], [mean_pool]]}, {dropout: 0.5}, "
       "{linear: 3}]",
       "vocabulary: {}", three},
      {"[{embedding: 6}, {parallel: {join: sum, branches: [[], [{conv1d: {channels: 6, kernel_size: 3}}, "
       "tanh], "
       "[{dropout: 0.1}]]}}, {parallel: [[{lstm: {units: 3, output: last}}], [{parallel: [[{linear: 17}], "
       "[]]}, "
       "{max_pool: {padding: include}}], [{attention_pool: 2}]]}, {linear: 1}]",
       fixed, RunOnDisk::binary_labels()},
      {"[{embedding_bag: 5}, {parallel: [[], [{linear: 20}, gelu]]}, {parallel: {join: sum, branches: "
       "[[{linear: "
       "3}], [{linear: 4}, relu, {linear: 3}]]}}]",
       "vocabulary: {}", three},
  };
  std::set<std::string> kinds;
  for (const auto& one : cases) {
    SCOPED_TRACE(one.layers);
    RunOnDisk run(one.layers, one.text, one.labels);
    const fs::path folder = run.folder().path();
    const auto of_run = open_native_classifier(folder);
    const std::vector<std::string> texts =
        sample_texts(std::string(one.layers).find("sum") == std::string::npos ? 400 : 20);
    expect_same_answers(*of_run, *open_classifier(folder, c10::kCPU), texts);
    const fs::path file = exported(run);
    ASSERT_EQ(why_not(file), "native");
    const auto of_file = open_native_classifier(file);
    expect_same_answers(*of_file, *open_classifier(file, c10::kCPU), texts);
    EXPECT_EQ(of_file->logits(texts), of_run->logits(texts));
    const NativeModel model = open_native_model(file);
    for (const layers::NamedLayer* layer : model.plan.all_layers()) kinds.insert(layer->kind);
  }
  for (const layers::LayerKind& kind : layers::layer_kinds())
    EXPECT_TRUE(kinds.contains(kind.schema.name)) << kind.schema.name << " was not tried";
}

/// Two columns of large numbers, of which the logit is the difference.
TEST(NativeModel, OpensFilesWhoseLogitsAreSmallDifferencesOfLargeSums) {
  RunOnDisk run("[{embedding_bag: {dim: 2, mode: sum}}, {linear: {units: 1, bias: false}}]");
  for (const auto& [name, tensor] : run.model().parameters()) {
    at::Tensor values = tensor.detach();
    if (name == "linear_1.weight") {
      values[0][0] = 1;
      values[0][1] = -1;
      continue;
    }
    for (int64_t id = 0; id < values.size(0); ++id)
      for (int64_t i = 0; i < 2; ++i)
        values[id][i] =
            1000.1 + 0.37 * static_cast<double>(id * id) + (i == 0 ? 0 : 1e-3 * static_cast<double>(id % 2));
  }
  run.save(7, nlohmann::ordered_json::object());
  const fs::path file = exported(run);
  std::string text;
  for (int i = 0; i < 150; ++i) text += "good bad ";
  const auto probability_by = [&](Classifier& by) { return double{probability(by.logits({text}).front())}; };
  const auto libtorch = open_classifier(file, c10::kCPU),
             native = open_native_classifier(run.folder().path());
  ASSERT_GT(std::abs(probability_by(*native) - probability_by(*libtorch)), self_test_tolerance(text, 0))
      << "rounding shows more than in models whose sums do not cancel";
  EXPECT_EQ(why_not(file), "native");
}

/// Their layers work on 1024 tokens at once: what is left of a part decides what a few tokens behind it give.
TEST(NativeModel, AnswersLikeLibTorchWhereALongTextEndsShortlyBehindAPart) {
  std::vector<std::string> texts;
  for (const int words : {1023, 1024, 1025, 1027, 2050}) {
    std::string text;
    for (int i = 0; i < words; ++i) text += i % 3 == 0 ? "good " : i % 5 == 0 ? "other " : "bad ";
    texts.push_back(text);
  }
  for (const char* const layers :
       {"[{embedding: 6}, {lstm: {units: 5, output: last}}, {linear: 1}]",
        "[{embedding: 6}, {gru: {units: 17, bidirectional: true, output: last}}, {linear: 1}]",
        "[{embedding: 6}, {lstm: {units: 5, bidirectional: true}}, {gru: {units: 4, output: last}}, "
        "{linear: 1}]",
        "[{embedding: 6}, {conv1d: {channels: 5, kernel_size: 4, dilation: 2}}, {lstm: {units: 5, output: "
        "last}}, {linear: 1}]",
        "[{embedding: 6}, {attention_pool: 3}, {linear: 1}]"}) {
    SCOPED_TRACE(layers);
    RunOnDisk run(layers);
    const fs::path folder = run.folder().path();
    expect_same_answers(*open_native_classifier(folder), *open_classifier(folder, c10::kCPU), texts);
  }
}

TEST(NativeModel, ExplainsExportedFilesTooLikeTheRun) {
  RunOnDisk run(kSmall);
  const Explanation expected = open_classifier(run.folder().path(), c10::kCPU)->explain("so what good");
  const Explanation found = open_native_classifier(exported(run))->explain("so what good");
  EXPECT_EQ(found.tokens, expected.tokens);
  ASSERT_EQ(found.shares.size(), expected.shares.size());
  for (size_t i = 0; i < found.shares.size(); ++i) EXPECT_NEAR(found.shares[i], expected.shares[i], 1e-6);
  EXPECT_NEAR(found.base[0], expected.base[0], 1e-6);
}

TEST(NativeModel, KeepsTokensWithALineEnd) {
  RunOnDisk run(kSmall, "vocabulary: {}", RunOnDisk::binary_labels(), {"good", "line\nend", "\n", "\xff"});
  const NativeModel model = open_native_model(exported(run));
  EXPECT_EQ(model.vectorizer.vocabulary()->tokens(), run.vectorizer().vocabulary()->tokens());
  EXPECT_NO_THROW(open_classifier(run.folder() / "model.pt", c10::kCPU)) << "the script's own self-test";
}

std::string resealed(std::string file) {
  file.resize(file.size() - 51);
  file[file.size() - 2] = '\0';
  return seal_zip(std::move(file));
}

/// The file with `from` replaced by the equally long `to` inside an entry, whose CRC-32 fits again, and
/// sealed anew: what a careful editor would do.
std::string edited(std::string file, const std::string& entry_name, const std::string& from,
                   const std::string& to) {
  const ZipReader zip(file, "model.pt");
  const ZipReader::Entry entry = *zip.find("archive/extra/" + entry_name);
  const std::string_view content = zip.content(entry);
  const auto begin = static_cast<size_t>(content.data() - file.data());
  const size_t at = content.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  file.replace(begin + at, to.size(), to);
  const uLong crc = ::crc32_z(0, reinterpret_cast<const Bytef*>(file.data()) + begin, entry.size_bytes);
  const size_t directory_name = file.rfind("archive/extra/" + entry_name);
  for (size_t i = 0; i < 4; ++i) file[directory_name - 30 + i] = static_cast<char>((crc >> (8 * i)) & 0xff);
  return resealed(std::move(file));
}

TEST(NativeModel, LeavesWhatItCannotVouchForToLibTorch) {
  RunOnDisk run(kSmall);
  const std::string file = read_file(exported(run));
  const auto reason = [&](const std::string& bytes) {
    return why_not(run.folder().write("edited.pt", bytes));
  };
  ASSERT_EQ(reason(edited(file, "labels.json", "good", "GOOD")), "native") << "the editor works";
  std::string unlisted = file;
  for (size_t at = 0; (at = unlisted.find("native.json", at)) != std::string::npos;) unlisted[at] = 'N';
  EXPECT_THAT(reason(resealed(unlisted)), HasSubstr("does not list its weights"));
  EXPECT_THAT(reason(edited(file, "self_test.json", R"("probabilities":[[0.)", R"("probabilities":[[9.)")),
              HasSubstr("the self-test does not hold on the native path: text 0 has probability "));
  EXPECT_THAT(reason(edited(file, "native.json", R"({"format":1)", R"({"format":2)")), HasSubstr("format 2"));
  EXPECT_THAT(reason(edited(file, "native.json", R"("xxh3":")", R"("xxh4":")")),
              HasSubstr("'xxh3' not found"));
  EXPECT_THAT(reason(edited(file, "native.json", R"("shape":[5,4])", R"("shape":[4,5])")),
              HasSubstr("has shape [4, 5]"));
  EXPECT_THAT(reason(edited(file, "metadata.json", run.vectorizer().ids_fingerprint(), "ffffffffffffffff")),
              HasSubstr("vocabulary is not the one that its metadata names"));
  std::string flipped = file;
  flipped[flipped.find("\"texts\":")] ^= 1;
  EXPECT_THAT(reason(resealed(flipped)), HasSubstr("is damaged (CRC-32)"));
}

TEST(NativeModel, RefusesEveryFlippedByteAndEveryCut) {
  RunOnDisk run(kSmall);
  const std::string file = read_file(exported(run));
  for (size_t i = 0; i < file.size(); i += 97) {
    std::string damaged = file;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    ASSERT_THAT(why_not(run.folder().write("damaged.pt", damaged)), HasSubstr("damaged: ")) << i;
    ASSERT_THAT(why_not(run.folder().write("damaged.pt", file.substr(0, i))), HasSubstr("damaged: ")) << i;
  }
  const fs::path checkpoint = CheckpointFolder(run.paths().checkpoints()).path_of(7);
  const std::string saved = read_file(checkpoint);
  for (size_t i = 0; i < saved.size(); i += 7) {
    std::string damaged = saved;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    run.folder().write("checkpoints/" + checkpoint.filename().string(), damaged);
    ASSERT_THAT(why_not(run.folder().path()), HasSubstr("damaged: ")) << i;
  }
}

TEST(NativeModel, AnswersTheSameBitsOnAnyNumberOfThreads) {
  for (const char* layers :
       {kSmall, "[{embedding: 8}, {conv1d: {channels: 8, kernel_size: 3}}, max_pool, {linear: 1}]",
        "[{embedding: 8}, {lstm: {units: 4, bidirectional: true}}, {attention_pool: {units: 4}}, {linear: "
        "1}]"}) {
    const RunOnDisk run(layers, "vocabulary: {}");
    std::vector<std::string> texts;
    while (texts.size() < 500) {
      for (const std::string& text : sample_texts()) texts.push_back(text);
    }
    const std::vector<float> one = open_native_classifier(run.folder().path())->logits(texts);
    for (const int threads : {2, 7}) {
      const auto shared = open_native_classifier(run.folder().path(), threads);
      EXPECT_EQ(shared->threads(), threads);
      for (int again = 0; again < 3; ++again) EXPECT_EQ(shared->logits(texts), one) << layers;
    }
  }
}

TEST(NativeModel, ScalesLogitsAsLibTorchDoes) {
  for (const auto& [layers, labels] :
       {std::pair{kSmall, RunOnDisk::binary_labels()},
        std::pair{"[{embedding: 8}, mean_pool, {linear: 5}, relu, {linear: 3}]",
                  Labels{TaskConfig::Kind::kMultiLabel, {"a", "b", "c"}}}}) {
    RunOnDisk run(layers, "vocabulary: {}", labels);
    const auto outputs = static_cast<size_t>(labels.num_outputs());
    const std::vector<std::string> texts = sample_texts();
    const std::vector<float> plain = open_native_classifier(run.folder().path())->logits(texts);
    LogitScaling used{{1.75, 0.5, 3}, {0.3, -2, 7}};
    used.temperatures.resize(outputs);
    used.shifts.resize(outputs);
    run.finish(std::vector<double>(outputs, 0.25), used);
    const fs::path file = exported(run, used);
    for (const fs::path& path : {run.folder().path(), file}) {
      const auto native = open_native_classifier(path);
      EXPECT_EQ(native->scaling(), used);
      const std::vector<float> native_logits = native->logits(texts);
      const std::vector<float> torch_logits = open_classifier(path, c10::kCPU)->logits(texts);
      ASSERT_EQ(native_logits.size(), plain.size());
      for (size_t i = 0; i < plain.size(); ++i) {
        const float divided = plain[i] / static_cast<float>(used.temperatures[i % outputs]);
        EXPECT_EQ(native_logits[i], divided + static_cast<float>(used.shifts[i % outputs])) << path << i;
        EXPECT_NEAR(torch_logits[i], native_logits[i], 1e-5) << path << i;
      }
    }
  }
}

TEST(NativeModel, ExplainsTheLogitThatWasScaled) {
  RunOnDisk run(kSmall);
  run.finish({0.25}, {{1.75}, {-0.5}});
  const std::string text = "good bad so";
  for (const auto& classifier :
       {open_native_classifier(run.folder().path()), open_classifier(run.folder().path(), c10::kCPU)}) {
    const Explanation explanation = classifier->explain(text);
    double sum = explanation.base[0];
    for (const double share : explanation.shares) sum += share;
    EXPECT_NEAR(sum, classifier->logits({text})[0], 1e-6);
  }
}

TEST(NativeModel, GivesTokensTheScoresThatItExplainsThemWith) {
  RunOnDisk run(kSmall);
  run.finish({0.25}, {{1.75}, {-0.5}});
  const auto classifier = open_native_classifier(run.folder().path());
  const auto tokens = classifier->deciding_tokens(nullptr);
  ASSERT_TRUE(tokens);
  ASSERT_EQ(tokens->labels.size(), 1u);
  EXPECT_TRUE(tokens->divided);
  size_t count = 0;
  for (const auto& list : {tokens->labels[0].largest, tokens->labels[0].smallest}) {
    for (const TokenScore& token : list) {
      EXPECT_EQ(token.score, classifier->explain(token.token).shares.at(0)) << token.token;
      ++count;
    }
  }
  EXPECT_EQ(count, 3u);
}

TEST(TextClassifier, AnswersFromManyThreadsAtOnce) {
  RunOnDisk run("[{embedding: 8}, mean_pool, {linear: 5}, relu, {linear: 1}]");
  const TextClassifier classifier = TextClassifier::open(exported(run).string());
  EXPECT_EQ(classifier.labels(), (std::vector<std::string>{"bad", "good"}));
  EXPECT_EQ(classifier.thresholds(), std::vector<double>{0.25});
  const std::vector<std::string> texts = sample_texts();
  const std::vector<float> expected = open_native_classifier(run.folder().path())->logits(texts);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int& count : wrong) {
    threads.emplace_back([&] {
      TextClassifier::State state;
      for (int round = 0; round < 50; ++round) {
        for (size_t i = 0; i < texts.size(); ++i) {
          float logit = 0, chance = 0;
          classifier.logits(texts[i], state, {&logit, 1});
          classifier.probabilities(texts[i], state, {&chance, 1});
          count += logit != expected[i] || chance != probability(expected[i]);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
  TextClassifier::State state;
  std::vector<float> two(2);
  EXPECT_THROW(classifier.logits("good", state, two), UsageError);
}

TEST(NativeModel, DecidesOnRealReviewsLikeLibTorch) {
  const auto folder = testing::reviews();
  if (!folder) GTEST_SKIP() << testing::kNoReviews;
  const std::vector<std::string> reviews = testing::review_texts(*folder, 1000);
  TextConfig text;
  text.max_tokens = 10000;
  RunOnDisk run(
      "[{embedding: 16}, {dropout: 0.2}, {mean_pool: {padding: include}}, {dropout: 0.2}, {linear: 1}]",
      "vocabulary: {max_tokens: 10000}, sequence_length: 250", RunOnDisk::binary_labels(),
      learn_vocabulary(text, reviews).tokens());
  run.finish({0.5});
  expect_same_answers(*open_native_classifier(run.folder().path()),
                      *open_classifier(run.folder().path(), c10::kCPU), reviews);
}

}  // namespace
}  // namespace bernoulli
