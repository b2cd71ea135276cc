#pragma once

#include <string>

#include <boost/beast/http/message.hpp>

#include "serve/http_message.h"

namespace bernoulli::serve {

using RequestHead = boost::beast::http::request_header<>;

/// What a head says, before any trailer can add to it; the body is empty.
HttpRequest request_of(const RequestHead& head);

/// The value of X-Request-ID, for the log. Empty where there is none, or several, and where it is no 1 to 128
/// ASCII letters, digits and "-_.:/+=@~", which could be mistaken for other parts of a line.
std::string request_id_of(const RequestHead& head);

/// What the library lets pass though two readers could understand it in two ways, above all where the body
/// ends.
/// @throws RequestFault 400 for a Transfer-Encoding that is not `chunked` alone, or not of HTTP/1.1, none or
/// several Hosts (RFC 9112, sections 3.2 and 6), and several of a field that counts once; 417 for an unknown
/// Expect
void check_head(const RequestHead& head);

}  // namespace bernoulli::serve
