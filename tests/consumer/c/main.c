#include <bernoulli/bernoulli.h>
#include <stdio.h>
#include <string.h>

/* classify RUN|FILE.pt: a text a line in; label and probability of the positive label out. */
int main(int argc, char** argv) {
  bernoulli_error error = {BERNOULLI_OK, ""};
  bernoulli_classifier* model = NULL;
  char line[65536];
  bernoulli_open(argc > 1 ? argv[1] : "model.pt", &model, &error);
  while (error.code == BERNOULLI_OK && fgets(line, sizeof line, stdin) != NULL) {
    const char* text = line;
    const size_t length = strcspn(line, "\n");
    float probability;
    if (bernoulli_probabilities(model, &text, &length, 1, 1, &probability, 1, &error) != BERNOULLI_OK) break;
    printf("%s %g\n", bernoulli_label(model, probability > bernoulli_threshold(model, 0), NULL), probability);
  }
  bernoulli_close(model);
  if (error.code != BERNOULLI_OK) fprintf(stderr, "%s\n", error.message);
  return error.code;
}
