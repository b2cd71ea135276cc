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

/// Of the submodule of the vocabulary, which is saved as `joined` and `odd` (text/token_block.h).
constexpr const char* kVocabularyMethods = R"(
def __getstate__(self) -> Tuple[bool, str, List[str]]:
    return (self.training, self.joined, self.odd)

def __setstate__(self, state: Tuple[bool, str, List[str]]) -> None:
    self.training = state[0]
    self.joined = state[1]
    self.odd = state[2]
    ids: Dict[str, int] = {}
    odd = 0
    if len(self.joined) + len(self.odd) > 0:
        for token in self.joined.split("\n"):
            if len(token) > 0:
                ids[token] = len(ids) + 2
            else:
                ids[self.odd[odd]] = len(ids) + 2
                odd += 1
    self.ids = ids
)";

/// Of the submodule of a CharacterMap, which is saved as `sources` and `targets`: pairs, each list joined by
/// newlines; __setstate__ makes the rest of them. A valid sequence of UTF-8 is found as its bytes wherever it
/// stands, broken bytes around it or not: none is part of another, and no step of a map gives what another
/// looks for. A text of ASCII costs a search for each of the first bytes.
constexpr const char* kCharacterMapMethods = R"(
def __getstate__(self) -> Tuple[bool, str, str]:
    return (self.training, self.sources, self.targets)

def __setstate__(self, state: Tuple[bool, str, str]) -> None:
    self.training = state[0]
    self.sources = state[1]
    self.targets = state[2]
    leads: List[str] = []
    prefixes: Dict[str, List[str]] = {}
    pairs: Dict[str, List[Tuple[str, str]]] = {}
    for source, target in zip(self.sources.split("\n"), self.targets.split("\n")):
        lead = source[:1]
        prefix = source[:len(source) - 1]
        if lead not in prefixes:
            leads.append(lead)
            none: List[str] = []
            prefixes[lead] = none
        if prefix not in pairs:
            prefixes[lead].append(prefix)
            no_pairs: List[Tuple[str, str]] = []
            pairs[prefix] = no_pairs
        pairs[prefix].append((source, target))
    self.leads = leads
    self.prefixes = prefixes
    self.pairs = pairs

def apply(self, text: str) -> str:
    for lead in self.leads:
        if text.find(lead) >= 0:
            for prefix in self.prefixes[lead]:
                if text.find(prefix) >= 0:
                    for source, target in self.pairs[prefix]:
                        if len(source) == len(target):
                            text = text.replace(source, target)
                        elif text.find(source) >= 0:
                            text = target.join(text.split(source))
    return text
)";

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
  module.register_attribute("odd", c10::ListType::ofStrings(), block.odd);
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
  module.register_attribute(kByteStringsAttribute, c10::ListType::ofStrings(), script.byte_strings);
  for (const CharacterMap* characters : script.character_maps)
    module.register_module(character_map_module(*characters), character_module(*characters));
  module.define(script.methods);
}

}  // namespace bernoulli

#pragma GCC diagnostic pop
