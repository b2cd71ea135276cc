#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include "serve/request_body.h"
#include "serve/served_model.h"

namespace bernoulli::serve {

/// What an endpoint of texts answers.
struct TextsAnswer {
  std::string body;
  size_t num_texts = 0;
};

/// POST /predict: {"texts": [...]} or {"text": "..."}, with "threshold" and "top" as predict has them, gives
/// {"predictions": [the records of predict]}.
/// @throws RequestFault 400, 413, 503
TextsAnswer predict_answer(const ServedModel& model, std::string_view body, const RequestLimits& limits,
                           const std::atomic<bool>& cancelled);

}  // namespace bernoulli::serve
