#include "serve/request_head.h"

#include <string>
#include <string_view>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>
#include <fmt/format.h>

namespace bernoulli::serve {
namespace {

namespace beast = boost::beast;
using beast::http::field;

constexpr unsigned kHttp11 = 11;

void check_transfer_encoding(const RequestHead& head) {
  const size_t count = head.count(field::transfer_encoding);
  if (count == 0) return;
  if (head.version() < kHttp11)
    throw RequestFault{400, "HTTP/1.0 has no Transfer-Encoding; send Content-Length"};
  if (count > 1 || !beast::iequals(head[field::transfer_encoding], "chunked"))
    throw RequestFault{400, "the Transfer-Encoding is another one than chunked alone"};
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
  return request;
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
  check_transfer_encoding(head);
  if (head.version() >= kHttp11 && !head[field::expect].empty() &&
      !beast::iequals(head[field::expect], "100-continue"))
    throw RequestFault{417, "the request has an Expect that is not 100-continue"};
}

}  // namespace bernoulli::serve
