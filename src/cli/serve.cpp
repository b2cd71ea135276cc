#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/verb.h"
#include "core/available_memory.h"
#include "core/error.h"
#include "core/log.h"
#include "core/log_time.h"
#include "core/stop.h"
#include "core/usual_threads.h"
#include "serve/byte_budget.h"
#include "serve/handler.h"
#include "serve/server.h"

namespace bernoulli::cli {
namespace {

namespace po = boost::program_options;
using serve::Handler;
using serve::ServedModel;

const Usage kServeUsage = {
    "serve RUN|FILE.pt [options]",
    "Answers HTTP requests with the records of predict, to the bit, without LibTorch: POST /predict with\n"
    "{\"texts\": [...]}; GET /health, /ready, /info, /metrics; the Open Inference Protocol below /v2.\n"
    "Says its address on standard output when it takes requests. SIGTERM or SIGINT: ends what is under way,\n"
    "then exit code 0. It has neither TLS nor passwords: let a proxy stand before it (docs/serve.md).",
    "  bernoulli serve runs/quickstart-1/model.pt\n"
    "  curl -H 'Content-Type: application/json' -d '{\"text\": \"a fine film\"}' localhost:8080/predict\n"
    "  bernoulli serve sentiment.pt --host 0.0.0.0 --port 80 --reload --quiet\n"
    "  bernoulli serve runs/topics-1 --port 0 --json --max-texts 64\n",
    "model", 1};

po::value_semantic* number(auto value, const char* name = "N") {
  return whole(name)->default_value(static_cast<int64_t>(value));
}

po::options_description serve_options() {
  const serve::ServerOptions server;
  const serve::RequestLimits limits;
  po::options_description options("options");
  options.add_options()("host", word("ADDRESS")->default_value(server.host),
                        "to listen on; 0.0.0.0: every network of this machine")(
      "port", number(server.port, "P"), "0: a free one")(
      "name", word("NAME"),
      "of the model in /v2/models/NAME; default: that of the run folder, or of the file without .pt")(
      "threads", number(0), "that classify, a request each; 0: BERNOULLI_THREADS, else one a core")(
      "max-body-bytes", number(limits.max_body_bytes), "of a request; more is answered with 413")(
      "max-texts", number(limits.max_texts), "of a request; more are answered with 413")(
      "max-text-tokens", number(limits.max_text_tokens),
      "of a text, where layers look across tokens and keep them all; more are answered with 413")(
      "max-connections", number(server.max_connections), "open at once; whoever comes then gets 503")(
      "max-request-bytes", number(0),
      "of bodies that are read or wait, in all; beyond, 503; 0: half of the free memory, at most 2 GiB")(
      "max-answer-bytes", number(0),
      "that clients have not taken yet, in all; beyond, 503; 0: a quarter of it, at most 512 MiB")(
      "timeout", number(server.timeout.count(), "S"),
      "seconds that a client may take to send the head of its next request, its body, or to take the answer")(
      "grace", number(server.grace.count(), "S"), "seconds that requests under way get at a stop")(
      "reload", "SIGHUP opens the model anew; where that fails, the old one stays")(
      "json", "say the address as JSON");
  return options;
}

serve::RequestLimits limits_of(const po::variables_map& values) {
  serve::RequestLimits limits;
  limits.max_body_bytes = static_cast<size_t>(number_within(values, "max-body-bytes", 1, int64_t{1} << 30));
  limits.max_texts = static_cast<size_t>(number_within(values, "max-texts", 1, int64_t{1} << 20));
  limits.max_text_tokens = static_cast<size_t>(number_within(values, "max-text-tokens", 1, int64_t{1} << 31));
  return limits;
}

serve::ServerOptions server_options_of(const po::variables_map& values) {
  constexpr int64_t kHour = 3600;
  serve::ServerOptions options;
  options.host = values["host"].as<std::string>();
  options.port =
      static_cast<uint16_t>(number_within(values, "port", 0, std::numeric_limits<uint16_t>::max()));
  const auto threads = static_cast<int>(number_within(values, "threads", 0, kMostThreads));
  options.threads = threads == 0 ? usual_threads() : threads;
  options.max_connections = static_cast<size_t>(number_within(values, "max-connections", 1, 1 << 20));
  options.max_request_bytes =
      static_cast<size_t>(number_within(values, "max-request-bytes", 0, int64_t{1} << 40));
  options.max_answer_bytes =
      static_cast<size_t>(number_within(values, "max-answer-bytes", 0, int64_t{1} << 40));
  options.timeout = std::chrono::seconds(number_within(values, "timeout", 1, kHour));
  options.grace = std::chrono::seconds(number_within(values, "grace", 0, kHour));
  return options;
}

/// What no option says, of the memory that the model leaves.
void draw_budgets(serve::ServerOptions& options) {
  const serve::ServerOptions usual;
  const auto left = available_memory();
  if (options.max_request_bytes == 0)
    options.max_request_bytes = serve::part_of_memory(left, 2, usual.max_request_bytes);
  if (options.max_answer_bytes == 0)
    options.max_answer_bytes = serve::part_of_memory(left, 4, usual.max_answer_bytes);
  log_info(fmt::format("requests may hold {} bytes in all, answers that wait {}", options.max_request_bytes,
                       options.max_answer_bytes));
}

std::string name_of(const po::variables_map& values, const std::string& path) {
  if (!values.contains("name")) return serve::model_name_of(path);
  const auto& name = values["name"].as<std::string>();
  if (!serve::is_model_name(name))
    throw UsageError(
        fmt::format("--name is '{}'; expected 1 to 200 ASCII letters, digits, '.', '-' and '_', as it "
                    "stands in addresses",
                    name));
  return name;
}

/// Opens the model anew.
class Reload {
 public:
  Reload(Handler& handler, std::string path) : handler_(handler), path_(std::move(path)) {}

  void operator()() {
    try {
      const auto before = handler_.model();
      const auto now = ServedModel::open(path_, before->name());
      handler_.replace(now);
      tell_change(*before, *now);
      handler_.metrics().count_reload(true);
    } catch (const std::exception& error) {
      tell_failure(error.what());
    } catch (const StopRequested&) {
      tell_failure("the server stops");
    }
  }

 private:
  void tell_change(const ServedModel& before, const ServedModel& now) {
    log_info(fmt::format("opened '{}' anew: {}, before {}", path_, now.hash(), before.hash()));
    if (now.description() == before.description())
      log_warning(fmt::format(
          "'{}' is the same model as before; where another one should be, mount its folder into the "
          "container, not the file alone, which stays the one that was mounted",
          path_));
    if (const std::string change = serve::change_of_labels(before.info().labels, now.info().labels);
        !change.empty())
      log_warning(
          fmt::format("the new model answers in other terms, and clients may not know them: {}", change));
  }

  void tell_failure(const char* why) {
    log_warning(fmt::format("the model stays what it was: {}", why));
    handler_.metrics().count_reload(false);
  }

  Handler& handler_;
  std::string path_;
};

std::string announcement(const serve::Server& server, const ServedModel& model, const std::string& host,
                         bool json) {
  if (!json) return fmt::format("serving {} on {}\n", model.name(), server.url());
  return nlohmann::ordered_json{
             {"name", model.name()}, {"url", server.url()}, {"host", host}, {"port", server.port()}}
             .dump() +
         "\n";
}

}  // namespace

int run_serve(const std::vector<std::string>& words) {
  const auto values = parse_words(kServeUsage, serve_options(), words);
  if (!values) return 0;
  const std::string path = positional_words(*values, kServeUsage, "a run folder or an exported file").front();
  const serve::RequestLimits limits = limits_of(*values);
  serve::ServerOptions options = server_options_of(*values);
  const std::string name = name_of(*values, path);
  log_with_time();
  auto handler = std::make_unique<Handler>(ServedModel::open(path, name), limits);
  log_info(fmt::format("opened '{}': {}", path, handler->model()->hash()));
  draw_budgets(options);
  auto reload = std::make_unique<Reload>(*handler, path);
  if (values->contains("reload")) options.reload = std::ref(*reload);
  const std::string host = options.host;
  auto server = std::make_unique<serve::Server>(*handler, std::move(options));
  print(announcement(*server, *handler->model(), host, values->contains("json")));
  if (!server->run()) {  // the process ends under what is computing still
    static_cast<void>(server.release());
    static_cast<void>(reload.release());
    static_cast<void>(handler.release());
  }
  return 0;
}

}  // namespace bernoulli::cli
