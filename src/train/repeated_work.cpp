#include "train/repeated_work.h"

#include <exception>

#include <fmt/format.h>

#include <c10/util/Exception.h>

#include "core/log.h"

namespace bernoulli {
namespace {

void give_up(Recorder& recorder, std::string why) {
  recorder.why_not = std::move(why);
  log_warning(fmt::format(
      "the updates of this model are not replayed as a graph, but asked for one by one, which is slower: {}",
      recorder.why_not));
}

}  // namespace

void RepeatedWork::run(Recorder& recorder) {
  if (graph_ == nullptr && was_done_ && recorder.why_not.empty()) {
    try {
      graph_ = recorder.device.record(work_);
    } catch (const c10::Error& error) {
      give_up(recorder, error.what_without_backtrace());
    } catch (const std::exception& error) {  // of the interpreter, or of the device
      give_up(recorder, error.what());
    }
  }
  if (graph_ != nullptr && recorder.why_not.empty()) {
    graph_->replay();
  } else {
    graph_.reset();  // draws from the generator that the recording which failed has left behind
    work_();
    was_done_ = true;
  }
}

}  // namespace bernoulli
