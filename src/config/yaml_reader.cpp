#include "config/yaml_reader.h"

#include <sstream>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "config/key_path.h"
#include "config/text_gate.h"
#include "core/utf8.h"

namespace bernoulli::config {
namespace {

constexpr size_t kMaxKeys = 1000;  // look-ups are linear, and no configuration comes near

/// What a text is of.
struct TextOf {
  std::shared_ptr<const std::string> source;
  bool is_value = false;  ///< of an override: one line, whose places say nothing
  std::string path;       ///< the key that it is the value of; empty: the whole configuration
};

/// Ends the reading of a document that is not in the subset.
struct Refusal {
  Place place;
  std::string message;
};

/// Of the quoted scalar that `text` begins with, quotes included; 0 where it is never closed, which the
/// parser takes for closed at the end.
size_t quoted_length(std::string_view text) {
  const char quote = text.at(0);
  for (size_t i = 1; i < text.size(); ++i) {
    const bool doubled = quote == '\'' && text.substr(i).starts_with("''");
    if (doubled || (quote == '"' && text[i] == '\\'))
      ++i;
    else if (text[i] == quote)
      return i + 1;
  }
  return 0;
}

/// Builds the tree from parser events. The parser tells of a list or map before it descends into it, so
/// refusing here at kMaxDepth also bounds the parser's own recursion, whichever way the nesting is written
/// (brackets, indentation, "- - -").
class TreeBuilder final : public YAML::EventHandler {
 public:
  /// @param text  what is parsed
  TreeBuilder(const TextOf& of, const std::string& text, Faults& faults)
      : of_(of), text_(text), faults_(faults) {}

  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (num_documents_++ > 0)
      throw Refusal{place(mark),
                    "a second document begins (a configuration is one document, without '---' inside)"};
  }
  void OnDocumentEnd() override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_anchor(place(mark)); }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (anchor != YAML::NullAnchor) refuse_anchor(place(mark));
    if (expects_key()) throw Refusal{place(mark), "a key is missing before ':'"};
    Node node;
    node.place = place(mark);
    add(std::move(node));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(mark, tag, anchor);
    const bool quoted = tag == "!";
    check_text(mark, value, quoted);
    if (expects_key()) return begin_entry(mark, value);
    Node node = make_scalar(value, place(mark));
    node.quoted = quoted;
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::kList);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::kMap);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A list or map under construction.
  struct Open {
    Node node;
    std::unordered_map<std::string, Place> keys;
    std::optional<Entry> entry;  ///< maps: the key that waits for its value
    bool is_key = false;  ///< stands where a key should; refused when it closes, as the parser also takes a
                          ///< bracket that is never closed for a key and then says so itself
  };

  Place place(const YAML::Mark& mark) const {
    return of_.is_value ? Place{of_.source} : Place{of_.source, mark.line + 1, mark.column + 1};
  }

  /// Of a key of the map that is open.
  std::string path_of(const std::string& key) const {
    std::string path = of_.path;
    for (const Open& around : open_) {
      if (around.node.is_list()) path = item_path(path, around.node.items.size());
      if (around.entry) path = join_path(path, around.entry->key);
    }
    return join_shown(path, key);
  }

  [[noreturn]] static void refuse_anchor(const Place& place) {
    throw Refusal{place,
                  "anchors (&) and aliases (*) are not used in configurations (write the value out, or name "
                  "a `base:` file; quote a text that begins so)"};
  }

  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const {
    if (anchor != YAML::NullAnchor) refuse_anchor(place(mark));
    if (tag.size() > 1)
      throw Refusal{
          place(mark),
          fmt::format("tag {} (tags are not used in configurations; quote a text that begins with '!')",
                      quote(tag))};
  }

  /// Refuses what the parser does not give as it was written.
  void check_text(const YAML::Mark& mark, const std::string& value, bool quoted) const {
    if (!is_utf8(value))
      throw Refusal{place(mark),
                    "an escape stands for a byte that is not UTF-8 (write \"\\u0085\" for \"\\N\" and "
                    "\"\\u00a0\" for \"\\_\")"};
    if (!quoted) return;
    const size_t length = quoted_length(std::string_view(text_).substr(static_cast<size_t>(mark.pos)));
    if (length == 0) throw Refusal{place(mark), "the quote that opens here never closes"};
    if (value.empty() && length > 2)
      throw Refusal{place(mark), "a quoted text of line breaks alone (write them as \"\\n\")"};
  }

  bool expects_key() const { return !open_.empty() && open_.back().node.is_map() && !open_.back().entry; }

  void begin_entry(const YAML::Mark& mark, const std::string& key) {
    const Place here = place(mark);
    if (key == "<<")
      throw Refusal{here, "merge keys (<<) are not used in configurations (name a `base:` file)"};
    const auto [first, inserted] = open_.back().keys.emplace(key, here);
    if (!inserted) {
      const Place& earlier = first->second;
      const std::string where =
          of_.is_value ? "" : fmt::format(", as in line {}, column {}", earlier.line, earlier.column);
      faults_.add(here, path_of(key), fmt::format("duplicate key{} (each key stands once)", where));
    }
    if (open_.back().keys.size() > kMaxKeys)
      throw Refusal{here, fmt::format("more than {} keys in one map", kMaxKeys)};
    open_.back().entry = Entry{key, here, {}};
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    check(mark, tag, anchor);
    const bool is_key = expects_key();
    if (open_.size() >= kMaxDepth)
      throw Refusal{place(mark), fmt::format("nested deeper than {} levels", kMaxDepth)};
    open_.emplace_back();
    open_.back().node.kind = kind;
    open_.back().node.place = place(mark);
    open_.back().is_key = is_key;
  }

  void close() {
    Node node = std::move(open_.back().node);
    if (open_.back().is_key)
      throw Refusal{node.place, "a list or map stands where a key is expected (keys are plain words)"};
    open_.pop_back();
    add(std::move(node));
  }

  void add(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (Open& parent = open_.back(); parent.entry) {
      parent.entry->value = std::move(node);
      parent.node.entries.push_back(std::move(*parent.entry));
      parent.entry.reset();
    } else {
      parent.node.items.push_back(std::move(node));
    }
  }

  const TextOf& of_;
  const std::string& text_;
  Faults& faults_;
  int num_documents_ = 0;
  std::vector<Open> open_;
  Node root_;
};

bool begins_with_tab(const std::string& text, int line) {
  std::istringstream lines(text);
  std::string content;
  for (int i = 0; i <= line && std::getline(lines, content); ++i) {
  }
  return content.substr(0, content.find_first_not_of(" \t")).find('\t') != std::string::npos;
}

std::optional<Node> read(std::string text, const TextOf& of, Faults& faults) {
  const auto refuse = [&](const Place& place, const std::string& message) {
    faults.add(of.is_value ? Place{of.source} : place, of.path, message);
    return std::nullopt;
  };
  if (const auto fault = admit_text(text, of.source)) return refuse(fault->place, fault->message);
  TreeBuilder builder(of, text, faults);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refusal& refusal) {
    return refuse(refusal.place, refusal.message);
  } catch (const YAML::Exception& error) {
    const bool has_mark = !error.mark.is_null();
    const bool tab = has_mark && begins_with_tab(text, error.mark.line);
    return refuse(has_mark ? Place{of.source, error.mark.line + 1, error.mark.column + 1} : Place{of.source},
                  fmt::format("not valid YAML: {}{}", error.msg,
                              tab ? " (the line begins with a tab: indent with spaces)" : ""));
  }
  return builder.take_root();
}

}  // namespace

std::optional<Node> read_yaml(std::string text, const std::shared_ptr<const std::string>& source,
                              Faults& faults) {
  return read(std::move(text), TextOf{source, false, ""}, faults);
}

std::optional<Node> read_yaml_value(std::string text, const std::shared_ptr<const std::string>& source,
                                    const std::string& path, Faults& faults) {
  return read(std::move(text), TextOf{source, true, path}, faults);
}

}  // namespace bernoulli::config
