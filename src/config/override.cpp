#include "config/override.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "config/yaml_reader.h"
#include "core/utf8.h"

namespace bernoulli::config {
namespace {

using Step = std::variant<std::string, int64_t>;  ///< a key, or an index

std::optional<int64_t> take_index(std::string_view& rest) {
  int64_t index = 0;
  const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), index);
  if (error != std::errc() || index < 0 || end == rest.data() + rest.size() || *end != ']')
    return std::nullopt;
  rest.remove_prefix(static_cast<size_t>(end + 1 - rest.data()));
  return index;
}

/// Keys joined by '.', each with any number of [index] behind it. Nothing where the path is not of that form.
std::optional<std::vector<Step>> split_path(std::string_view rest) {
  std::vector<Step> steps;
  while (true) {
    const size_t end = std::min(rest.find_first_of(".[ ]"), rest.size());
    if (end == 0) return std::nullopt;
    steps.emplace_back(std::string(rest.substr(0, end)));
    rest.remove_prefix(end);
    while (rest.starts_with('[')) {
      const auto index = take_index(rest);
      if (!index) return std::nullopt;
      steps.emplace_back(*index);
    }
    if (rest.empty()) return steps;
    if (rest.front() != '.' || steps.size() >= kMaxDepth) return std::nullopt;
    rest.remove_prefix(1);
  }
}

Node one_item(int64_t index, Node value) {
  Node node;
  node.kind = Node::Kind::kItem;
  node.index = index;
  node.place = value.place;
  node.items.push_back(std::move(value));
  return node;
}

/// What YAML takes for no value, or for the head of a block: of a shell's variable that is not set, or a
/// character that was meant. Empty where `value` is none of these.
std::string unquoted(std::string_view value) {
  const size_t begin = value.find_first_not_of(" \t");
  if (begin == std::string_view::npos)
    return "has no value behind the '=' (expected one; null where the key may be without a value, '' for an "
           "empty text)";
  const char first = value[begin];
  if (first == '#' || first == '|' || first == '>')
    return fmt::format("is {}, and {} has a meaning in YAML: put the value in quotes, as in '\"{}\"'",
                       quote(value), first, value.substr(begin));
  return "";
}

}  // namespace

bool holds(const Node& tree, const Node& given) {
  if (given.kind == Node::Kind::kItem) {
    const auto index = static_cast<size_t>(given.index);
    return tree.is_list() && index < tree.items.size() && holds(tree.items[index], given.items[0]);
  }
  if (!given.is_map()) return true;
  return tree.is_map() && std::ranges::all_of(given.entries, [&](const Entry& entry) {
           const Node* below = tree.find(entry.key);
           return below != nullptr && holds(*below, entry.value);
         });
}

std::optional<Node> read_override(const Override& given, Faults& faults) {
  const std::string& text = given.text;
  const std::string key = given.key();
  const Place place{std::make_shared<const std::string>(cut_to(given.typed, 200))};
  const auto steps = split_path(key);
  if (!steps) {
    faults.add(
        place, "",
        fmt::format("{} is not a key path (expected keys joined by '.', list items as [0])", quote(key)));
    return std::nullopt;
  }
  if (key.size() == text.size()) {
    faults.add(place, "", "has no '=' (expected key.path=VALUE)", {key});
    return std::nullopt;
  }
  const std::string written = text.substr(key.size() + 1);
  if (const std::string fault = unquoted(written); !fault.empty()) {
    faults.add(place, key, fault);
    return std::nullopt;
  }
  auto value = read_yaml_value(written, place.source, key, faults);
  if (!value) return std::nullopt;
  Node tree = std::move(*value);
  tree.place = place;
  for (auto step = steps->rbegin(); step != steps->rend(); ++step) {
    if (const auto* name = std::get_if<std::string>(&*step)) {
      tree = make_map(*name, std::move(tree), place);
    } else {
      tree = one_item(std::get<int64_t>(*step), std::move(tree));
    }
  }
  return tree;
}

}  // namespace bernoulli::config
