#include "export/script_vectorizer.h"

#include "export/script_writer.h"
#include "text/token_block.h"

#pragma GCC diagnostic push
// g++ fears for the complex numbers of IValue wherever a Dict's hash is inlined.
#pragma GCC diagnostic ignored "-Wnull-dereference"
#include <ATen/core/Dict.h>
#include <torch/csrc/jit/api/module.h>

namespace bernoulli {
namespace {

c10::List<std::string> string_list(const std::vector<std::string>& strings) {
  c10::List<std::string> list;
  for (const std::string& string : strings) list.push_back(string);
  return list;
}

c10::Dict<std::string, int64_t> id_by_token(const Vocabulary& vocabulary) {
  c10::Dict<std::string, int64_t> ids;
  ids.reserve(vocabulary.tokens().size());
  for (const std::string& token : vocabulary.tokens()) ids.insert(token, vocabulary.id(token));
  return ids;
}

torch::jit::Module vocabulary_module(const Vocabulary& vocabulary) {
  const TokenBlock block = join_tokens(vocabulary.tokens());
  torch::jit::Module module("bernoulli.Vocabulary");
  module.register_attribute("training", c10::BoolType::get(), false);
  module.register_attribute("joined", c10::StringType::get(), block.joined);
  module.register_attribute("odd", c10::ListType::ofStrings(), string_list(block.odd));
  module.register_attribute("ids", c10::DictType::create(c10::StringType::get(), c10::IntType::get()),
                            id_by_token(vocabulary));
  module.define(kVocabularyMethods);
  return module;
}

}  // namespace

void define_vectorizer(torch::jit::Module& module, const Vectorizer& vectorizer) {
  if (vectorizer.vocabulary() != nullptr)
    module.register_module(kVocabularyModule, vocabulary_module(*vectorizer.vocabulary()));
  const VectorizerScript script = write_vectorizer_script(vectorizer.config());
  module.register_attribute(kByteStringsAttribute, c10::ListType::ofStrings(),
                            string_list(script.byte_strings));
  module.define(script.methods);
}

}  // namespace bernoulli

#pragma GCC diagnostic pop
