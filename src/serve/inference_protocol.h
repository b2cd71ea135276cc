#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "serve/predict_endpoint.h"
#include "serve/request_body.h"
#include "serve/served_model.h"

/// The Open Inference Protocol, version 2, over HTTP with JSON: what KServe and Triton speak. Tensors: input
/// `texts` BYTES [N] or [N, 1]; outputs `probabilities` and `logits` FP32 [N, L].
/// Source: https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md.
namespace bernoulli::serve {

/// Of every model: what is behind it may change by a reload, and clients that name a version go on.
inline constexpr const char* kModelVersion = "1";

/// GET /v2, as JSON
std::string server_metadata();
/// GET /v2/models/NAME, as JSON
std::string model_metadata(const ServedModel& model);

/// POST /v2/models/NAME/infer. @throws RequestFault 400, 413, 503
TextsAnswer infer_answer(const ServedModel& model, std::string_view body, const RequestLimits& limits,
                         const std::atomic<bool>& cancelled);

}  // namespace bernoulli::serve
