#pragma once

#include <cstddef>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "core/file_descriptor.h"

namespace bernoulli {

/// A connection to another process of the training, which carries one frame after the other: data; a sign of
/// life, which counts for nothing but that; the word that the other one ends, and why. Nothing here waits.
///
/// A frame is one byte that says what it is and, but for a sign of life, 8 bytes with the length of what
/// follows. So a sign of life goes whole or not at all, and fits between any two frames.
class Link {
 public:
  /// @param socket  connected, not blocking.   @param peer  as messages name it: "process 2 at 10.0.0.3"
  Link(FileDescriptor socket, std::string peer);

  const std::string& peer() const { return peer_; }
  int socket() const { return socket_.get(); }
  double last_heard_s() const { return last_heard_s_; }  ///< of monotonic_seconds

  /// Begins to send a frame of data; the one before was sent. `bytes` stay where they are until sending()
  /// says no.
  void start(std::string_view bytes);
  bool sending() const { return !header_.empty() || !payload_.empty(); }
  /// As much as the system takes. @throws where the other process takes nothing any more: what receive_some
  /// throws
  void send_some();
  /// The same, for who has failed already and lets the frame end so that a last word can follow.
  /// @return whether there is some left
  bool flush() noexcept;
  /// What is left of the frame is not sent: `bytes` of start() may go.
  void abandon_frame() noexcept;

  /// What the next frame of data is to fill, or to be. It stays where it is until expecting() says no.
  void expect(std::span<char> exactly);
  void expect(std::string& whatever_comes);
  bool expecting() const { return expecting_; }
  /// Data has begun to come that nobody has expected yet: nothing is read before somebody does.
  bool holds_unexpected() const { return stage_ != Stage::kKind && !expecting_ && !ending_; }
  /// The other process has ended in order. @throws DistributedError where something is wanted of it still
  bool over() const;
  /// Of the frame that is expected nothing has come yet.
  bool idle() const { return stage_ == Stage::kKind; }
  /// What has come, up to the end of the frame that is expected. @throws DistributedError where the other
  /// process is gone or sends what is no answer; its own failure where it said why it ends (failure.h)
  void receive_some();

  /// From any thread: a sign of life, unless there is no room for it.
  void beat();
  /// The last word, as far as it can be said: nothing is sent after it. @param code  an exit code
  void end(int code, std::string_view message) noexcept;
  /// After end(): drops what still comes. False once the other side has ended too.
  bool drain() noexcept;

 private:
  enum class Stage { kKind, kLength, kPayload };

  /// @return 0, or the errno of what could not be sent
  int send_frame();
  /// For a connection that broke: the system keeps what came before, and the reason may be in it.
  [[noreturn]] void throw_last_word(const std::string& how);
  /// @return what came: 0 for nothing yet
  size_t read(char* to, size_t count);
  bool read_kind();
  bool read_length();
  bool read_payload();
  /// For the next part of data of any length: a length that was only said takes no memory.
  void make_room();
  void finish_frame();

  FileDescriptor socket_;
  std::string peer_;
  double last_heard_s_;

  std::mutex sending_mutex_;  ///< a sign of life does not get into a frame
  std::string_view header_;   ///< what is left of it, in header_bytes_
  std::string_view payload_;  ///< what is left of it
  char header_bytes_[9] = {};
  bool in_frame_ = false;  ///< some of the frame was sent, and some was not

  Stage stage_ = Stage::kKind;
  bool ending_ = false;  ///< the frame that comes is the last word
  bool over_ = false;    ///< which was that all is well
  bool expecting_ = false;
  std::string* any_ = nullptr;  ///< what is expected has any length
  std::span<char> into_;        ///< what is left to fill: of the length, then of the payload or its part
  size_t to_come_ = 0;          ///< of what has any length, behind into_
  std::span<char> exactly_;
  char length_bytes_[8] = {};
  std::string last_word_;
};

}  // namespace bernoulli
