#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "distributed/communicator.h"
#include "tensor/named_tensors.h"

namespace bernoulli {

/// The gradient of an update whose batches are shared by several processes. Batches are added one by one in
/// their order, as one process would add them, whoever computed which: so the sum has the same bits on any
/// number of processes. Each process sums its share of the numbers.
class GradientExchange {
 public:
  /// `processes` and the tensors of `parameters` outlive it; those that are not trained have no part in it.
  GradientExchange(Communicator& processes, const NamedTensors& parameters);

  /// Takes the gradients of one batch of each of the first `givers` processes off their parameters and adds
  /// them, that of process 0 first.
  void add(int givers);
  /// Gives the sum to the parameters of all as their gradient, and begins anew.
  void finish();

 private:
  struct Trained {
    at::Tensor parameter;
    at::Tensor in_flat;  ///< its numbers in flat_, in its shape
  };

  std::span<float> flat();

  Communicator& processes_;
  at::Tensor flat_;  ///< [P] float32 on the CPU: all numbers of all trained parameters
  std::vector<Trained> trained_;
  std::vector<float> parts_;  ///< own share of several processes
  std::vector<float> sum_;    ///< own share; empty: nothing was added yet
};

}  // namespace bernoulli
