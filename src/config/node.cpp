#include "config/node.h"

#include <utility>

#include <fmt/format.h>

namespace bernoulli::config {

std::string Place::text() const {
  const std::string name = source ? *source : "configuration";
  return line == 0 ? name : fmt::format("{}:{}:{}", name, line, column);
}

Place default_place() {
  static const auto source = std::make_shared<const std::string>(kDefaultSource);
  return {source};
}

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

bool Node::gives(std::string_view key) const {
  const Node* node = find(key);
  return node != nullptr && !node->is_null();
}

Node make_scalar(std::string value, Place place) {
  Node node;
  node.kind = Node::Kind::kScalar;
  node.scalar = std::move(value);
  node.place = std::move(place);
  return node;
}

Node make_map(std::string key, Node value, const Place& place) {
  Node node;
  node.kind = Node::Kind::kMap;
  node.place = place;
  node.entries.push_back({std::move(key), place, std::move(value)});
  return node;
}

}  // namespace bernoulli::config
