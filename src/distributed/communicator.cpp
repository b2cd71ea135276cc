#include "distributed/communicator.h"

#include <algorithm>
#include <chrono>
#include <poll.h>

#include <fmt/format.h>

#include "core/error.h"
#include "core/log.h"
#include "core/stop.h"

namespace bernoulli {
namespace {

constexpr int kTickMs = 200;
constexpr double kBeat_s = 0.5;
/// In which the others take what is left of a frame.
constexpr double kFinish_s = 1;
/// In which the others take the last word and end.
constexpr double kLeave_s = 2;

std::string_view bytes_of(std::span<const float> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}
std::span<char> room_of(std::span<float> values) {
  return {reinterpret_cast<char*>(values.data()), values.size_bytes()};
}

}  // namespace

Communicator::Communicator(int rank, std::vector<std::unique_ptr<Link>> links, Options options)
    : rank_(rank), links_(std::move(links)), options_(options) {
  beating_ = std::jthread([this](const std::stop_token& stop) {
    const auto pause = std::chrono::duration<double>(std::min(kBeat_s, options_.silence_s / 8));
    std::unique_lock lock(beat_mutex_);
    while (!beat_wakes_.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) beat();
  });
}

Communicator::~Communicator() = default;

void Communicator::beat() {
  each_link([](Link& link) { link.beat(); });
}

std::string Communicator::name_of(int rank) const {
  const auto& link = links_[static_cast<size_t>(rank)];
  return link ? link->peer() : fmt::format("process {}, this one,", rank);
}

void Communicator::broadcast(std::string& bytes) {
  if (rank_ == 0) {
    each_link([&](Link& link) { link.start(bytes); });
  } else {
    links_[0]->expect(bytes);
  }
  transfer();
}

std::string Communicator::scatter(std::span<const std::string> by_rank) {
  std::string own;
  if (rank_ == 0) {
    own = by_rank[0];
    for (size_t rank = 1; rank < links_.size(); ++rank) links_[rank]->start(by_rank[rank]);
  } else {
    links_[0]->expect(own);
  }
  transfer();
  return own;
}

std::vector<std::string> Communicator::gather(std::string_view bytes) {
  std::vector<std::string> all;
  if (rank_ == 0) {
    all.resize(links_.size());
    all[0] = bytes;
    for (size_t rank = 1; rank < links_.size(); ++rank) links_[rank]->expect(all[rank]);
  } else {
    links_[0]->start(bytes);
  }
  transfer();
  return all;
}

void Communicator::to_owners(std::span<const float> values, int givers, std::span<float> parts) {
  const Share own = own_share(values.size());
  const bool gives = rank_ < givers;
  for (int rank = 0; rank < size(); ++rank) {
    const auto part = [&] { return parts.subspan(static_cast<size_t>(rank) * own.size(), own.size()); };
    const auto& link = links_[static_cast<size_t>(rank)];
    if (!link) {
      if (gives) std::copy_n(values.begin() + static_cast<ptrdiff_t>(own.begin), own.size(), part().begin());
      continue;
    }
    const Share share = share_of(rank, size(), values.size());
    if (gives) link->start(bytes_of(values.subspan(share.begin, share.size())));
    if (rank < givers) link->expect(room_of(part()));
  }
  transfer();
}

void Communicator::to_all(std::span<float> whole) {
  const Share own = own_share(whole.size());
  for (int rank = 0; rank < size(); ++rank) {
    const auto& link = links_[static_cast<size_t>(rank)];
    if (!link) continue;
    const Share share = share_of(rank, size(), whole.size());
    link->start(bytes_of(whole.subspan(own.begin, own.size())));
    link->expect(room_of(whole.subspan(share.begin, share.size())));
  }
  transfer();
}

void Communicator::transfer() {
  try {
    transfer_all();
  } catch (const DistributedError&) {
    finish_frames();
    throw_if_stopped();  // whoever stops all processes at once loses some of them first
    throw;
  } catch (...) {
    finish_frames();
    throw;
  }
}

void Communicator::finish_frames() noexcept {
  const double deadline_s = monotonic_seconds() + kFinish_s;
  bool sending = true;
  while (sending && monotonic_seconds() < deadline_s) {
    sending = false;
    each_link([&](Link& link) {
      sending |= link.flush();
      link.drain();  // the other side may be doing the same
    });
    if (sending) ::poll(nullptr, 0, 2);
  }
  each_link([](Link& link) { link.abandon_frame(); });
}

void Communicator::transfer_all() {
  const double since_s = monotonic_seconds();
  each_link([](Link& link) { link.send_some(); });
  std::vector<pollfd> sockets(links_.size());
  while (true) {
    bool busy = false, idle = true;
    for (size_t i = 0; i < links_.size(); ++i) {
      sockets[i] = {-1, 0, 0};
      if (!links_[i]) continue;
      const Link& link = *links_[i];
      if (link.over()) continue;
      busy |= link.sending() || link.expecting();
      idle &= !link.sending() && link.idle();
      if (link.sending()) sockets[i].events |= POLLOUT;
      if (!link.holds_unexpected()) sockets[i].events |= POLLIN;
      if (sockets[i].events != 0) sockets[i].fd = link.socket();
    }
    if (!busy) return;
    // Process 0 stops between two updates, where it can save; another one tells it, where no frame is cut.
    if (idle && rank_ != 0) throw_if_stopped();
    ::poll(sockets.data(), sockets.size(), kTickMs);
    for (size_t i = 0; i < links_.size(); ++i) {
      if (!links_[i]) continue;
      Link& link = *links_[i];
      if ((sockets[i].revents & POLLOUT) != 0) link.send_some();
      if ((sockets[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) link.receive_some();
      watch_over_silence(link, since_s);
    }
  }
}

void Communicator::watch_over_silence(const Link& link, double since_s) const {
  const bool awaited = link.expecting() || (link.sending() && !link.holds_unexpected());
  if (!awaited || monotonic_seconds() - std::max(since_s, link.last_heard_s()) < options_.silence_s) return;
  throw DistributedError(
      fmt::format("{} has given no sign of life for {}: it was stopped, or its machine or network is down. "
                  "What was saved stays: start all processes again with --resume",
                  link.peer(), format_duration(options_.silence_s)));
}

void Communicator::leave(const Failure& why) noexcept {
  each_link([&](Link& link) { link.end(why.code, why.message); });
  const double deadline_s = monotonic_seconds() + kLeave_s;
  // Unread bytes would have the system take the last word back when the connection is closed.
  bool open = true;
  while (open && monotonic_seconds() < deadline_s) {
    open = false;
    each_link([&](Link& link) { open |= link.drain(); });
    if (open) ::poll(nullptr, 0, 5);
  }
}

}  // namespace bernoulli
