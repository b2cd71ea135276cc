#include "tensor/torch_warnings.h"

#include <mutex>
#include <set>
#include <string>

#include <c10/util/Exception.h>

#include "core/log.h"

namespace bernoulli {
namespace {

/// cuDNN's lstm and gru, at every batch: the remedy is a function of torch.nn.
bool is_for_modules_of_python(const std::string& text) {
  return text.starts_with("RNN module weights are not part of single contiguous chunk of memory");
}

class OnceHandler : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override {
    const std::string& text = warning.msg();
    if (is_for_modules_of_python(text)) return;
    const std::lock_guard lock(mutex_);
    if (told_.insert(text).second) log_warning("LibTorch: " + text);
  }

 private:
  std::mutex mutex_;
  std::set<std::string> told_;
};

}  // namespace

void tell_torch_warnings_once() {
  static auto* const handler = new OnceHandler;  // LibTorch may warn as the process ends
  c10::WarningUtils::set_warning_handler(handler);
}

}  // namespace bernoulli
