#include "core/shallow_json.h"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

/// Takes the parser's events and puts the value together.
class ShallowJsonBuilder {
 public:
  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(int64_t value) { return add(value); }
  bool number_unsigned(uint64_t value) { return add(value); }
  bool number_float(double value, const std::string& /*text*/) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t& /*value*/) { return false; }  // JSON has none
  bool start_object(size_t /*size*/) { return begin(Json::object()); }
  bool end_object() { return end(); }
  bool start_array(size_t /*size*/) { return begin(Json::array()); }
  bool end_array() { return end(); }
  bool key(std::string& name) {
    levels_.back().name = std::move(name);
    return true;
  }
  bool parse_error(size_t /*place*/, const std::string& /*token*/, const Json::exception& /*error*/) {
    return false;
  }

  Json take() { return std::move(result_); }

 private:
  struct Level {
    Json value;
    std::string name;                                ///< of the member that comes next
    std::unordered_map<std::string, size_t> places;  ///< of the members
  };

  bool begin(Json empty) {
    if (levels_.size() >= kDeepestJson) return false;
    levels_.push_back({std::move(empty), {}, {}});
    return true;
  }

  bool end() {
    Json value = std::move(levels_.back().value);
    levels_.pop_back();
    return add(std::move(value));
  }

  bool add(Json value) {
    if (levels_.empty()) {
      result_ = std::move(value);
      return true;
    }
    Level& level = levels_.back();
    if (level.value.is_array()) {
      level.value.push_back(std::move(value));
      return true;
    }
    const auto [place, is_new] = level.places.try_emplace(level.name, level.value.size());
    if (is_new)
      add_member(level.value, std::move(level.name), std::move(value));
    else
      level.value.get_ref<Json::object_t&>().begin()[static_cast<std::ptrdiff_t>(place->second)].second =
          std::move(value);
    return true;
  }

  std::vector<Level> levels_;
  Json result_;
};

}  // namespace

Json parse_shallow_json(std::string_view text) {
  ShallowJsonBuilder builder;
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) return Json(Json::value_t::discarded);
  return builder.take();
}

}  // namespace bernoulli
