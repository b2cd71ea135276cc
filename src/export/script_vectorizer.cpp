#include "export/script_vectorizer.h"

#include "export/script_steps.h"
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

/// Written as pairs; the rest is made of them when the file is loaded.
torch::jit::Module character_module(const CharacterMap& characters) {
  std::string sources, targets;
  for (const auto& [source, target] : characters.pairs()) {
    sources += (sources.empty() ? "" : "\n") + source;
    targets += (targets.empty() ? "" : "\n") + target;
  }
  torch::jit::Module module("bernoulli.CharacterMap");
  const auto strings = c10::ListType::ofStrings();
  const auto pairs =
      c10::ListType::create(c10::TupleType::create({c10::StringType::get(), c10::StringType::get()}));
  module.register_attribute("training", c10::BoolType::get(), false);
  module.register_attribute("sources", c10::StringType::get(), sources);
  module.register_attribute("targets", c10::StringType::get(), targets);
  module.register_attribute("leads", strings, c10::List<std::string>());
  module.register_attribute("prefixes", c10::DictType::create(c10::StringType::get(), strings),
                            c10::impl::GenericDict(c10::StringType::get(), strings));
  module.register_attribute("pairs", c10::DictType::create(c10::StringType::get(), pairs),
                            c10::impl::GenericDict(c10::StringType::get(), pairs));
  module.define(kCharacterMapMethods);
  module.run_method("__setstate__", module.run_method("__getstate__"));
  return module;
}

}  // namespace

void define_vectorizer(torch::jit::Module& module, const Vectorizer& vectorizer) {
  if (vectorizer.vocabulary() != nullptr)
    module.register_module(kVocabularyModule, vocabulary_module(*vectorizer.vocabulary()));
  const VectorizerScript script = write_vectorizer_script(vectorizer.config());
  module.register_attribute(kByteStringsAttribute, c10::ListType::ofStrings(),
                            string_list(script.byte_strings));
  for (const CharacterMap* characters : script.character_maps)
    module.register_module(character_map_module(*characters), character_module(*characters));
  module.define(script.methods);
}

}  // namespace bernoulli

#pragma GCC diagnostic pop
