#include "cli/processes.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <poll.h>
#include <sys/random.h>
#include <utility>

#include <fmt/format.h>

#include "cli/verb.h"
#include "core/device_word.h"
#include "core/error.h"
#include "core/hex.h"
#include "core/log.h"
#include "core/parse_number.h"
#include "core/version.h"
#include "distributed/rendezvous.h"
#include "distributed/socket.h"
#include "tensor/device.h"
#include "train/leading_step.h"

namespace bernoulli::cli {
namespace {

using Json = nlohmann::ordered_json;

/// In which all processes of a training must have come to process 0.
constexpr double kMeet_s = 120;
constexpr const char* kHere = "127.0.0.1";

/// BERNOULLI_SILENCE_S, where it is set. @throws UsageError
Communicator::Options usual_options() {
  Communicator::Options options;
  const char* const word = std::getenv("BERNOULLI_SILENCE_S");
  if (word == nullptr || *word == '\0') return options;
  const auto seconds = parse_number<int>(word);
  if (!seconds || *seconds < 2 || *seconds > 86400)
    throw UsageError(
        fmt::format("BERNOULLI_SILENCE_S is '{}' (expected 2 to 86400 seconds, or unset for {:g})", word,
                    options.silence_s));
  options.silence_s = *seconds;
  return options;
}

/// What other users of this machine cannot guess. @throws IoError
std::string new_key() {
  std::string bytes(16, '\0');
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw IoError("the system gives no random bytes");
  return to_hex(bytes);
}

std::vector<std::string> environment_of(const Place& place) {
  return {fmt::format("RANK={}", place.rank),
          fmt::format("WORLD_SIZE={}", place.size),
          fmt::format("LOCAL_RANK={}", place.local_rank),
          fmt::format("LOCAL_WORLD_SIZE={}", place.local_size),
          fmt::format("MASTER_ADDR={}", place.address),
          fmt::format("MASTER_PORT={}", place.port),
          "TORCHELASTIC_USE_AGENT_STORE=False",
          fmt::format("BERNOULLI_JOB_KEY={}", place.key)};
}

}  // namespace

std::optional<Place> place_of(const TrainArguments& arguments) {
  const std::optional<Place> place = place_from_environment();
  if (place && arguments.dry_run)
    throw UsageError(
        fmt::format("--dry-run runs one batch, in one process, and WORLD_SIZE is {}: unset it", place->size));
  if (!arguments.processes) return place;
  if (place && place->size != *arguments.processes)
    throw UsageError(fmt::format("--processes is {}, and WORLD_SIZE is {}: give one of them",
                                 *arguments.processes, place->size));
  if (place || *arguments.processes == 1) return place;
  return Place{.size = *arguments.processes, .local_size = *arguments.processes, .address = kHere};
}

std::string device_of(const std::string& device, const Place& place) {
  const DeviceWord word = parse_device(device);
  const bool any = (word.kind == DeviceWord::Kind::kCuda && !word.index) ||
                   (word.kind == DeviceWord::Kind::kAuto && open_device(device).is_cuda());
  return any ? fmt::format("cuda:{}", place.local_rank) : device;
}

StartedProcesses::StartedProcesses(const TrainArguments& arguments, const Place& place) {
  std::vector<std::string> words = {kThisProgram, "train"};
  words.insert(words.end(), arguments.words.begin(), arguments.words.end());
  for (int rank = 1; rank < place.size; ++rank) {
    Place other = place;
    other.rank = other.local_rank = rank;
    started_.push_back(
        std::unique_ptr<Started>(new Started{rank, ChildProcess(words, environment_of(other))}));
  }
  listening_ = std::jthread([this](const std::stop_token& stop) {
    try {
      listen_until(stop);
    } catch (const std::exception& error) {
      log_warning(
          fmt::format("the processes of this training are not listened to any more: {}", error.what()));
    }
  });
}

StartedProcesses::~StartedProcesses() {
  constexpr double kPatience_s = 2;
  stop_listening();
  for (const int signal_number : {SIGTERM, SIGKILL}) {
    const double deadline_s = monotonic_seconds() + kPatience_s;
    while (!all_ended() && monotonic_seconds() < deadline_s) {
      ::poll(nullptr, 0, 10);
      listen();
    }
    ended_from_here_ = true;
    for (const auto& started : started_) started->process.send(signal_number);
  }
}

void StartedProcesses::say_no_more() {
  stop_listening();
  listen();
  silent_ = true;
}

void StartedProcesses::stop_listening() {
  if (!listening_.joinable()) return;
  listening_.request_stop();
  listening_.join();
}

bool StartedProcesses::all_ended() const {
  return std::ranges::all_of(started_, [](const auto& started) { return started->process.ended(); });
}

void StartedProcesses::listen_until(const std::stop_token& stop) {
  constexpr int kTickMs = 100;
  while (!stop.stop_requested()) {
    std::vector<const ChildProcess*> processes;
    for (const auto& started : started_)
      if (!started->process.ended()) processes.push_back(&started->process);
    ChildProcess::wait_for_any(processes, kTickMs);
    listen();
  }
}

void StartedProcesses::listen() {
  for (const auto& started : started_) {
    if (started->process.ended()) continue;
    for (std::string_view line : started->process.take_lines()) {
      if (line.starts_with(kErrorPrefix)) line.remove_prefix(std::string_view(kErrorPrefix).size());
      if (!silent_) log_warning(fmt::format("process {}: {}", started->rank, line));
    }
    if (!started->process.ended()) continue;
    const ChildProcess::End& end = started->process.end();
    if (end.signal != 0 && !ended_from_here_)
      log_warning(fmt::format("process {} {}", started->rank, end_by_signal(end.signal)));
    if (ended_rank_ != 0) continue;
    ended_code_ = end.exit_code;
    ended_rank_ = started->rank;
  }
}

void StartedProcesses::throw_if_ended() const {
  const int rank = ended_rank_;
  if (rank == 0) return;
  const std::string name = fmt::format("process {}", rank);
  throw_failure_of(name, {ended_code_, name + " ended before the training began"});
}

OtherProcesses::OtherProcesses(const TrainArguments& arguments, Place place) {
  const Communicator::Options options = usual_options();
  std::optional<Listener> listener;
  if (place.rank == 0) {
    const bool starts = place.port == 0;
    listener = listen_at(place.address, place.port);
    if (starts) {
      place.port = listener->at.port;
      place.key = new_key();
      started_.emplace(arguments, place);
      listener->poll = [this] {
        throw_if_stopped();
        started_->throw_if_ended();
      };
    }
  }
  const std::string build = fmt::format("{} {}", kVersion, kGitCommit);
  all_ = std::make_unique<Communicator>(
      place.rank, meet(place, listener ? &*listener : nullptr, build, kMeet_s), options);
}

void OtherProcesses::leave(const Failure& why) {
  if (started_) started_->say_no_more();
  all_->leave(why);
}

void OtherProcesses::let_go() {
  try {
    end_following(*all_);
  } catch (const DistributedError& error) {
    log_warning(fmt::format("the training was over already: {}", error.what()));
  }
  leave({});
}

void OtherProcesses::check_same(const Json& own) {
  const std::vector<std::string> all = all_->gather(own.dump());
  for (size_t rank = 0; rank < all.size(); ++rank) {
    const Json other = Json::parse(all[rank]);
    for (const auto& [what, fingerprint] : own.items()) {
      if (other.at(what) != fingerprint)
        throw DistributedError(fmt::format(
            "the {} of {} is not that of process 0 (fingerprint {}, {} there): start all processes with the "
            "same words, program and data",
            what, all_->name_of(static_cast<int>(rank)), fingerprint.get<std::string>(),
            other.at(what).get<std::string>()));
    }
  }
}

}  // namespace bernoulli::cli
