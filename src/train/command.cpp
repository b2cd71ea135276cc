#include "train/command.h"

#include <bit>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/little_endian.h"
#include "store/raw_tensors.h"
#include "tensor/safetensors.h"

namespace bernoulli {
namespace {

constexpr size_t kHead = 1 + 3 * 8;

std::string bytes_of(const NamedTensors& tensors) {
  const HostTensors hosts(tensors);
  return write_raw_tensors({{}, hosts.raw()});
}

NamedTensors tensors_of(std::string_view bytes) {
  return to_tensors(read_raw_tensors(bytes, "what process 0 sends").tensors);
}

}  // namespace

std::string Command::to_bytes() const {
  std::string to(1, static_cast<char>(kind));
  append_little_endian(to, static_cast<uint64_t>(step));
  append_little_endian(to, std::bit_cast<uint64_t>(lr));
  append_little_endian(to, static_cast<uint64_t>(numbers.size()));
  for (const int64_t number : numbers) append_little_endian(to, static_cast<uint64_t>(number));
  return to + bytes;
}

Command Command::from_bytes(std::string_view bytes) {
  const auto take = [&] {
    if (bytes.size() < 8) throw InternalError("a command of process 0 is cut");
    const auto value = read_little_endian<uint64_t>(bytes);
    bytes.remove_prefix(8);
    return value;
  };
  if (bytes.size() < kHead) throw InternalError("a command of process 0 is cut");
  Command command;
  command.kind = static_cast<Kind>(bytes[0]);
  bytes.remove_prefix(1);
  command.step = static_cast<int64_t>(take());
  command.lr = std::bit_cast<double>(take());
  for (uint64_t left = take(); left > 0; --left) command.numbers.push_back(static_cast<int64_t>(take()));
  command.bytes = bytes;
  return command;
}

Command rows_command(const TokenView& rows, int64_t begin, int64_t end) {
  Command command{.kind = Command::Kind::kRows};
  std::vector<int32_t> room;
  for (int64_t row = begin; row < end; ++row) {
    room.resize(static_cast<size_t>(rows.row_size(row)));
    const std::span<const int32_t> ids = rows.row(row, room.data());
    command.numbers.push_back(static_cast<int64_t>(ids.size()));
    command.bytes.append(reinterpret_cast<const char*>(ids.data()), ids.size_bytes());
  }
  return command;
}

TokenView rows_of(const Command& command) {
  TokenRows rows;
  for (const int64_t size : command.numbers) rows.offsets.push_back(rows.offsets.back() + size);
  rows.ids.resize(command.bytes.size() / sizeof(int32_t));
  if (!rows.ids.empty())  // else without an address, which memcpy must not be given
    std::memcpy(rows.ids.data(), command.bytes.data(), rows.ids.size() * sizeof(int32_t));
  return TokenView(std::move(rows));
}

Command load_command(const NamedTensors& weights, const NamedTensors& training_state) {
  Command command{.kind = Command::Kind::kLoad, .bytes = bytes_of(weights)};
  command.numbers = {static_cast<int64_t>(command.bytes.size())};
  command.bytes += bytes_of(training_state);
  return command;
}

LoadedState state_of(const Command& command) {
  const auto size = static_cast<size_t>(command.numbers.at(0));
  const std::string_view bytes = command.bytes;
  return {tensors_of(bytes.substr(0, size)), tensors_of(bytes.substr(size))};
}

std::string weights_fingerprint(const NamedTensors& weights) {
  const HostTensors hosts(weights);
  return tensors_fingerprint(hosts.raw());
}

}  // namespace bernoulli
