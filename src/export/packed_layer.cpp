#include "export/packed_layer.h"

#include <string>

#include <fmt/format.h>

#include <torch/csrc/jit/api/module.h>

#include "tensor/safetensors.h"

namespace bernoulli {
namespace {

using torch::jit::Module;

// dtype 0 is uint8, 4 int64 and 6 float32: define() does not know their names.
constexpr const char* kGather = R"(ids = torch.reshape(x, [-1])
rows = torch.embedding(self.weight, ids).to(6)
)";
constexpr const char* kScaleOfRow = "rows = torch.mul(rows, torch.embedding(self.scale, ids))\n";
constexpr const char* kScaleOfColumn = "rows = torch.mul(rows, self.scale)\n";
constexpr const char* kOwnIds = "x = torch.arange(ids.size(0), dtype=4, device=ids.device).view_as(x)\n";

/// A bit a row tells which are stored, one behind the other: what is written of a table is `gathered`, and
/// `spread` makes the table of it again.
constexpr const char* kStoredRows = R"(
def stored(self) -> Tensor:
    places = torch.arange(8, dtype=0, device=self.used.device)
    bits = torch.bitwise_and(torch.bitwise_right_shift(torch.unsqueeze(self.used, 1), places), 1)
    return torch.reshape(torch.nonzero(torch.narrow(torch.reshape(bits, [-1]), 0, 0, self.num_rows)), [-1])

def spread(self, rows: Tensor) -> Tensor:
    table = torch.zeros([self.num_rows, rows.size(1)], dtype=rows.dtype, device=rows.device)
    return torch.index_copy(table, 0, self.stored(), rows)

def gathered(self, table: Tensor) -> Tensor:
    return torch.index_select(table, 0, self.stored())
)";
constexpr const char* kState = R"(
def __getstate__(self) -> Tuple[bool, int, Tensor, Tensor]:
    return (self.training, self.num_rows, self.used, self.gathered(self.weight))

def __setstate__(self, state: Tuple[bool, int, Tensor, Tensor]) -> None:
    self.training = state[0]
    self.num_rows = state[1]
    self.used = state[2]
    self.weight = self.spread(state[3])
)";
constexpr const char* kScaledState = R"(
def __getstate__(self) -> Tuple[bool, int, Tensor, Tensor, Tensor]:
    return (self.training, self.num_rows, self.used, self.gathered(self.weight), {gathered})

def __setstate__(self, state: Tuple[bool, int, Tensor, Tensor, Tensor]) -> None:
    self.training = state[0]
    self.num_rows = state[1]
    self.used = state[2]
    self.weight = self.spread(state[3])
    self.scale = {spread}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string body(const layers::NamedLayer& layer, const TableForm& form) {
  if (form.numbers == Dtype::kF32) return layer.plan.script;
  std::string text = kGather;
  if (form.numbers == Dtype::kI8) text += form.scale_of_column ? kScaleOfColumn : kScaleOfRow;
  return text + kOwnIds + replaced(layer.plan.script, "self.weight", "rows");
}

std::string state_methods(const TableForm& form) {
  if (form.numbers != Dtype::kI8) return std::string(kStoredRows) + kState;
  const bool of_column = form.scale_of_column;
  return kStoredRows +
         fmt::format(kScaledState,
                     fmt::arg("gathered", of_column ? "self.scale" : "self.gathered(self.scale)"),
                     fmt::arg("spread", of_column ? "state[4]" : "self.spread(state[4])"));
}

}  // namespace

Module packed_layer(const layers::NamedLayer& layer, const PackedTable& table) {
  Module module("bernoulli." + layer.name);
  module.register_attribute("training", c10::BoolType::get(), false);
  const bool partial = !table.used.empty();
  if (partial) module.register_attribute("num_rows", c10::IntType::get(), table.num_rows);
  const PackedTable all = with_all_rows(table);
  for (const auto& [name, tensor] : to_tensors(all.tensors(""))) module.register_buffer(name, tensor);
  if (partial) module.register_buffer("used", tensor_of(to_tensors(table.tensors("")), "used"));
  std::string methods = "def forward(self, x: Tensor, lengths: Tensor) -> Tensor:\n";
  methods += "    " + replaced(body(layer, table.form), "\n", "\n    ") + "\n";
  if (partial) methods += state_methods(table.form);
  module.define(methods);
  return module;
}

}  // namespace bernoulli
