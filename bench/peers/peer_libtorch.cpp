// The tutorial model as a C++ programmer writes it with LibTorch's front end: torch::nn modules, autograd and
// torch::optim::Adam, one thread. Argument: the file of reviews.py's ids and labels (int32 [25000, 250], then
// float32 [25000]). EPOCHS as for the other peers.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

#include <torch/torch.h>

namespace {

constexpr int64_t kTexts = 25000, kTrain = 20000, kLength = 250, kIds = 10000, kBatch = 32, kSeed = 42;

struct TutorialImpl : torch::nn::Module {
  TutorialImpl()
      : embedding(register_module("embedding", torch::nn::Embedding(kIds, 16))),
        first(register_module("first", torch::nn::Dropout(0.2))),
        second(register_module("second", torch::nn::Dropout(0.2))),
        head(register_module("head", torch::nn::Linear(16, 1))) {
    torch::nn::init::uniform_(embedding->weight, -0.05, 0.05);
    torch::nn::init::xavier_uniform_(head->weight);
    torch::nn::init::zeros_(head->bias);
  }
  torch::Tensor forward(const torch::Tensor& ids) {
    return head(second(first(embedding(ids)).mean(1))).squeeze(1);
  }
  torch::nn::Embedding embedding;
  torch::nn::Dropout first, second;
  torch::nn::Linear head;
};
TORCH_MODULE(Tutorial);

torch::Tensor read(std::ifstream& file, at::IntArrayRef shape, torch::Dtype dtype) {
  torch::Tensor tensor = torch::empty(shape, dtype);
  file.read(static_cast<char*>(tensor.data_ptr()), static_cast<std::streamsize>(tensor.nbytes()));
  return tensor;
}

}  // namespace

int main(int argc, char** argv) {
  torch::set_num_threads(1);
  torch::manual_seed(kSeed);
  std::ifstream file(argc > 1 ? argv[1] : "", std::ios::binary);
  const torch::Tensor x = read(file, {kTexts, kLength}, torch::kInt32).to(torch::kInt64),
                      y = read(file, {kTexts}, torch::kFloat32);
  if (!file) {
    std::fprintf(stderr, "usage: peer_libtorch IDS\n");
    return 2;
  }
  Tutorial model;
  torch::optim::Adam optimizer(model->parameters(), torch::optim::AdamOptions(1e-3).eps(1e-7));
  torch::nn::BCEWithLogitsLoss loss_of;
  const char* const epochs = std::getenv("EPOCHS");
  std::vector<double> seconds;
  for (int epoch = 0; epoch < (epochs == nullptr ? 10 : std::atoi(epochs)); ++epoch) {
    const torch::Tensor order = torch::randperm(kTrain);
    const auto begin = std::chrono::steady_clock::now();
    for (int64_t at = 0; at < kTrain; at += kBatch) {
      const torch::Tensor batch = order.slice(0, at, at + kBatch);
      optimizer.zero_grad();
      loss_of(model(x.index_select(0, batch)), y.index_select(0, batch)).backward();
      optimizer.step();
    }
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  model->eval();
  const torch::NoGradGuard no_grad;
  const torch::Tensor logits = model(x.slice(0, kTrain)), targets = y.slice(0, kTrain);
  const double accuracy = ((logits > 0) == (targets > 0)).to(torch::kFloat).mean().item<double>();
  if (seconds.size() > 1) seconds.erase(seconds.begin());  // the first may warm up
  std::sort(seconds.begin(), seconds.end());
  const double epoch = seconds[seconds.size() / 2];
  std::printf("{\"epoch_s\": %.9g, \"step_us\": %.9g, \"accuracy\": %.6f, \"loss\": %.6f}\n", epoch,
              epoch / (kTrain / kBatch) * 1e6, accuracy, loss_of(logits, targets).item<double>());
}
