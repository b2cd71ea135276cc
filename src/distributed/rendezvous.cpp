#include "distributed/rendezvous.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "core/log.h"
#include "core/shallow_json.h"
#include "core/stop.h"
#include "distributed/failure.h"

namespace bernoulli {
namespace {

using Json = nlohmann::json;
using Links = std::vector<std::unique_ptr<Link>>;

constexpr size_t kLongestMessage = size_t{1} << 18;
/// A connection that says nothing is no process of ours, and others wait behind it.
constexpr double kHelloTimeout_s = 2;

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
    Hello hello{whole_number<int>(json.at("rank")), whole_number<int>(json.at("size")),
                whole_number<uint16_t>(json.at("port")), json.at("build"), json.at("key")};
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

/// Tells those that have come, so that none waits for what will not come.
void refuse(const Links& links, const FileDescriptor& last, const Failure& why) noexcept {
  const std::string text = compact_json(Json{{"refused", why.message}, {"code", why.code}});
  const auto tell = [&](int socket) {
    try {
      send_message(socket, monotonic_seconds() + 1, text);
    } catch (const StopRequested&) {
    }
  };
  for (const auto& link : links)
    if (link) tell(link->socket());
  if (last.get() >= 0) tell(last.get());
}

/// Says who is gone, or why, of those that have come; they say nothing else before all are there.
void watch(const Links& links) {
  for (const auto& link : links)
    if (link) link->receive_some();
}

/// What process 0 does with the next connection: a process more, or nothing. @throws DistributedError
void let_in(FileDescriptor& socket, const Place& place, const Hello& own, Links& links, Json& peers) {
  const std::optional<Hello> hello = hello_from(socket, place.key);
  const std::string address = other_end(socket.get()).address;
  if (!hello) {
    log_warning(fmt::format("a connection from {} is none of this training: dropped", address));
    return;
  }
  if (const std::string fault = fault_of(*hello, own, links); !fault.empty())
    throw DistributedError(fmt::format("a process at {} {}", address, fault));
  const auto rank = static_cast<size_t>(hello->rank);
  peers[rank] = {address, hello->port};
  links[rank] = std::make_unique<Link>(std::move(socket), name_of(hello->rank, address));
}

/// Process 0.
Links receive_all(const Place& place, Listener& listener, const Hello& own, double deadline_s,
                  double timeout_s) {
  Links links(static_cast<size_t>(place.size));
  Json peers(static_cast<size_t>(place.size), nullptr);
  FileDescriptor socket;
  const auto own_poll = listener.poll;
  listener.poll = [&] {
    own_poll();
    watch(links);
  };
  try {
    while (!absent(links, place.rank).empty()) {
      socket = accept_from(listener, deadline_s);
      if (socket.get() < 0) throw_absent(absent(links, place.rank), timeout_s);
      let_in(socket, place, own, links, peers);
    }
    const std::string text = Json{{"peers", peers}}.dump();
    for (const auto& link : links)
      if (link && !send_message(link->socket(), deadline_s, text))
        throw DistributedError(fmt::format("{} is lost before the training began", link->peer()));
  } catch (...) {
    refuse(links, socket, failure_of(std::current_exception()));
    listener.socket.reset();  // who was still to be let in need not wait
    throw;
  }
  return links;
}

/// Where each process listens, by rank.
using Peers = std::vector<std::pair<std::string, uint16_t>>;

/// As process 0 tells it. @throws what keeps it from that
Peers peers_from(const Link& first, int size, double deadline_s) {
  std::string text;
  if (!receive_message(first.socket(), deadline_s, kLongestMessage, text))
    throw DistributedError(
        "process 0 took the connection and gave no answer: another program may listen at MASTER_PORT, or "
        "BERNOULLI_JOB_KEY is not the same");
  try {
    const Json json = Json::parse(text);
    if (json.contains("refused"))
      throw_failure_of(first.peer(),
                       {whole_number<int>(json.at("code")), json.at("refused").get<std::string>()});
    Peers peers(1);
    for (size_t rank = 1; rank < static_cast<size_t>(size); ++rank) {
      const Json& peer = json.at("peers").at(rank);
      peers.emplace_back(peer.at(0).get<std::string>(), whole_number<uint16_t>(peer.at(1)));
    }
    return peers;
  } catch (const Json::exception&) {
    throw DistributedError("what answers at MASTER_PORT is no training of this program");
  }
}

FileDescriptor connect_to_first(const Place& place, double deadline_s) {
  try {
    return connect_to(place.address, place.port, deadline_s);
  } catch (const DistributedError& error) {
    throw DistributedError(
        fmt::format("{}; MASTER_ADDR and MASTER_PORT must be those of a process 0 that runs", error.what()));
  }
}

/// Any other process than 0, to which `links` has the way already: it goes to those before it, and those
/// behind it come.
void go_round(const Place& place, const Hello& own, Listener& listener, Links& links, double deadline_s,
              double timeout_s) {
  // Process 0 answers when all have come, or says after its own time who has not.
  const Peers peers = peers_from(*links[0], place.size, deadline_s + timeout_s);
  deadline_s = monotonic_seconds() + timeout_s;  // of its own for the round: all are there
  listener.poll = [&] {
    throw_if_stopped();
    links[0]->receive_some();  // or says that it has ended, and why
  };
  for (int rank = 1; rank < place.rank; ++rank) {
    const auto& [host, port] = peers[static_cast<size_t>(rank)];
    FileDescriptor socket = connect_to(host, port, deadline_s, listener.poll);
    send_message(socket.get(), deadline_s, text_of(own));
    links[static_cast<size_t>(rank)] = std::make_unique<Link>(std::move(socket), name_of(rank, host));
  }
  while (!absent(links, place.rank).empty()) {
    FileDescriptor socket = accept_from(listener, deadline_s);
    if (socket.get() < 0) throw_absent(absent(links, place.rank), timeout_s);
    const std::optional<Hello> hello = hello_from(socket, place.key);
    if (!hello || !fault_of(*hello, own, links).empty()) continue;
    const std::string from = other_end(socket.get()).address;
    links[static_cast<size_t>(hello->rank)] =
        std::make_unique<Link>(std::move(socket), name_of(hello->rank, from));
  }
}

/// go_round after process 0 was found, which learns where it fails.
Links join(const Place& place, Hello own, double deadline_s, double timeout_s) {
  Links links(static_cast<size_t>(place.size));
  FileDescriptor first = connect_to_first(place, deadline_s);
  Listener listener = listen_at(own_end(first.get()).address, 0);
  own.port = listener.at.port;
  const std::string address = other_end(first.get()).address;
  links[0] = std::make_unique<Link>(std::move(first), name_of(0, address));
  try {
    send_message(links[0]->socket(), deadline_s, text_of(own));
    go_round(place, own, listener, links, deadline_s, timeout_s);
  } catch (...) {
    const Failure failure = failure_of(std::current_exception());
    links[0]->end(failure.code, failure.message);
    throw;
  }
  return links;
}

}  // namespace

std::vector<std::unique_ptr<Link>> meet(const Place& place, Listener* listener, const std::string& build,
                                        double timeout_s) {
  const Hello own{place.rank, place.size, place.port, build, place.key};
  const double deadline_s = monotonic_seconds() + timeout_s;
  return place.rank == 0 ? receive_all(place, *listener, own, deadline_s, timeout_s)
                         : join(place, own, deadline_s, timeout_s);
}

}  // namespace bernoulli
