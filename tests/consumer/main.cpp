#include <iostream>
#include <text/vocabulary.h>

#include <ATen/ops/sigmoid.h>
#include <ATen/ops/zeros.h>

// Prints an id from the text library and a value from LibTorch: both halves of the package are linked and
// run.
int main() {
  const bernoulli::Vocabulary vocabulary({"good", "bad"});
  std::cout << vocabulary.id("bad") << ' ' << at::sigmoid(at::zeros({1})).item<float>() << '\n';
}
