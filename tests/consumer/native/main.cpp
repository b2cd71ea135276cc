#include <exception>
#include <infer/text_classifier.h>
#include <iostream>
#include <string>

// classify RUN|FILE.pt: a text a line in; label and probability of the positive label out.
int main(int argc, char** argv) {
  try {
    const auto model = bernoulli::TextClassifier::open(argc > 1 ? argv[1] : "model.pt");
    bernoulli::TextClassifier::State state;
    for (std::string text; std::getline(std::cin, text);) {
      float probability = 0;
      model.probabilities(text, state, {&probability, 1});
      std::cout << model.labels()[probability > model.thresholds()[0] ? 1 : 0] << ' ' << probability << '\n';
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
