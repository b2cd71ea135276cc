#include "export/script_vectorizer.h"

#include "export/script_writer.h"

#pragma GCC diagnostic push
// g++ fears for the complex numbers of IValue wherever a Dict's hash is inlined.
#pragma GCC diagnostic ignored "-Wnull-dereference"
#include <ATen/core/Dict.h>
#include <torch/csrc/jit/api/module.h>

namespace bernoulli {
namespace {

c10::Dict<std::string, int64_t> id_by_token(const Vocabulary& vocabulary) {
  c10::Dict<std::string, int64_t> ids;
  ids.reserve(vocabulary.tokens().size());
  for (const std::string& token : vocabulary.tokens()) ids.insert(token, vocabulary.id(token));
  return ids;
}

}  // namespace

void define_vectorizer(torch::jit::Module& module, const Vectorizer& vectorizer) {
  if (vectorizer.vocabulary() != nullptr) {
    const c10::TypePtr type = c10::DictType::create(c10::StringType::get(), c10::IntType::get());
    module.register_attribute(kVocabularyAttribute, type, id_by_token(*vectorizer.vocabulary()));
  }
  const VectorizerScript script = write_vectorizer_script(vectorizer.config());
  c10::List<std::string> byte_strings;
  for (const std::string& bytes : script.byte_strings) byte_strings.push_back(bytes);
  module.register_attribute(kByteStringsAttribute, c10::ListType::ofStrings(), byte_strings);
  module.define(script.methods);
}

}  // namespace bernoulli

#pragma GCC diagnostic pop
