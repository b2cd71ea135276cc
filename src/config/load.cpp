#include "config/load.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "config/bind.h"
#include "config/canonical.h"
#include "config/cross_checks.h"
#include "config/faults.h"
#include "config/merge.h"
#include "config/override.h"
#include "config/resolve.h"
#include "config/schema.h"
#include "config/text_gate.h"
#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "core/error.h"
#include "core/file.h"
#include "core/printable.h"
#include "core/utf8.h"

namespace bernoulli::config {
namespace {

namespace fs = std::filesystem;

class Loader {
 public:
  explicit Loader(const std::vector<KindSchema>& layer_kinds) : schema_(run_schema(layer_kinds)) {
    tree_.kind = Node::Kind::kMap;
  }

  void add_file(const fs::path& path) { read_file_into(files_, path, {}); }

  /// Lays the files over each other, those that others are based on first.
  void lay_files() {
    for (std::vector<Node>* nodes : {&bases_, &files_}) {
      for (Node& node : *nodes) lay_over(std::move(node));
    }
  }

  void add_text(const std::string& yaml, const std::string& name) {
    const auto source = std::make_shared<const std::string>(name);
    auto node = read_root(yaml, source);
    if (!node) return;
    if (node->gives("base"))
      faults_.add(node->find("base")->place, "base",
                  "names another file, which is not kept here (expected a resolved configuration)");
    lay_over(std::move(*node));
  }

  /// What the settings so far say against each other is not told.
  void forgive_contradictions() {
    Faults faults;
    const Resolution resolution = resolved(faults);
    const RunConfig run = bind_config(resolution.value, resolution.places);
    check_across({run, resolution.places, forgiven_, faults});
  }

  void add_override(const Override& given) {
    auto node = read_override(given, faults_);
    if (!node) return;
    if (const Node* base = node->find("base")) {
      faults_.add(base->place, "base", "can stand in files only (name the file on the command line instead)");
      return;
    }
    canonicalise(schema_, *node);
    const Place place = node->place;
    node->place = tree_.place;
    const Node own = *node;
    merge(schema_, tree_, std::move(*node), "", faults_);
    refuse_lost_overrides(given, place);
    if (holds(tree_, own)) overrides_.push_back({given, own});
  }

  LoadedConfig finish(const std::string& default_name, Contradictions contradictions,
                      const FurtherCheck& check) {
    if (!tree_.gives("name")) {
      std::erase_if(tree_.entries, [](const Entry& entry) { return entry.key == "name"; });
      Node name = make_scalar(default_name, Place{std::make_shared<const std::string>(kDefaultSource)});
      tree_.entries.push_back({"name", name.place, name});
    }
    Resolution resolution = resolved(faults_);
    LoadedConfig loaded;
    loaded.run = bind_config(resolution.value, resolution.places);
    const CheckedSettings settings{loaded.run, resolution.places, faults_};
    if (contradictions != Contradictions::kIgnored) check_across(settings);
    faults_.forgive(forgiven_);
    if (check) check(settings);
    faults_.throw_if_any();
    loaded.resolved = std::move(resolution.value);
    loaded.run.resolved_yaml = write_yaml(loaded.resolved);
    for (const char* section : {"data", "task", "text"})
      loaded.run.token_keys[section] = loaded.resolved.at(section);
    loaded.run.token_keys["data"].erase("cache");
    for_each_leaf(loaded.resolved, "", [&](const std::string& path, const Json&) {
      loaded.origin[path] = origin(resolution.places, path);
    });
    return loaded;
  }

 private:
  /// Without `base`, whose files are laid.
  Resolution resolved(Faults& faults) const {
    Resolution resolution = resolve(schema_, tree_, faults);
    resolution.value.erase("base");
    return resolution;
  }

  /// @param named_at  the `base` that names the file; nothing for one of the command line
  void read_file_into(std::vector<Node>& nodes, const fs::path& path, const Place& named_at) {
    const auto source = std::make_shared<const std::string>(path.string());
    std::error_code is_no_path;  // of a pipe, which reading refuses
    fs::path identity = fs::weakly_canonical(path, is_no_path);
    if (is_no_path) identity = path;
    if (std::find(open_files_.begin(), open_files_.end(), identity) != open_files_.end()) {
      faults_.add(named_at, "base", "names files in a circle (a file cannot be based on itself)", {""});
      return;
    }
    auto text = read_text(path, source);
    if (!text) return;
    auto node = read_root(std::move(*text), source);
    if (!node) return;
    open_files_.push_back(identity);
    if (node->gives("base")) add_base(*node->find("base"), path);
    open_files_.pop_back();
    std::erase_if(node->entries, [](const Entry& entry) { return entry.key == "base"; });
    nodes.push_back(std::move(*node));
  }

  std::optional<std::string> read_text(const fs::path& path,
                                       const std::shared_ptr<const std::string>& source) {
    try {
      return read_file(path, kMaxConfigBytes);
    } catch (const IoError& error) {
      faults_.add(Place{source}, "", fmt::format("cannot read the configuration: {}", error.what()));
      return std::nullopt;
    }
  }

  std::optional<Node> read_root(std::string text, const std::shared_ptr<const std::string>& source) {
    auto node = read_yaml(std::move(text), source, faults_);
    if (node && !node->is_map()) {
      const Place place = node->place.source ? node->place : Place{source, 1, 1};
      faults_.add(
          place, "",
          fmt::format(
              "the document is {} (expected a map with the sections data, task, model, training, ...)",
              describe_root(*node)));
      return std::nullopt;
    }
    return node;
  }

  static std::string describe_root(const Node& node) {
    return node.is_null() ? "empty" : node.is_list() ? "a list" : "a single value";
  }

  void add_base(const Node& base, const fs::path& named_by) {
    if (!base.is_scalar() || base.scalar.empty()) {
      faults_.add(base.place, "base",
                  "is not a path (expected the path of a configuration file, relative to this one)", {""});
      return;
    }
    const fs::path path = (named_by.parent_path() / base.scalar).lexically_normal();
    std::string fault;
    try {
      if (!path_exists(path)) fault = fmt::format("there is no file {}", quote(path.string()));
    } catch (const IoError& error) {
      fault = error.what();
    }
    if (!fault.empty()) {
      faults_.add(base.place, "base",
                  fmt::format("{} (paths are relative to the file that names them)", fault), {""});
      return;
    }
    read_file_into(bases_, path, base.place);
  }

  void lay_over(Node node) {
    canonicalise(schema_, node);
    const Place place = node.place;
    merge(schema_, tree_, std::move(node), "", faults_);
    tree_.place = place;
  }

  /// What an earlier override sets and `given` took away, as a kind beside which its own cannot stand. The
  /// same key again is no fault: the right-most wins.
  void refuse_lost_overrides(const Override& given, const Place& place) {
    std::erase_if(overrides_, [&](const LaidOverride& earlier) {
      if (holds(tree_, earlier.node)) return false;
      if (earlier.given.key() != given.key())
        faults_.add(place, given.key(),
                    fmt::format("takes away what {} sets (leave one of the two out)",
                                printable(cut_to(earlier.given.typed, 200))));
      return true;
    });
  }

  /// Inside a list, an item without a place of its own came with the list.
  static std::string origin(const std::map<std::string, Place>& places, const std::string& path) {
    const auto found = places.find(path);
    const std::string text = found == places.end() ? kDefaultSource : found->second.text();
    return text.starts_with("--set ") ? "--set" : text;
  }

  struct LaidOverride {
    Override given;
    Node node;
  };

  FieldSchema schema_;
  Node tree_;
  std::vector<Node> bases_;  ///< not yet laid
  std::vector<Node> files_;
  std::vector<LaidOverride> overrides_;  ///< those whose keys the tree has
  Faults faults_;
  Faults forgiven_;
  std::vector<fs::path> open_files_;
};

}  // namespace

LoadedConfig load_config(const ConfigSources& sources, const std::vector<KindSchema>& layer_kinds,
                         const FurtherCheck& check) {
  if (sources.files.empty()) throw UsageError("no configuration file was named (expected at least one)");
  Loader loader(layer_kinds);
  for (const fs::path& file : sources.files) loader.add_file(file);
  loader.lay_files();
  if (sources.contradictions == Contradictions::kRefusedIfNew) loader.forgive_contradictions();
  for (const std::string& text : sources.overrides) loader.add_override(text);
  return loader.finish(sources.files.back().stem().string(), sources.contradictions, check);
}

LoadedConfig load_config_text(const std::string& yaml, const std::string& name,
                              const std::vector<KindSchema>& layer_kinds,
                              const std::vector<Override>& overrides, Contradictions contradictions) {
  Loader loader(layer_kinds);
  loader.add_text(yaml, name);
  if (contradictions == Contradictions::kRefusedIfNew) loader.forgive_contradictions();
  for (const Override& given : overrides) loader.add_override(given);
  return loader.finish(fs::path(name).stem().string(), contradictions, {});
}

}  // namespace bernoulli::config
