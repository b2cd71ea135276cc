#pragma once

#include <string>

namespace bernoulli::serve {

/// A request as the handler sees it: bytes, without a socket or a library.
struct HttpRequest {
  std::string method;            ///< as sent: "GET"
  std::string target;            ///< path and query
  std::string content_type;      ///< empty: the request has none
  std::string content_encoding;  ///< empty: the same
  bool has_length = true;        ///< whether the request says where its body ends
  std::string body;
  bool has_binary_tensors = false;  ///< as the extension of the Open Inference Protocol has them
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::string allow = {};  ///< the methods that a 405 names; else empty
};

/// Thrown within this folder where a request gets no other answer than this one.
struct RequestFault {
  int status;
  std::string message;
  std::string allow = {};
};

}  // namespace bernoulli::serve
