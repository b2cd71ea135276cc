#include "serve/handler.h"

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/ascii.h"
#include "core/json_text.h"
#include "core/log.h"
#include "core/utf8.h"
#include "core/version.h"
#include "serve/inference_protocol.h"
#include "serve/predict_endpoint.h"

namespace bernoulli::serve {
namespace {

/// @param json  an object, made without the library's objects: their destructors ask for memory, and where
/// there is none, they end the process
HttpResponse json_response(std::string json) { return {200, std::move(json) + "\n"}; }

/// For Prometheus: which model answers.
std::string model_metric(const ServedModel& model) {
  return fmt::format(
      "# HELP bernoulli_model_info The model that answers, and the program's version.\n"
      "# TYPE bernoulli_model_info gauge\n"
      "bernoulli_model_info{{name=\"{}\",hash=\"{}\",version=\"{}\"}} 1\n",
      model.name(), model.hash(), kVersion);
}

/// The paths of the one version that a model has, which the protocol lets a client name, are those without.
std::string without_version(std::string path, const std::string& name) {
  const std::string model = "/v2/models/" + name;
  const std::string version = fmt::format("/versions/{}", kModelVersion);
  const size_t end = model.size() + version.size();
  const bool is_named = path.starts_with(model + version) && (path.size() == end || path[end] == '/');
  return is_named ? path.erase(model.size(), version.size()) : path;
}

/// Said where there may be no memory to put it together.
HttpResponse out_of_memory() {
  return {503, "{\"error\":\"out of memory; send fewer or shorter texts in a request\"}\n"};
}

/// RFC 9110, section 8.3.1: parameters may be quoted, and left out between their semicolons. None at all is
/// taken for JSON.
bool is_json_in_utf8(std::string_view content_type) {
  if (content_type.empty()) return true;
  const std::string value = lower_case(std::string(content_type));
  for (size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
    end = value.find(';', begin);
    const std::string_view part = without_outer_space(std::string_view(value).substr(begin, end - begin));
    const bool fits = begin == 0 ? part == "application/json"
                                 : part.empty() || part == "charset=utf-8" || part == "charset=\"utf-8\"";
    if (!fits) return false;
  }
  return true;
}

void check_body_form(const HttpRequest& request) {
  if (!request.has_length)
    throw RequestFault{411, "the request says neither Content-Length nor Transfer-Encoding: chunked"};
  if (request.has_binary_tensors)
    throw RequestFault{415,
                       "the body has binary tensors (Inference-Header-Content-Length), and this server takes "
                       "them as JSON only: binary_data=False in tritonclient, for inputs and outputs"};
  if (!is_json_in_utf8(request.content_type))
    throw RequestFault{415, fmt::format("Content-Type is '{}'; expected application/json, in UTF-8 (curl: -H "
                                        "'Content-Type: application/json')",
                                        cut_to(request.content_type, 100))};
  if (const std::string encoding = lower_case(request.content_encoding);
      !encoding.empty() && encoding != "identity")
    throw RequestFault{415, "the body has a Content-Encoding, and this server takes none: send it as it is"};
}

}  // namespace

HttpResponse error_response(const RequestFault& fault) {
  HttpResponse response = json_response("{\"error\":" + compact_json<nlohmann::json>(fault.message) + "}");
  response.status = fault.status;
  response.allow = fault.allow;
  return response;
}

/// A request on its way, with the model that answers it.
struct Handler::Call {
  const HttpRequest& request;
  std::shared_ptr<const ServedModel> model;
  size_t& num_texts;
};

struct Handler::Route {
  const char* path;  ///< {name} stands for the model's
  const char* method;
  HttpResponse (Handler::*answer)(const Call&) const;
  bool is_probe = false;
};

const std::vector<Handler::Route>& Handler::routes() {
  static const std::vector<Route> all = {
      {"/predict", "POST", &Handler::predict},
      {"/health", "GET", &Handler::live, true},
      {"/ready", "GET", &Handler::ready, true},
      {"/info", "GET", &Handler::info},
      {"/metrics", "GET", &Handler::metrics_page, true},
      {"/v2", "GET", &Handler::protocol_server},
      {"/v2/health/live", "GET", &Handler::protocol_live, true},
      {"/v2/health/ready", "GET", &Handler::protocol_ready, true},
      {"/v2/models/{name}", "GET", &Handler::protocol_model},
      {"/v2/models/{name}/ready", "GET", &Handler::protocol_model_ready, true},
      {"/v2/models/{name}/infer", "POST", &Handler::infer},
  };
  return all;
}

Handler::Handler(std::shared_ptr<const ServedModel> model, RequestLimits limits)
    : limits_(limits), model_(std::move(model)) {}

void Handler::replace(std::shared_ptr<const ServedModel> model) {
  const std::lock_guard lock(mutex_);
  model_.swap(model);  // the old one ends outside of the lock
}

std::shared_ptr<const ServedModel> Handler::model() const {
  const std::lock_guard lock(mutex_);
  return model_;
}

bool Handler::is_probe(const HttpRequest& request) const try {
  const char* endpoint = nullptr;
  return route_of(request, model()->name(), endpoint).is_probe;
} catch (const RequestFault&) {
  return false;
}

bool Handler::computes(const HttpRequest& request) { return request.method == "POST"; }

Answer Handler::answer(const HttpRequest& request) {
  try {
    return routed(request);
  } catch (const std::bad_alloc&) {
    return {out_of_memory()};
  } catch (const std::exception& error) {
    log_warning(fmt::format("a request failed: {}", error.what()));
    return {error_response({500, "internal error, please report it: the server's log has the cause"})};
  }
}

/// The faults of a request are answered here, so that they are counted with its endpoint.
Answer Handler::routed(const HttpRequest& request) {
  Answer answer;
  try {
    const Call call{request, model(), answer.num_texts};
    const Route& route = route_of(request, call.model->name(), answer.endpoint);
    answer.is_probe = route.is_probe;
    answer.response = (this->*route.answer)(call);
  } catch (const RequestFault& fault) {
    answer.response = error_response(fault);
    answer.num_texts = 0;
  }
  return answer;
}

std::optional<Answer> Handler::refusal(const HttpRequest& head) const {
  Answer answer;
  try {
    route_of(head, model()->name(), answer.endpoint);
    return std::nullopt;
  } catch (const RequestFault& fault) {
    answer.response = error_response(fault);
    return answer;
  }
}

Answer Handler::refuse(const HttpRequest& request, const RequestFault& fault) const {
  Answer answer;
  try {
    route_of(request, model()->name(), answer.endpoint);
  } catch (const RequestFault&) {  // it has the endpoint where there is one
  }
  answer.response = error_response(fault);
  return answer;
}

const Handler::Route& Handler::route_of(const HttpRequest& request, const std::string& name,
                                        const char*& endpoint) {
  const std::string asked = without_version(request.target.substr(0, request.target.find('?')), name);
  const auto is_here = [&](const Route& route) {
    constexpr std::string_view kPlace = "{name}";
    std::string path = route.path;
    if (const size_t place = path.find(kPlace); place != std::string::npos)
      path.replace(place, kPlace.size(), name);
    return path == asked;
  };
  const auto route = std::ranges::find_if(routes(), is_here);
  if (route == routes().end())
    throw RequestFault{404,
                       fmt::format("nothing is here; there are /predict, /health, /ready, /info, /metrics "
                                   "and, of the Open Inference Protocol, /v2/models/{}",
                                   name)};
  endpoint = route->path;
  const std::string_view allowed = route->method;
  if (request.method != allowed && !(request.method == "HEAD" && allowed == "GET"))
    throw RequestFault{405, fmt::format("{} takes {}", route->path, allowed),
                       allowed == "GET" ? "GET, HEAD" : "POST"};
  if (request.target.find('?') != std::string::npos)
    throw RequestFault{400,
                       "the address has a query, and no endpoint takes one; settings are keys of the body"};
  if (allowed == "POST") check_body_form(request);
  return *route;
}

void Handler::refuse_while_draining() const {
  if (draining_) throw RequestFault{503, "the server is stopping"};
}

HttpResponse Handler::live(const Call& /*call*/) const { return json_response(R"({"status":"live"})"); }
HttpResponse Handler::ready(const Call& /*call*/) const {
  refuse_while_draining();
  return json_response(R"({"status":"ready"})");
}
HttpResponse Handler::info(const Call& call) const { return json_response(call.model->description()); }
HttpResponse Handler::metrics_page(const Call& call) const {
  return {200, metrics_.text() + model_metric(*call.model), "text/plain; version=0.0.4; charset=utf-8"};
}

HttpResponse Handler::protocol_live(const Call& /*call*/) const { return json_response(R"({"live":true})"); }
HttpResponse Handler::protocol_ready(const Call& /*call*/) const {
  refuse_while_draining();
  return json_response(R"({"ready":true})");
}
HttpResponse Handler::protocol_server(const Call& /*call*/) const { return json_response(server_metadata()); }
HttpResponse Handler::protocol_model(const Call& call) const {
  return json_response(model_metadata(*call.model));
}
HttpResponse Handler::protocol_model_ready(const Call& call) const {
  refuse_while_draining();
  return json_response(fmt::format(R"({{"name":"{}","ready":true}})", call.model->name()));
}

HttpResponse Handler::predict(const Call& call) const {
  TextsAnswer answer = predict_answer(*call.model, call.request.body, limits_, cancelled_);
  call.num_texts = answer.num_texts;
  return {200, std::move(answer.body)};
}

HttpResponse Handler::infer(const Call& call) const {
  TextsAnswer answer = infer_answer(*call.model, call.request.body, limits_, cancelled_);
  call.num_texts = answer.num_texts;
  return {200, std::move(answer.body)};
}

}  // namespace bernoulli::serve
