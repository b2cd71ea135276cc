#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "serve/http_message.h"
#include "serve/request_body.h"
#include "serve/request_metrics.h"
#include "serve/served_model.h"

namespace bernoulli::serve {

/// {"error": message}, in UTF-8 whatever the message holds.
HttpResponse error_response(const RequestFault& fault);

/// A response and what is counted of it.
struct Answer {
  HttpResponse response;
  const char* endpoint = "other";
  size_t num_texts = 0;
  bool is_probe = false;  ///< of a request that asks how the server is
};

/// The contract of docs/serve.md, requests in and answers out, without a socket. Any number of threads may
/// ask at once.
class Handler {
 public:
  Handler(std::shared_ptr<const ServedModel> model, RequestLimits limits);

  /// Every request has an answer: what goes wrong is one, too (500; 503 where memory ran out).
  /// HEAD is answered as GET is; whoever sends the answer leaves out the body.
  /// @throws std::bad_alloc where even the answer finds no memory
  Answer answer(const HttpRequest& request);

  /// The answer to a request whose body need not be read, as its head is refused.
  std::optional<Answer> refusal(const HttpRequest& head) const;

  /// The answer to a request for a reason that is none of its own.
  Answer refuse(const HttpRequest& request, const RequestFault& fault) const;

  /// Whether a request asks how the server is: what an orchestrator restarts it by, and who watches it.
  bool is_probe(const HttpRequest& request) const;

  /// Whether a request may take long: it computes.
  static bool computes(const HttpRequest& request);

  /// From now on requests are answered by another model; those under way end with theirs.
  void replace(std::shared_ptr<const ServedModel> model);
  std::shared_ptr<const ServedModel> model() const;

  /// GET /ready answers 503 from now on.
  void drain() { draining_ = true; }
  /// Requests under way end before their next text, with 503.
  void cancel() { cancelled_ = true; }

  const RequestLimits& limits() const { return limits_; }
  RequestMetrics& metrics() { return metrics_; }

 private:
  struct Call;
  struct Route;
  static const std::vector<Route>& routes();
  Answer routed(const HttpRequest& request);
  static const Route& route_of(const HttpRequest& request, const std::string& name, const char*& endpoint);

  HttpResponse live(const Call& call) const;
  HttpResponse ready(const Call& call) const;
  HttpResponse info(const Call& call) const;
  HttpResponse metrics_page(const Call& call) const;
  HttpResponse protocol_live(const Call& call) const;
  HttpResponse protocol_ready(const Call& call) const;
  HttpResponse protocol_server(const Call& call) const;
  HttpResponse protocol_model(const Call& call) const;
  HttpResponse protocol_model_ready(const Call& call) const;
  HttpResponse predict(const Call& call) const;
  HttpResponse infer(const Call& call) const;
  void refuse_while_draining() const;

  RequestLimits limits_;
  RequestMetrics metrics_;
  std::atomic<bool> draining_ = false;
  std::atomic<bool> cancelled_ = false;
  mutable std::mutex mutex_;
  std::shared_ptr<const ServedModel> model_;
};

}  // namespace bernoulli::serve
