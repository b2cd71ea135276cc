#include "distributed/rendezvous.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/log.h"

namespace bernoulli {
namespace {

using Json = nlohmann::json;
using Links = std::vector<std::unique_ptr<Link>>;

constexpr size_t kLongestMessage = size_t{1} << 18;
/// A connection that says nothing is no process of ours, and others wait behind it.
constexpr double kHelloTimeout_s = 5;

std::string name_of(int rank, const std::string& address) {
  return fmt::format("process {} at {}", rank, address);
}

/// What a process says of itself when it connects.
struct Hello {
  int rank = 0;
  int size = 0;
  uint16_t port = 0;  ///< where it listens
  std::string build;
  std::string key;
};

std::string text_of(const Hello& hello) {
  return Json{{"bernoulli", "training"}, {"rank", hello.rank},   {"size", hello.size},
              {"port", hello.port},      {"build", hello.build}, {"key", hello.key}}
      .dump();
}

/// Nothing unless it is the hello of a process of this job.
std::optional<Hello> hello_from(const FileDescriptor& socket, const std::string& key) {
  std::string text;
  if (!receive_message(socket.get(), monotonic_seconds() + kHelloTimeout_s, kLongestMessage, text))
    return std::nullopt;
  try {
    const Json json = Json::parse(text);
    Hello hello{json.at("rank"), json.at("size"), json.at("port"), json.at("build"), json.at("key")};
    if (hello.key == key) return hello;
  } catch (const Json::exception&) {
  }
  return std::nullopt;
}

/// What keeps a process from taking part; empty: nothing.
std::string fault_of(const Hello& hello, const Hello& own, const Links& links) {
  if (hello.build != own.build)
    return fmt::format("is another build of bernoulli ({}, and process 0 is {}): install one everywhere",
                       hello.build, own.build);
  if (hello.size != own.size)
    return fmt::format("has WORLD_SIZE {}, and process 0 has {}", hello.size, own.size);
  if (hello.rank <= 0 || hello.rank >= own.size)
    return fmt::format("has RANK {} (expected 1 to {})", hello.rank, own.size - 1);
  if (links[static_cast<size_t>(hello.rank)])
    return fmt::format("has RANK {}, which {} has already", hello.rank,
                       links[static_cast<size_t>(hello.rank)]->peer());
  return "";
}

std::vector<int> absent(const Links& links, int own_rank) {
  std::vector<int> ranks;
  for (int rank = 0; rank < static_cast<int>(links.size()); ++rank)
    if (rank != own_rank && !links[static_cast<size_t>(rank)]) ranks.push_back(rank);
  return ranks;
}

[[noreturn]] void throw_absent(const std::vector<int>& ranks, double timeout_s) {
  throw DistributedError(fmt::format(
      "process {} has not come within {}: is it started, with the same MASTER_ADDR, MASTER_PORT and "
      "BERNOULLI_JOB_KEY?",
      fmt::join(ranks, ", "), format_duration(timeout_s)));
}

/// Tells those that are there, so that none waits for what will not come.
void refuse(const Links& links, const FileDescriptor& last, const std::string& why) {
  const std::string text = Json{{"refused", why}}.dump();
  const double deadline_s = monotonic_seconds() + 1;
  for (const auto& link : links)
    if (link) send_message(link->socket(), deadline_s, text);
  send_message(last.get(), deadline_s, text);
}

/// Process 0.
Links receive_all(const Place& place, const Listener& listener, const Hello& own, double deadline_s,
                  double timeout_s) {
  Links links(static_cast<size_t>(place.size));
  Json peers = Json::array();
  for (int rank = 0; rank < place.size; ++rank) peers.push_back(nullptr);
  for (int left = place.size - 1; left > 0;) {
    FileDescriptor socket = accept_from(listener, deadline_s);
    if (socket.get() < 0) {
      refuse(links, socket, "process 0 has waited too long for the others");
      throw_absent(absent(links, place.rank), timeout_s);
    }
    const std::optional<Hello> hello = hello_from(socket, place.key);
    const std::string address = other_end(socket.get()).address;
    if (!hello) {
      log_warning(fmt::format("a connection from {} is none of this training: dropped", address));
      continue;
    }
    if (const std::string fault = fault_of(*hello, own, links); !fault.empty()) {
      const std::string why = fmt::format("a process at {} {}", address, fault);
      refuse(links, socket, why);
      throw DistributedError(why);
    }
    const auto rank = static_cast<size_t>(hello->rank);
    peers[rank] = {address, hello->port};
    links[rank] = std::make_unique<Link>(std::move(socket), name_of(hello->rank, address));
    --left;
  }
  const std::string text = Json{{"peers", peers}}.dump();
  for (const auto& link : links)
    if (link && !send_message(link->socket(), deadline_s, text))
      throw DistributedError(fmt::format("{} is lost before the training began", link->peer()));
  return links;
}

/// Where the others listen, by rank, as process 0 tells it.
Json peers_from(int socket, double deadline_s) {
  std::string text;
  if (!receive_message(socket, deadline_s, kLongestMessage, text))
    throw DistributedError(
        "process 0 took the connection and gave no answer: another program may listen at MASTER_PORT, or "
        "BERNOULLI_JOB_KEY is not the same");
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_object() && json.contains("refused"))
    throw DistributedError(json["refused"].get<std::string>());
  if (!json.is_object() || !json.contains("peers"))
    throw DistributedError("what answers at MASTER_PORT is no training of this program");
  return json["peers"];
}

/// Any other process: it goes to those before it, and those behind it come.
Links go_round(const Place& place, Hello own, double deadline_s, double timeout_s) {
  Links links(static_cast<size_t>(place.size));
  FileDescriptor first = connect_to(place.address, place.port, deadline_s);
  const Listener listener = listen_at(own_end(first.get()).address, 0);
  own.port = listener.at.port;
  send_message(first.get(), deadline_s, text_of(own));
  // Process 0 answers when all have come, or says after its own time who has not.
  const Json peers = peers_from(first.get(), deadline_s + kHelloTimeout_s);
  const std::string address = other_end(first.get()).address;
  links[0] = std::make_unique<Link>(std::move(first), name_of(0, address));
  for (int rank = 1; rank < place.rank; ++rank) {
    const auto [host, port] = peers.at(static_cast<size_t>(rank)).get<std::pair<std::string, uint16_t>>();
    FileDescriptor socket = connect_to(host, port, deadline_s);
    send_message(socket.get(), deadline_s, text_of(own));
    links[static_cast<size_t>(rank)] = std::make_unique<Link>(std::move(socket), name_of(rank, host));
  }
  for (int left = place.size - 1 - place.rank; left > 0;) {
    FileDescriptor socket = accept_from(listener, deadline_s);
    if (socket.get() < 0) throw_absent(absent(links, place.rank), timeout_s);
    const std::optional<Hello> hello = hello_from(socket, place.key);
    if (!hello || !fault_of(*hello, own, links).empty()) continue;
    const std::string from = other_end(socket.get()).address;
    links[static_cast<size_t>(hello->rank)] =
        std::make_unique<Link>(std::move(socket), name_of(hello->rank, from));
    --left;
  }
  return links;
}

}  // namespace

std::vector<std::unique_ptr<Link>> meet(const Place& place, const Listener* listener,
                                        const std::string& build, double timeout_s) {
  const Hello own{place.rank, place.size, place.port, build, place.key};
  const double deadline_s = monotonic_seconds() + timeout_s;
  return place.rank == 0 ? receive_all(place, *listener, own, deadline_s, timeout_s)
                         : go_round(place, own, deadline_s, timeout_s);
}

}  // namespace bernoulli
