#include "serve/request_body.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/json_fault.h"
#include "core/name_list.h"
#include "core/text_distance.h"
#include "core/utf8.h"
#include "serve/http_message.h"

namespace bernoulli::serve {
namespace {

using Json = nlohmann::json;

constexpr size_t kLongestKeyShown = 60;  ///< bytes

std::string shown(const std::string& key) {
  return key.size() <= kLongestKeyShown ? "'" + key + "'" : fmt::format("of {} bytes", key.size());
}

/// Reads into a value that outlives it, whatever it throws: what would be lost or costly in the value is
/// refused at once.
class Gate : public nlohmann::detail::json_sax_dom_parser<Json> {
  using Parser = nlohmann::detail::json_sax_dom_parser<Json>;

 public:
  explicit Gate(Json& value) : Parser(value) {}

  bool start_object(size_t size) {
    enter();
    if (++num_objects_ > kMostObjects)
      throw RequestFault{400, fmt::format("the JSON has more than {} objects", kMostObjects)};
    return Parser::start_object(size);
  }
  bool end_object() {
    names_.pop_back();
    return Parser::end_object();
  }
  bool start_array(size_t size) {
    enter();
    return Parser::start_array(size);
  }
  bool end_array() {
    names_.pop_back();
    return Parser::end_array();
  }
  bool key(std::string& name) {
    if (!names_.back().insert(name).second)
      throw RequestFault{400, fmt::format("the key {} comes twice", shown(name))};
    return Parser::key(name);
  }

 private:
  void enter() {
    if (names_.size() >= kDeepestRequest)
      throw RequestFault{400, fmt::format("the JSON is nested deeper than {} levels", kDeepestRequest)};
    names_.emplace_back();
  }

  std::vector<std::set<std::string>> names_;  ///< of each object or array that is open
  size_t num_objects_ = 0;
};

}  // namespace

void RequestJson::empty(Json& value) noexcept {
  if (auto* list = value.get_ptr<Json::array_t*>()) {
    for (Json& item : *list) empty(item);
    list->clear();
  } else if (auto* object = value.get_ptr<Json::object_t*>()) {
    for (auto& [name, item] : *object) empty(item);
    object->clear();
  }
}

RequestJson parse_request(std::string_view body) {
  if (body.empty()) throw RequestFault{400, "the body is empty; expected a JSON object"};
  if (body.starts_with(kByteOrderMark))
    throw RequestFault{400, "the body begins with a byte order mark, which JSON does not have: leave it out"};
  RequestJson request;
  Gate gate(*request);
  try {
    Json::sax_parse(body.begin(), body.end(), &gate);
  } catch (const Json::exception&) {
    throw RequestFault{400, "the body is " + json_object_fault(body)};
  }
  if (!(*request).is_object()) throw RequestFault{400, "the body is " + json_object_fault(body)};
  return request;
}

void check_keys(const Json& object, const std::string& where, const std::vector<std::string>& keys) {
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::find(keys, name) != keys.end()) continue;
    throw RequestFault{
        400, fmt::format("unknown key {}{}; expected {}{}", shown(name), where.empty() ? "" : " in " + where,
                         name_list(keys), name.size() <= kLongestKeyShown ? did_you_mean(name, keys) : "")};
  }
}

std::vector<std::string> take_texts(Json& list, const std::string& where, const RequestLimits& limits,
                                    size_t num_outputs) {
  if (!list.is_array())
    throw RequestFault{400, fmt::format("{} is {}; expected an array of strings", where, json_kind(list))};
  const size_t most = std::min(limits.max_texts, std::max<size_t>(1, limits.max_answers / num_outputs));
  if (list.size() > most)
    throw RequestFault{413, fmt::format("{} texts in a request; this server takes {}: send them in several",
                                        list.size(), most)};
  std::vector<std::string> texts;
  texts.reserve(list.size());
  for (Json& text : list) {
    if (!text.is_string())
      throw RequestFault{
          400, fmt::format("{}[{}] is {}; expected a string", where, texts.size(), json_kind(text))};
    texts.push_back(std::move(text.get_ref<std::string&>()));
  }
  return texts;
}

}  // namespace bernoulli::serve
