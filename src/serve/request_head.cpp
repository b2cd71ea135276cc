#include "serve/request_head.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>
#include <fmt/format.h>

#include "core/ascii.h"

namespace bernoulli::serve {
namespace {

namespace beast = boost::beast;
using beast::http::field;

constexpr unsigned kHttp11 = 11;
constexpr size_t kLongestId = 128;

void check_transfer_encoding(const RequestHead& head) {
  const size_t count = head.count(field::transfer_encoding);
  if (count == 0) return;
  if (head.version() < kHttp11)
    throw RequestFault{400, "HTTP/1.0 has no Transfer-Encoding; send Content-Length"};
  if (count > 1 || !beast::iequals(head[field::transfer_encoding], "chunked"))
    throw RequestFault{400, "the Transfer-Encoding is another one than chunked alone"};
}

/// HOST or HOST:PORT, the host a name or an address (RFC 3986, section 3.2.2). An empty one is allowed.
bool is_host(std::string_view value) {
  constexpr std::string_view kOfNames = "-._~%!$&'()*+,;=", kOfAddresses = ":.";
  const bool in_brackets = value.starts_with('[');
  const size_t end = in_brackets ? value.find(']') : std::min(value.find(':'), value.size());
  if (end == std::string_view::npos) return false;
  const std::string_view host = value.substr(in_brackets ? 1 : 0, end - (in_brackets ? 1 : 0));
  const std::string_view rest = value.substr(in_brackets ? end + 1 : end);
  const auto belongs_to_host = [&](char c) {
    if (is_digit(c) || is_letter(c)) return true;
    return (in_brackets ? kOfAddresses : kOfNames).find(c) != std::string_view::npos;
  };
  return std::ranges::all_of(host, belongs_to_host) &&
         (rest.empty() || (rest.front() == ':' && std::ranges::all_of(rest.substr(1), is_digit)));
}

/// A target as a proxy gets it, "http://host/path", as a server gets it (RFC 9112, section 3.2.2).
std::string origin_form(std::string_view target) {
  const size_t scheme = target.find("://");
  const bool is_absolute =
      scheme != std::string_view::npos && (beast::iequals(std::string(target.substr(0, scheme)), "http") ||
                                           beast::iequals(std::string(target.substr(0, scheme)), "https"));
  if (!is_absolute) return std::string(target);
  const size_t path = target.find_first_of("/?", scheme + 3);
  if (path == std::string_view::npos) return "/";
  return (target[path] == '?' ? "/" : "") + std::string(target.substr(path));
}

}  // namespace

HttpRequest request_of(const RequestHead& head) {
  HttpRequest request;
  request.method = std::string(head.method_string());
  request.target = origin_form({head.target().data(), head.target().size()});
  request.content_type = std::string(head[field::content_type]);
  request.content_encoding = std::string(head[field::content_encoding]);
  request.has_length = head.count(field::transfer_encoding) + head.count(field::content_length) > 0;
  request.has_binary_tensors = head.count("Inference-Header-Content-Length") > 0;
  return request;
}

std::string request_id_of(const RequestHead& head) {
  constexpr const char* kName = "X-Request-ID";
  constexpr std::string_view kSigns = "-_.:/+=@~";
  if (head.count(kName) != 1) return "";
  const auto value = head[kName];
  const auto is_plain = [&](char c) {
    return is_digit(c) || is_letter(c) || kSigns.find(c) != std::string_view::npos;
  };
  return value.size() <= kLongestId && std::ranges::all_of(value, is_plain) ? std::string(value) : "";
}

void check_head(const RequestHead& head) {
  for (const field name :
       {field::host, field::content_type, field::content_encoding, field::content_length, field::expect}) {
    if (head.count(name) > 1)
      throw RequestFault{400, fmt::format("the request has several fields {}; expected one",
                                          std::string(beast::http::to_string(name)))};
  }
  if (head.version() >= kHttp11 && head.count(field::host) == 0)
    throw RequestFault{400, "the request has no Host, which HTTP/1.1 demands"};
  if (!is_host({head[field::host].data(), head[field::host].size()}))
    throw RequestFault{400, "the Host of the request is neither HOST nor HOST:PORT"};
  check_transfer_encoding(head);
  if (head.version() >= kHttp11 && !head[field::expect].empty() &&
      !beast::iequals(head[field::expect], "100-continue"))
    throw RequestFault{417, "the request has an Expect that is not 100-continue"};
}

}  // namespace bernoulli::serve
