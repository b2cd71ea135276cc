#include <fmt/format.h>

#include "cli/predict.h"
#include "core/log.h"
#include "predict/open_classifier.h"
#include "tensor/device.h"
#include "tensor/operator_threads.h"

namespace bernoulli::cli {

std::unique_ptr<Classifier> open_with_libtorch(const std::vector<std::string>& /*words*/,
                                               const std::string& path, const std::string& device,
                                               const std::string& reason, int threads) {
  if (threads > 0) {
    set_operator_threads(threads);
  } else {
    try_operator_threads();
  }
  auto classifier = open_classifier(path, open_device(device));
  log_info(fmt::format("engine: torchscript ({})", reason));
  return classifier;
}

}  // namespace bernoulli::cli
