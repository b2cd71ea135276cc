#include "config/describe.h"

#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/canonical.h"
#include "config/expectation.h"
#include "config/faults.h"
#include "config/key_path.h"
#include "config/named_keys.h"
#include "config/schema.h"
#include "config/yaml_writer.h"
#include "core/error.h"
#include "core/text_distance.h"

namespace bernoulli::config {
namespace {

constexpr const char* kRequired = "required";

/// One key as documentation shows it.
struct Row {
  std::string path;
  std::string takes;
  std::string standard;  ///< default as YAML, or "required"
  std::string doc;
  Json default_value;
};

/// The forms that stand for a longer one.
std::string short_form(const FieldSchema& schema) {
  if (schema.type == FieldType::kMap && !schema.shorthand.empty())
    return fmt::format(", or the value of {}", schema.shorthand);
  if (schema.bare_item == BareItem::kOneItem) return ", or one without brackets";
  if (schema.bare_item == BareItem::kCountUp) return ", or the last of a count from 1";
  return "";
}

/// What the items of a list are, and those of lists in it; anything else itself.
const FieldSchema& innermost(const FieldSchema& schema) {
  return schema.type == FieldType::kList ? innermost(schema.fields.front()) : schema;
}

std::string takes(const FieldSchema& schema) {
  if (schema.type == FieldType::kEither) {
    std::vector<std::string> forms;
    for (const FieldSchema& form : schema.fields) forms.push_back(takes(form));
    return fmt::format("{}", fmt::join(forms, ", or "));
  }
  if (schema.type == FieldType::kList && schema.fields.front().type == FieldType::kKind)
    return "a list of " + join_words(kind_names(*schema.fields.front().kinds));
  if (schema.type == FieldType::kMap && schema.kinds != nullptr) {
    return "a map of keys with one of " + join_words(kind_names(*schema.kinds));
  }
  return expected(schema) + short_form(schema);
}

std::string standard(const FieldSchema& schema) {
  if (schema.default_value) return write_yaml_inline(*schema.default_value);
  if (schema.optional) return "null";
  return schema.type == FieldType::kMap ? "" : kRequired;
}

std::string condition(const FieldSchema& schema) {
  if (!schema.only_when) return "";
  const auto& [key, values] = *schema.only_when;
  return values.empty() ? fmt::format(" (beside {} only)", key)
                        : fmt::format(" (where {} is {} only)", key, join_words(values));
}

Row row_of(const FieldSchema& schema, const std::string& path) {
  std::string doc = schema.doc + condition(schema);
  if (!schema.one_of.empty()) doc += fmt::format("; exactly one of {}", join_words(schema.one_of, "and"));
  return {path, takes(schema), standard(schema), doc, schema.default_value.value_or(nullptr)};
}

/// Rows in the order of the schema. Kinds that stand in several places are written out where they come first.
class Rows {
 public:
  void add(const FieldSchema& schema, const std::string& path) {
    rows_.push_back(row_of(schema, path));
    if (const auto* kinds = innermost(schema).kinds; kinds != nullptr) add_kinds(*kinds, path);
    if (schema.type != FieldType::kMap) return;
    for (const FieldSchema& field : schema.fields) add(field, join_path(path, field.key));
  }

  /// To kinds that are written out elsewhere.
  void refer(const std::vector<KindSchema>& kinds, const std::string& path) {
    written_at_.emplace(&kinds, path);
  }

  void add_kind(const KindSchema& kind, const std::string& path) {
    std::string takes = kind.fields.empty() ? "no keys" : "a map of keys";
    if (!kind.shorthand.empty()) takes += fmt::format(", or the value of {}", kind.shorthand);
    if (kind.positional) takes += ", or their values in order as a list";
    rows_.push_back({path, takes, "", kind.doc, nullptr});
    for (const FieldSchema& field : kind.fields) add(field, join_path(path, field.key));
  }

  std::vector<Row> take() { return std::move(rows_); }

 private:
  void add_kinds(const std::vector<KindSchema>& kinds, const std::string& path) {
    const auto [first, is_first] = written_at_.emplace(&kinds, path);
    if (!is_first) {
      rows_.back().doc += fmt::format("; kinds as in {}", first->second);
      return;
    }
    for (const KindSchema& kind : kinds) add_kind(kind, join_path(path, kind.name));
  }

  std::vector<Row> rows_;
  std::map<const std::vector<KindSchema>*, std::string> written_at_;
};

std::vector<std::string> split_keys(const std::string& path) {
  std::vector<std::string> keys;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    const std::string key = path.substr(begin, end - begin);
    keys.push_back(key.substr(0, key.find('[')));
    begin = end + 1;
  }
  return keys;
}

[[noreturn]] void refuse_key(const FieldSchema& root, const std::string& path, const std::string& walked,
                             const std::string& key, const FieldSchema& around) {
  std::vector<std::string> names;
  for (const FieldSchema& field : around.fields) {
    if (!field.key.empty()) names.push_back(field.key);
  }
  if (around.kinds != nullptr) {
    for (const std::string& name : kind_names(*around.kinds)) names.push_back(name);
  }
  std::string meant = did_you_mean(key, names);
  if (meant.empty()) meant = key_elsewhere(root, nullptr, walked, key);
  throw UsageError(fmt::format("{}: there is no key {} (expected {}){}", path, quote(key),
                               names.empty() ? "nothing below it" : join_words(names), meant));
}

std::vector<Row> rows_at(const FieldSchema& root, const std::string& path) {
  FieldSchema at = root;
  const KindSchema* kind = nullptr;
  std::string walked;
  Rows rows;
  for (const std::string& key : split_keys(path)) {
    const FieldSchema around = innermost(at);
    if (around.kinds != nullptr) rows.refer(*around.kinds, walked);
    const MapMember member = find_member(around, key);
    const bool is_key = member.field != nullptr && around.type != FieldType::kEither;
    if (!is_key && member.kind == nullptr) refuse_key(root, path, walked, key, around);
    kind = member.kind;
    at = kind != nullptr ? kind_map(*kind) : *member.field;
    walked = join_path(walked, key);
  }
  if (kind != nullptr) {
    rows.add_kind(*kind, walked);
  } else {
    rows.add(at, walked);
  }
  return rows.take();
}

/// Those at `key` and below it; all where it is empty.
std::vector<Row> rows_of(const FieldSchema& root, const std::string& key) {
  if (!key.empty()) return rows_at(root, key);
  Rows rows;
  for (const FieldSchema& field : root.fields) rows.add(field, field.key);
  return rows.take();
}

std::string default_cell(const std::string& standard) {
  return standard.empty() || standard == kRequired ? standard : "`" + standard + "`";
}

/// '|' would end a cell, and what stands in angle brackets would be taken for HTML.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|' || c == '<') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

void add_table(const FieldSchema& section, std::string& page) {
  Rows added;
  added.add(section, section.key);
  const std::vector<Row> rows = added.take();
  page += "| key | takes | default | meaning |\n|---|---|---|---|\n";
  for (size_t i = 1; i < rows.size(); ++i) {
    const Row& row = rows[i];
    page += fmt::format("| `{}` | {} | {} | {} |\n", row.path, cell(row.takes), default_cell(row.standard),
                        cell(row.doc));
  }
}

}  // namespace

std::string describe(const std::vector<KindSchema>& layer_kinds, const std::string& key) {
  std::string text;
  for (const Row& row : rows_of(run_schema(layer_kinds), key)) {
    const std::string standard = row.standard.empty()        ? ""
                                 : row.standard == kRequired ? "; required"
                                                             : "; default " + row.standard;
    text += fmt::format("{}\n    {}\n    {}{}\n", row.path, row.doc, row.takes, standard);
  }
  return text;
}

Json describe_json(const std::vector<KindSchema>& layer_kinds, const std::string& key) {
  Json keys = Json::array();
  for (const Row& row : rows_of(run_schema(layer_kinds), key)) {
    keys.push_back({{"key", row.path},
                    {"meaning", row.doc},
                    {"takes", row.takes},
                    {"required", row.standard == kRequired},
                    {"default", row.default_value}});
  }
  return keys;
}

std::string reference_markdown(const std::vector<KindSchema>& layer_kinds) {
  const FieldSchema root = run_schema(layer_kinds);
  std::string page =
      "# Configuration reference\n\n"
      "Made from the schema by `bernoulli config describe --format markdown`; not written by hand.\n\n"
      "Defaults < `base:` files < configuration files left to right < `--set key.path=VALUE`. All `base:` "
      "files lie below all files that are\n"
      "named, deeper ones first, and those of the first file before those of the second. Maps merge, lists "
      "replace; naming another\n"
      "kind (of optimizer, schedule, ...) replaces the former one with its keys. Of two `--set` of one key "
      "the right-most wins; one that\n"
      "takes away what another `--set` set, as another kind does, is a fault. A list item is reached by its "
      "number: `model.layers[2].dropout=0.5`.\n"
      "Numbers are decimal and finite, truth is `true` or `false`. `null` is the empty value of YAML, for "
      "keys that may be without a value: \"null: ...\" says\n"
      "what holds then. Elsewhere null is a fault: a key that is left out has its default. A word that "
      "stands among those that a key takes, as `none` of `metrics.temperature`, is written as it is.\n\n"
      "All faults are told at once, under a first line with their number, each on a line of its own: "
      "`file:line:column: key.path: what is\n"
      "wrong (what was expected)`, or `--set key.path=VALUE: key.path: ...`. What reads a faulty key is not "
      "checked until that is repaired.\n\n"
      "## Top level\n\n| key | takes | default | meaning |\n|---|---|---|---|\n";
  for (const FieldSchema& field : root.fields) {
    if (field.type == FieldType::kMap) continue;
    page += fmt::format("| `{}` | {} | {} | {} |\n", field.key, takes(field), default_cell(standard(field)),
                        field.doc);
  }
  for (const FieldSchema& section : root.fields) {
    if (section.type != FieldType::kMap) continue;
    page += fmt::format("\n## {}\n\n{}\n\n", section.key, section.doc);
    add_table(section, page);
  }
  return page;
}

std::string show_with_origin(const LoadedConfig& loaded) {
  std::vector<std::pair<std::string, std::string>> lines;
  size_t width = 0;
  for_each_leaf(loaded.resolved, "", [&](const std::string& path, const Json& value) {
    lines.emplace_back(fmt::format("{} = {}", path, write_yaml_inline(value)), loaded.origin.at(path));
    width = std::max(width, std::min<size_t>(lines.back().first.size(), 72));
  });
  std::string text;
  for (const auto& [setting, origin] : lines) text += fmt::format("{:<{}}  # {}\n", setting, width, origin);
  return text;
}

}  // namespace bernoulli::config
