// Token files and the cache of them: what comes back, what is refused, what is noticed, and who may fail.

#include "data/token_cache.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "data/data_fixture.h"
#include "data/token_file.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::message_of;
using testing::TemporaryFolder;

/// Every example of a data set in words, so that two can be compared.
std::string described(const EncodedDataset& data) {
  std::string text = fmt::format("labels {}\n", data.num_labels);
  std::vector<int32_t> room;
  for (int64_t i = 0; i < data.size(); ++i) {
    const auto targets =
        std::span(data.targets)
            .subspan(static_cast<size_t>(i * data.num_labels), static_cast<size_t>(data.num_labels));
    room.resize(static_cast<size_t>(data.rows.row_size(i)));
    text += fmt::format("{} weight {} targets {} ids {}\n", data.origins[i], data.weight(i),
                        fmt::join(targets, " "), fmt::join(data.rows.row(i, room.data()), " "));
  }
  return text;
}

std::string described(const TokenizedData& data) {
  std::string text =
      fmt::format("ids {} names {} vocabulary {} train {}", data.num_ids, fmt::join(data.labels.names, " "),
                  data.vocabulary_text, described(data.train));
  if (data.validation) text += fmt::format("validation {}", described(*data.validation));
  if (data.test) text += fmt::format("test {}", described(*data.test));
  text += fmt::format(
      "absent {} fingerprint {} audit {} reference {}", data.test_absent_reason, data.fingerprint,
      data.audit.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace), data.reference_split);
  for (int64_t i = 0; i < data.reference_texts.size(); ++i)
    text += fmt::format("[{}]", data.reference_texts[i]);
  return text;
}

/// Hand-made data: one text a row, a label each.
TokenizedData small_data(int64_t num_ids, const std::vector<std::vector<int32_t>>& rows) {
  TokenizedData data;
  data.labels = {TaskConfig::Kind::kBinary, {"bad", "g\xff od"}};
  data.num_ids = num_ids;
  data.vocabulary_text = "film\nfine\n";
  TokenRows tokens;
  std::vector<std::string> texts, origins;
  for (const std::vector<int32_t>& row : rows) {
    tokens.ids.insert(tokens.ids.end(), row.begin(), row.end());
    tokens.end_row();
    texts.push_back(fmt::format("text\n{}", texts.size()));
    origins.push_back(fmt::format("t.csv:{}", origins.size() + 2));
    data.train.targets.push_back(origins.size() % 2 == 0 ? 1.0f : 0.0f);
  }
  data.train.rows = std::move(tokens);
  data.train.origins = std::move(origins);
  data.reference_texts = std::move(texts);
  data.reference_split = "training";
  data.audit = {{"train", {{"rate", 0.1}, {"count", 3}}}};
  data.fingerprint = "f";
  return data;
}

class TokenFile : public ::testing::Test {
 protected:
  std::string refusal() const {
    return message_of<ArtifactError>([&] { open_token_file(folder_ / "f", "identity"); });
  }
  TemporaryFolder folder_;
};

TEST_F(TokenFile, GivesBackWhatWasWrittenInSixteenBitsWhereTheyAreEnough) {
  const TokenizedData narrow = small_data(65536, {{65535, 0, 2}, {}, {1}});
  const TokenizedData wide = small_data(65537, {{65536, 0, 2}, {}, {1}});
  const int64_t narrow_bytes = write_token_file(folder_ / "narrow", "a", narrow);
  write_token_file(folder_ / "wide", "b", wide);
  EXPECT_EQ(described(open_token_file(folder_ / "narrow", "a")), described(narrow));
  EXPECT_EQ(described(open_token_file(folder_ / "wide", "b")), described(wide));
  EXPECT_EQ(narrow_bytes, static_cast<int64_t>(fs::file_size(folder_ / "narrow")));
  const std::string bytes = folder_.read("narrow");
  const std::string ids("\xff\xff\0\0\2\0\1\0", 8);  // the first section begins behind the header of 64 bytes
  EXPECT_EQ(bytes.substr(64, ids.size()), ids);
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "narrow").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(TokenFile, IsStaleForAnotherIdentity) {
  write_token_file(folder_ / "f", "of before", small_data(9, {{1}}));
  EXPECT_THROW(open_token_file(folder_ / "f", "of now"), StaleTokenFile);
}

TEST_F(TokenFile, RefusesEverySingleBitFlip) {
  write_token_file(folder_ / "f", "identity", small_data(9, {{1, 8, 2}, {}, {3}}));
  const std::string bytes = folder_.read("f");
  std::fstream file(folder_ / "f", std::ios::in | std::ios::out | std::ios::binary);
  const auto put = [&](size_t at, char byte) {
    file.seekp(static_cast<std::streamoff>(at)).put(byte).flush();
  };
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const char byte = bytes[bit / 8];
    put(bit / 8, static_cast<char>(byte ^ (1 << bit % 8)));
    ASSERT_THAT(refusal(), HasSubstr("f' is damaged: ")) << "bit " << bit;
    put(bit / 8, byte);
  }
  EXPECT_EQ(open_token_file(folder_ / "f", "identity").train.size(), 3);
}

TEST_F(TokenFile, RefusesEveryOtherLength) {
  write_token_file(folder_ / "f", "identity", small_data(9, {{1, 8, 2}, {}, {3}}));
  const auto size = fs::file_size(folder_ / "f");
  fs::resize_file(folder_ / "f", size + 1);
  EXPECT_THAT(refusal(), HasSubstr("bytes, and was written with"));
  for (auto cut = size; cut-- > 0;) {
    fs::resize_file(folder_ / "f", cut);
    ASSERT_THAT(refusal(), HasSubstr("f' is damaged: ")) << "cut to " << cut;
  }
  EXPECT_THAT(message_of<IoError>([&] { open_token_file(folder_.path(), "identity"); }),
              HasSubstr("not a file"));
}

TEST_F(TokenFile, RefusesIdsThatNoEmbeddingHas) {
  write_token_file(folder_ / "f", "identity", small_data(8, {{1, 8, 2}}));
  EXPECT_THAT(refusal(), HasSubstr("an id of train is 8"));
}

constexpr const char* kCsv =
    "text,label,heft\nfine film,good,1\ndull film,bad,2\n\xff fine,good,0.5\n,bad,1\nfine "
    "fine,good,1\nno,bad,1\n";

/// A data set, its configuration and a cache beside it.
class Cache : public ::testing::Test {
 protected:
  Cache() {
    folder_.write("data.csv", kCsv);
    config_.data.root = folder_.path().string();
    config_.data.train.paths = {"data.csv"};
    config_.data.validation.split = SplitConfig{"random", 0.34, 1};
    config_.data.columns.weight = "heft";
    config_.data.cache.folder = "cache";
    config_.data.cache.check_contents = true;
    config_.task.positive = "good";
  }
  /// What the log says meanwhile goes to log_.
  TokenizedData data(std::optional<Vocabulary> vocabulary = std::nullopt) {
    ::testing::internal::CaptureStderr();
    TokenizedData data = tokenized_data(config_, std::move(vocabulary), 2);
    log_ = ::testing::internal::GetCapturedStderr();
    return data;
  }
  fs::path file() const { return TokenCache(config_, 1).file(); }
  int64_t num_files() const {
    return std::distance(fs::directory_iterator(folder_ / "cache"), fs::directory_iterator());
  }
  /// Long enough for the file system's clock to have ticked.
  static void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(120)); }
  void expect_cold_and_cached_alike() {
    const std::string cold = described(data());
    EXPECT_THAT(log_, HasSubstr("token cache: wrote '" + file().string()));
    const std::string cached = described(data());
    EXPECT_THAT(log_, HasSubstr("texts from '" + file().string()));
    EXPECT_EQ(cached, cold);
    config_.data.cache.folder = "off";
    EXPECT_EQ(described(data()), cold);
    EXPECT_THAT(log_, IsEmpty());
  }

  TemporaryFolder folder_;
  RunConfig config_;
  std::string log_;
};

TEST(ProgramIdentity, IsTheCommitOnlyWhereThatTellsAll) {
  EXPECT_EQ(program_identity("0123456789ab"), "0123456789ab");
  const std::string program = hash_hex(read_file("/proc/self/exe"));
  EXPECT_EQ(program_identity("0123456789ab-dirty"), program);
  EXPECT_EQ(program_identity("unknown"), program);
}

TEST_F(Cache, GivesTheSameAsTheSourcesForAWeightedSplitTable) { expect_cold_and_cached_alike(); }

TEST_F(Cache, GivesTheSameAsTheSourcesForClassFoldersWithATestSet) {
  for (const char* part : {"train", "test"}) {
    for (int i = 0; i < 70; ++i)
      folder_.write(fmt::format("{}/{}/{:02}.txt", part, i % 2 == 0 ? "good" : "bad", i),
                    fmt::format("{} film {}", part, i));
  }
  folder_.write("train/good/notes.md", "left out");
  config_.data.columns.weight.clear();
  config_.data.train.paths = {"train"};
  config_.data.validation.split->method = "keras";
  config_.data.test.source = SourceConfig{{"test"}, "auto", true};
  config_.data.cache.check_contents = false;
  settle();
  const std::string cold = described(data());
  EXPECT_THAT(cold, HasSubstr("reference test[test film 1]"));
  EXPECT_THAT(log_, HasSubstr("1 entries of class folders are hidden, or no .txt files"));
  EXPECT_EQ(described(data()), cold);
  EXPECT_THAT(log_, HasSubstr("1 entries of class folders are hidden, or no .txt files"));
  EXPECT_THAT(log_, HasSubstr("140 texts from"));
}

TEST_F(Cache, GivesTheSameAsTheSourcesForManyLabelsAndHashedIds) {
  folder_.write("data.csv", "text,label\na b,\"x,y\"\nb,y\nc,\n");
  config_.data.columns.weight.clear();
  config_.data.validation = {};
  config_.task = {TaskConfig::Kind::kMultiLabel, "", std::nullopt, {"y", "x"}};
  config_.text.hash_buckets = 1'000'000;
  config_.text.ngrams = {1, 2};
  expect_cold_and_cached_alike();
}

TEST_F(Cache, NoticesAChangedByteEvenWhereSizeAndTimeAreSetBack) {
  for (const bool contents : {false, true}) {
    config_.data.cache.check_contents = contents;
    folder_.write("data.csv", kCsv);
    settle();
    data();
    data();
    EXPECT_THAT(log_, HasSubstr("texts from")) << contents;

    const auto time = fs::last_write_time(folder_ / "data.csv");
    std::string csv = kCsv;
    csv[csv.find("dull")] = 'l';
    folder_.write("data.csv", csv);
    fs::last_write_time(folder_ / "data.csv", time);
    settle();
    EXPECT_THAT(data().vocabulary_text, HasSubstr("lull"));
    EXPECT_THAT(log_, HasSubstr("changed since")) << contents;
    EXPECT_THAT(log_, HasSubstr("wrote")) << contents;
  }
  EXPECT_EQ(num_files(), 2);  // the outdated ones were replaced
}

TEST_F(Cache, NoticesFilesThatComeGoAndAreRenamed) {
  for (const char* name : {"t/good/1.txt", "t/good/2.txt", "t/bad/1.txt", "t/bad/2.txt"})
    folder_.write(name, name);
  config_.data.train.paths = {"t"};
  config_.data.columns.weight.clear();
  data();
  folder_.write("t/bad/3.txt", "new");
  EXPECT_EQ(data().train.size() + data().validation->size(), 5);
  fs::remove(folder_ / "t/bad/1.txt");
  data();
  EXPECT_THAT(log_, HasSubstr("changed since"));
  fs::rename(folder_ / "t/good/1.txt", folder_ / "t/good/7.txt");
  data();
  EXPECT_THAT(log_, HasSubstr("changed since"));
  data();
  EXPECT_THAT(log_, HasSubstr("texts from"));
}

TEST_F(Cache, ComparingContentsItDoesNotMindNewTimes) {
  data();
  fs::last_write_time(folder_ / "data.csv", fs::file_time_type::clock::now());
  data();
  EXPECT_THAT(log_, HasSubstr("texts from"));
  config_.text.vocabulary_file = "words.txt";
  folder_.write("words.txt", "film\n");
  data();
  folder_.write("words.txt", "fine\n");
  EXPECT_EQ(data().vocabulary_text, "fine\n");
}

TEST_F(Cache, KeepsNothingOfAFileThatChangedJustNow) {
  config_.data.cache.check_contents = false;
  folder_.write("data.csv", kCsv);
  data();
  EXPECT_THAT(log_, HasSubstr("changed just now"));
  EXPECT_FALSE(fs::exists(folder_ / "cache"));
}

TEST_F(Cache, ADamagedFileIsReportedAndReplaced) {
  const std::string cold = described(data());
  std::string bytes = folder_.read(fs::relative(file(), folder_.path()).string());
  bytes[bytes.size() / 2] ^= 1;
  folder_.write(fs::relative(file(), folder_.path()).string(), bytes);
  EXPECT_EQ(described(data()), cold);
  EXPECT_THAT(log_,
              HasSubstr("warning: token cache: '" + file().string() + "' is damaged: its checksum differs"));
  EXPECT_THAT(log_, HasSubstr("wrote"));
  data();
  EXPECT_THAT(log_, HasSubstr("texts from"));
}

TEST_F(Cache, AResumedRunKeepsItsOwnVocabulary) {
  const TokenizedData learned = data();
  EXPECT_EQ(data(Vocabulary::parse(learned.vocabulary_text, "v")).vocabulary_text, learned.vocabulary_text);
  EXPECT_THAT(log_, HasSubstr("texts from"));
  EXPECT_EQ(data(Vocabulary({"dull"})).vocabulary_text, "dull\n");
  EXPECT_THAT(log_, HasSubstr("another vocabulary"));
  EXPECT_EQ(data().vocabulary_text, learned.vocabulary_text);
}

TEST_F(Cache, SourcesThatAreMissingAreTheReadersBusiness) {
  data();
  fs::remove(folder_ / "data.csv");
  EXPECT_THAT(message_of<DataError>([&] { tokenized_data(config_, std::nullopt, 1); }),
              HasSubstr("does not exist"));
}

TEST_F(Cache, AFullDiskOrAFolderThatCannotBeMadeIsAWarning) {
  const auto in_child = [&](const auto& limit) {
    const pid_t child = ::fork();
    if (child == 0) {
      limit();
      const std::string log = (data(), log_);
      const bool warned = log.find("going on without it") != std::string::npos;
      ::_exit(warned && (!fs::exists(folder_ / "cache") || num_files() == 0) ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
  };
  EXPECT_EQ(in_child([] {
              const rlimit limit{600, 600};  // bytes a file
              ::setrlimit(RLIMIT_FSIZE, &limit);
              std::signal(SIGXFSZ, SIG_IGN);
            }),
            0);
  config_.data.cache.folder = "data.csv/below";
  data();
  EXPECT_THAT(log_, HasSubstr("warning: token cache: cannot create the folder"));
}

TEST_F(Cache, BuildersAtOnceDoNotDisturbOneAnotherOrReaders) {
  const std::string expected = described(data());
  std::vector<pid_t> builders;
  for (int i = 0; i < 3; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::testing::internal::CaptureStderr();
      for (int round = 0; round < 30; ++round) {
        const TokenCache cache(config_, 1);
        if (described(*cache.store(*cache.open())) != expected) ::_exit(1);
      }
      ::_exit(0);
    }
    builders.push_back(child);
  }
  for (int round = 0; round < 100; ++round) {
    ASSERT_EQ(described(data()), expected);
    ASSERT_THAT(log_, HasSubstr("texts from"));
  }
  for (const pid_t builder : builders) {
    int status = -1;
    ::waitpid(builder, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(num_files(), 1);
}

TEST_F(Cache, TheFilesUnusedForLongestGoFirstAndOthersStay) {
  std::vector<fs::path> files;
  const auto age = [](const fs::path& path, int hours) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(hours));
  };
  const auto cut_at = [&](int64_t length) {
    config_.text.sequence_length = length;
    config_.token_keys["text"]["sequence_length"] = length;
  };
  for (const int64_t length : {1, 2, 3}) {
    cut_at(length);
    data();
    files.push_back(file());
    age(files.back(), 9 - static_cast<int>(length));
  }
  folder_.write("cache/notes.tokens", std::string(9999, 'x'));
  const std::string abandoned = "cache/" + files[0].filename().string() + ".tmp-0123456789abcdef";
  folder_.write(abandoned, "half");
  age(folder_ / abandoned, 25);

  cut_at(1);
  data();  // used now
  cut_at(4);
  config_.data.cache.limit_gib = 2.5 * static_cast<double>(fs::file_size(files[0])) / 1073741824.0;
  data();
  EXPECT_THAT(log_, HasSubstr("token cache: removed '" + files[1].string()));
  EXPECT_TRUE(fs::exists(files[0]));
  EXPECT_FALSE(fs::exists(files[1]));
  EXPECT_FALSE(fs::exists(files[2]));
  EXPECT_TRUE(fs::exists(file()));
  EXPECT_TRUE(fs::exists(folder_ / "cache/notes.tokens"));
  EXPECT_FALSE(fs::exists(folder_ / abandoned));
}

TEST_F(Cache, AutoKeepsLargeSourcesInTheUsersCacheFolder) {
  config_.data.cache.folder = "auto";
  ::setenv("XDG_CACHE_HOME", (folder_ / "home").c_str(), 1);
  EXPECT_EQ(file(), "");
  std::string csv = kCsv;
  csv.resize(csv.size() + (4 << 20), 'x');
  folder_.write("data.csv", csv + ",good,1\n");
  EXPECT_EQ(file().parent_path(), folder_ / "home/bernoulli/tokens");
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  ::setenv("HOME", (folder_ / "me").c_str(), 1);
  EXPECT_EQ(file().parent_path(), folder_ / "me/.cache/bernoulli/tokens");
  ::unsetenv("HOME");
  EXPECT_EQ(file(), "");
}

}  // namespace
}  // namespace bernoulli
