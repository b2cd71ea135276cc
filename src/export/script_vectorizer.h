#pragma once

#include "text/vectorizer.h"

namespace torch::jit {
struct Module;
}

namespace bernoulli {

/// Gives `module` the vocabulary, where there is one, and the methods of write_vectorizer_script: ids exactly
/// as `vectorizer` gives them.
void define_vectorizer(torch::jit::Module& module, const Vectorizer& vectorizer);

}  // namespace bernoulli
