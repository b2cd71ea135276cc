// An exported file, opened by the path without LibTorch. The input is its entries, "--name" and a line end
// before each; zip, CRC-32 and seal are put around them, and where native.json and metadata.json say "#name",
// the hash of that entry ("#tokens": of the vocabulary's text, "#vocabulary": its fingerprint), so that what
// lies behind those checks is reached.
#include "fuzz/artifact.h"

#include <map>

#include "core/error.h"
#include "core/hash.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/memory_file.h"
#include "infer/native_model.h"
#include "infer/record.h"
#include "store/seal.h"
#include "store/stored_zip.h"
#include "text/token_block.h"

namespace bernoulli {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

Entries entries_of(std::string_view input) {
  const std::string text = std::string(1, '\n').append(input);
  const std::string mark = "\n--";
  Entries entries;
  for (size_t at = text.find(mark); at != std::string::npos;) {
    const size_t begin = at + mark.size();
    at = text.find(mark, begin);
    const std::string piece = text.substr(begin, at == std::string::npos ? at : at - begin);
    const size_t name_end = std::min(piece.find('\n'), piece.size());
    entries.emplace_back(piece.substr(0, name_end), piece.substr(std::min(name_end + 1, piece.size())));
  }
  return entries;
}

std::string fingerprint_of(const std::string& tokens) {
  try {
    return Vocabulary(split_tokens(tokens, {})).fingerprint();
  } catch (const Error&) {
    return "";
  }
}

void fill_in(std::string& text, const std::map<std::string, std::string>& hashes) {
  for (const auto& [name, hash] : hashes) {
    const std::string mark = std::string("\"#").append(name).append("\"");
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1))
      text.replace(at + 1, mark.size() - 2, hash);
  }
}

/// "tokens" becomes the pickle that holds them, digits a tensor, and names of extra files get their folder.
std::string zip_of(Entries entries) {
  std::map<std::string, std::string> hashes;
  for (const auto& [name, content] : entries) {
    hashes.emplace(name, hash_hex(content));
    if (name == "tokens") hashes.emplace("vocabulary", fingerprint_of(content));
  }
  for (auto& [name, content] : entries) {
    if (name == "native.json" || name == "metadata.json") fill_in(content, hashes);
    if (name == "tokens") {
      content.insert(0, testing::low_byte_first(content.size(), 4)).insert(0, 1, 'X');
      name = "archive/data.pkl";
    } else if (name.find('.') != std::string::npos) {
      name.insert(0, "archive/extra/");
    } else {
      name.insert(0, "archive/data/");
    }
  }
  return seal_zip(testing::stored_zip(entries));
}

std::string answered(std::string_view input) {
  static const fuzz::MemoryFile file;
  const Entries entries = entries_of(input);
  if (entries.empty()) return "no entry";
  const std::string zip = zip_of(entries);
  try {
    const std::unique_ptr<Classifier> classifier = open_native_classifier(file.holding(zip));
    for (const char* text : {"", "a b <br /> A \xff", "b b b b b b b b"}) {
      const std::vector<float> logits = classifier->logits({text});
      for (const RecordFormat format : {RecordFormat::kTsv, RecordFormat::kJsonl}) {
        std::string line;
        RecordWriter(classifier->info()).append_line(line, logits, format);
        fuzz::require(line.ends_with('\n'), "a record is a line");
      }
    }
    try {
      classifier->explain("a b");
    } catch (const UsageError&) {  // it is not linear in its tokens
    }
    return "";
  } catch (const NotNative& other) {
    return other.reason;
  }
}

void artifact(std::string_view input) { answered(input); }

}  // namespace

std::string fuzz::reason_without_answers(std::string_view entries) { return answered(entries); }

BERNOULLI_FUZZ_TARGET(artifact)

}  // namespace bernoulli
