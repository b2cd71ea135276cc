#pragma once

namespace bernoulli {

/// BERNOULLI_THREADS, where that variable is a number above 0, as a sweep gives its trials that run at once,
/// else the cores of this machine.
int usual_threads();

}  // namespace bernoulli
