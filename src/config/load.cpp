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

namespace bernoulli::config {
namespace {

namespace fs = std::filesystem;

class Loader {
 public:
  explicit Loader(const std::vector<KindSchema>& layer_kinds) : schema_(run_schema(layer_kinds)) {
    tree_.kind = Node::Kind::kMap;
  }

  /// Lays a file over what was read so far, after the files that it is based on.
  /// @param named_at  the `base` that names it; nothing for one of the command line
  void add_file(const fs::path& path, const Place& named_at = {}) {
    const auto source = std::make_shared<const std::string>(path.string());
    std::error_code is_no_path;  // of a pipe, which reading refuses
    fs::path identity = fs::weakly_canonical(path, is_no_path);
    if (is_no_path) identity = path;
    if (std::find(open_files_.begin(), open_files_.end(), identity) != open_files_.end()) {
      faults_.add(named_at, "base", "names files in a circle (a file cannot be based on itself)");
      return;
    }
    auto text = read_text(path, source);
    if (!text) return;
    auto node = read_root(std::move(*text), source);
    if (!node) return;
    open_files_.push_back(identity);
    if (const Node* base = node->find("base")) add_base(*base, path);
    open_files_.pop_back();
    std::erase_if(node->entries, [](const Entry& entry) { return entry.key == "base"; });
    lay_over(std::move(*node));
  }

  void add_text(const std::string& yaml, const std::string& name) {
    const auto source = std::make_shared<const std::string>(name);
    auto node = read_root(yaml, source);
    if (!node) return;
    if (const Node* base = node->find("base"))
      faults_.add(base->place, "base",
                  "names another file, which is not kept here (expected a resolved configuration)");
    lay_over(std::move(*node));
  }

  void add_override(const std::string& text) {
    auto node = read_override(text, faults_);
    if (!node) return;
    if (const Node* base = node->find("base")) {
      faults_.add(base->place, "base", "can stand in files only (name the file on the command line instead)");
      return;
    }
    canonicalise(schema_, *node);
    node->place = tree_.place;
    merge(schema_, tree_, std::move(*node), "", faults_);
  }

  LoadedConfig finish(const std::string& default_name, Contradictions contradictions,
                      const FurtherCheck& check) {
    const bool whole = !faults_.any();
    if (!tree_.gives("name")) {
      std::erase_if(tree_.entries, [](const Entry& entry) { return entry.key == "name"; });
      Node name = make_scalar(default_name, Place{std::make_shared<const std::string>(kDefaultSource)});
      tree_.entries.push_back({"name", name.place, name});
    }
    Resolution resolution = resolve(schema_, tree_, faults_, whole);
    if (!whole) faults_.throw_if_any();  // what could not be read may be what sections would contradict
    resolution.value.erase("base");
    LoadedConfig loaded;
    loaded.run = bind_config(resolution.value, resolution.places, faults_.sections());
    if (contradictions == Contradictions::kRefused)
      check_across(resolution.value, loaded.run, resolution.places, faults_);
    if (check) check(resolution.value, loaded.run, resolution.places, faults_);
    faults_.throw_if_any();
    loaded.resolved = std::move(resolution.value);
    loaded.run.resolved_yaml = write_yaml(loaded.resolved);
    for_each_leaf(loaded.resolved, "", [&](const std::string& path, const Json&) {
      loaded.origin[path] = origin(resolution.places, path);
    });
    return loaded;
  }

 private:
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
                  "is not a path (expected the path of a configuration file, relative to this one)");
      return;
    }
    const fs::path path = (named_by.parent_path() / base.scalar).lexically_normal();
    if (!fs::exists(path)) {
      faults_.add(base.place, "base",
                  fmt::format("there is no file {} (paths are relative to the file that names them)",
                              quote(path.string())));
      return;
    }
    add_file(path, base.place);
  }

  void lay_over(Node node) {
    canonicalise(schema_, node);
    const Place place = node.place;
    merge(schema_, tree_, std::move(node), "", faults_);
    tree_.place = place;
  }

  /// Inside a list, an item without a place of its own came with the list.
  static std::string origin(const std::map<std::string, Place>& places, const std::string& path) {
    const auto found = places.find(path);
    const std::string text = found == places.end() ? kDefaultSource : found->second.text();
    return text.starts_with("--set ") ? "--set" : text;
  }

  FieldSchema schema_;
  Node tree_;
  Faults faults_;
  std::vector<fs::path> open_files_;
};

}  // namespace

LoadedConfig load_config(const ConfigSources& sources, const std::vector<KindSchema>& layer_kinds,
                         const FurtherCheck& check) {
  if (sources.files.empty()) throw UsageError("no configuration file was named (expected at least one)");
  Loader loader(layer_kinds);
  for (const fs::path& file : sources.files) loader.add_file(file);
  for (const std::string& text : sources.overrides) loader.add_override(text);
  return loader.finish(sources.files.back().stem().string(), sources.contradictions, check);
}

LoadedConfig load_config_text(const std::string& yaml, const std::string& name,
                              const std::vector<KindSchema>& layer_kinds,
                              const std::vector<std::string>& overrides, Contradictions contradictions) {
  Loader loader(layer_kinds);
  loader.add_text(yaml, name);
  for (const std::string& text : overrides) loader.add_override(text);
  return loader.finish(fs::path(name).stem().string(), contradictions, {});
}

}  // namespace bernoulli::config
