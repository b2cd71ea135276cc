#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace bernoulli::serve {

/// What a request may ask for at most.
struct RequestLimits {
  size_t max_body_bytes = size_t{4} << 20;
  size_t max_texts = 1024;
  size_t max_answers = size_t{1} << 20;      ///< of a request: texts times labels
  size_t max_text_tokens = size_t{1} << 18;  ///< of a text whose tokens a network keeps while it computes
};

/// Brackets that may stand in each other: the deepest request of an endpoint has 4.
inline constexpr size_t kDeepestRequest = 8;

/// The request of an endpoint with the most objects has 8.
inline constexpr size_t kMostObjects = 64;

/// The JSON of a request. The library's destructor of an array or object asks for memory, and where there is
/// none, it ends the process; here they are emptied from the inside out, which needs none.
class RequestJson {
 public:
  RequestJson() = default;
  RequestJson(RequestJson&&) noexcept = default;
  RequestJson& operator=(RequestJson&&) = delete;
  ~RequestJson() { empty(value_); }
  nlohmann::json& operator*() { return value_; }

  /// @param value  nested no deeper than kDeepestRequest
  static void empty(nlohmann::json& value) noexcept;

 private:
  nlohmann::json value_;
};

/// The JSON object that a body is, whatever its bytes are.
/// @throws RequestFault 400 for what is no JSON or no UTF-8, begins with a byte order mark, is no object, is
/// nested deeper than kDeepestRequest, has more than kMostObjects or a key twice
RequestJson parse_request(std::string_view body);

/// @param where  names the object in the message: "inputs[0]"; empty: the request.
/// @throws RequestFault 400 for a key that is none of these
void check_keys(const nlohmann::json& object, const std::string& where, const std::vector<std::string>& keys);

/// The strings of a list, taken out of it. @param where  names the list: "texts".
/// @throws RequestFault 400 for another type; 413 for more than limits allow at `num_outputs` each
std::vector<std::string> take_texts(nlohmann::json& list, const std::string& where,
                                    const RequestLimits& limits, size_t num_outputs);

}  // namespace bernoulli::serve
