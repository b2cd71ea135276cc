#include "tensor/safetensors.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/complex.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "core/error.h"
#include "core/hash.h"
#include "support/program.h"
#include "support/safetensors_content.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::read_safetensors;
using testing::SafetensorsContent;
using ::testing::StartsWith;
using testing::write_safetensors;

/// Every dtype of the format, with a scalar, an empty tensor and a transposed one among them.
SafetensorsContent every_dtype() {
  const at::Tensor count = at::arange(6, at::kLong).reshape({2, 3}) - 2;
  return {{{"format", "test"}, {"state", R"({"text": "a \"quoted\" \\ word é"})"}},
          {{"double", count.to(at::kDouble) / 7},
           {"float", (count.to(at::kFloat) / 7).t()},
           {"half", count.to(at::kHalf) / 7},
           {"bfloat16", count.to(at::kBFloat16) / 7},
           {"long", count.mul(int64_t{1} << 60)},
           {"int", count.to(at::kInt)},
           {"short", count.to(at::kShort)},
           {"char", count.to(at::kChar)},
           {"byte", (count + 250).to(at::kByte)},
           {"bool", count.gt(0)},
           {"scalar", at::full({}, 7, at::kLong)},
           {"empty", at::empty({0, 4}, at::kFloat)}}};
}

std::string refusal(std::string_view bytes) {
  try {
    read_safetensors(bytes, "last.safetensors");
  } catch (const ArtifactError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

/// A file with this header and data whose checksum fits, whatever else is wrong with it.
std::string sealed(const std::string& entries, const std::string& data = "",
                   const std::string& metadata = "") {
  const std::string zeros(32, '0');
  std::string header = fmt::format(R"({{"__metadata__":{{"checksum":"{}"{}}}{}}})", zeros, metadata, entries);
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(header.size() >> (8 * i));
  bytes += header + data;
  return bytes.replace(bytes.find(zeros), 32, hash_hex(bytes));
}

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
  return fmt::format(R"(,"{}":{{"dtype":"{}","shape":{},"data_offsets":{}}})", name, dtype, shape, offsets);
}

TEST(Safetensors, BringsBackEveryDtypeBitForBit) {
  const SafetensorsContent written = every_dtype();
  const SafetensorsContent read = read_safetensors(write_safetensors(written), "a");
  EXPECT_EQ(read.metadata, written.metadata);
  ASSERT_EQ(read.tensors.size(), written.tensors.size());
  for (size_t i = 0; i < read.tensors.size(); ++i) {
    const auto& [name, got] = read.tensors[i];
    EXPECT_EQ(name, written.tensors[i].first);
    EXPECT_EQ(got.scalar_type(), written.tensors[i].second.scalar_type()) << name;
    EXPECT_TRUE(at::equal(got, written.tensors[i].second)) << name;
    EXPECT_TRUE(got.is_contiguous()) << name;
  }
}

TEST(Safetensors, KeepsNoGradientAndNoStorageOfTheFile) {
  const at::Tensor weight = at::full({2}, 3.0f).requires_grad_();
  std::string bytes = write_safetensors({{}, {{"w", weight}}});
  const SafetensorsContent read = read_safetensors(bytes, "a");
  bytes.assign(bytes.size(), '\0');
  EXPECT_FALSE(read.tensors[0].second.requires_grad());
  EXPECT_EQ(read.tensors[0].second[1].item<float>(), 3.0f);
}

TEST(Safetensors, WritesTheSameBytesForTheSameContent) {
  const std::string bytes = write_safetensors(every_dtype());
  EXPECT_EQ(bytes, write_safetensors(every_dtype()));
  EXPECT_EQ(bytes, write_safetensors(read_safetensors(bytes, "a")));
}

TEST(Safetensors, StartsDataAtAMultipleOf64Bytes) {
  const std::string bytes = write_safetensors({{}, {{"byte", at::full({1}, 200, at::kByte)}}});
  EXPECT_EQ(bytes.size() % 64, 1u);
  EXPECT_EQ(bytes.back(), '\xc8');
}

TEST(Safetensors, HoldsNoTensors) {
  EXPECT_TRUE(read_safetensors(write_safetensors({}), "a").tensors.empty());
}

TEST(Safetensors, RefusesToWriteWhatItCouldNotRead) {
  const at::Tensor one = at::full({1}, 1.0f);
  EXPECT_THROW(write_safetensors({{}, {{"a", one}, {"a", one}}}), InternalError);
  EXPECT_THROW(write_safetensors({{}, {{"__metadata__", one}}}), InternalError);
  EXPECT_THROW(write_safetensors({{{"checksum", "1"}}, {}}), InternalError);
  EXPECT_THROW(write_safetensors({{}, {{"a", at::complex(one, one)}}}), InternalError);
}

TEST(Safetensors, RefusesEveryFlippedBit) {
  const std::string whole = write_safetensors(every_dtype());
  ASSERT_LT(whole.size(), 3000u);
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_THROW(read_safetensors(damaged, "a"), ArtifactError) << "bit " << bit;
  }
}

TEST(Safetensors, RefusesEveryTruncationAndAByteTooMany) {
  const std::string whole = write_safetensors(every_dtype());
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_THROW(read_safetensors(std::string_view(whole).substr(0, size), "a"), ArtifactError) << size;
  }
  EXPECT_THROW(read_safetensors(whole + '\0', "a"), ArtifactError);
}

TEST(Safetensors, SaysThatAFileIsDamaged) {
  std::string damaged = write_safetensors(every_dtype());
  damaged.back() ^= 1;
  EXPECT_EQ(refusal(damaged),
            "'last.safetensors' is not a whole safetensors file: its checksum does not fit its bytes: it was "
            "damaged or changed");
  EXPECT_THAT(refusal("short"), HasSubstr("5 bytes are too few for a header"));
  EXPECT_THAT(refusal(damaged.substr(0, 100)), HasSubstr("bytes, the file has 100"));
}

TEST(Safetensors, AcceptsASealedFile) {
  const SafetensorsContent read =
      read_safetensors(sealed(tensor("b", "U8", "[2]", "[1,3]") + tensor("a", "BOOL", "[]", "[0,1]"),
                              std::string("\1\2\3", 3), R"(,"k":"v")"),
                       "a");
  EXPECT_EQ(read.metadata, (std::map<std::string, std::string>{{"k", "v"}}));
  ASSERT_EQ(read.tensors.size(), 2u);
  EXPECT_EQ(read.tensors[0].first, "a");
  EXPECT_TRUE(read.tensors[0].second.item<bool>());
  EXPECT_EQ(read.tensors[1].second[1].item<uint8_t>(), 3);
}

struct Hostile {
  const char* what;
  std::string bytes;
  std::string message;
};

std::string with_length(uint64_t length, const std::string& rest) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(length >> (8 * i));
  return bytes + rest;
}

std::string four_bytes(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return sealed(tensor("t", dtype, shape, offsets), "\1\1\1\1");
}

std::vector<Hostile> hostile_files() {
  const std::string deep(100'000, '[');
  return {
      {"huge length", with_length(UINT64_MAX, "{}"),
       "its header claims 18446744073709551615 bytes, at most 100000000 are accepted"},
      {"length beyond the end", with_length(3, "{}"), "its header claims 3 bytes, the file has 10"},
      {"no JSON", with_length(2, "{]"), "its header is not a JSON object"},
      {"an array", with_length(2, "[]"), "its header is not a JSON object"},
      {"not UTF-8", with_length(7, "{\"\xff\":1}"), "its header is not a JSON object"},
      {"deep arrays", with_length(deep.size(), deep), "nested deeper than the format is"},
      {"deep shape", four_bytes("U8", "[[4]]", "[0,4]"), "nested deeper than the format is"},
      {"map as shape", four_bytes("U8", R"({"a":4})", "[0,4]"), "nested deeper than the format is"},
      {"metadata no object", with_length(18, R"({"__metadata__":1})"), "its __metadata__ is not an object"},
      {"metadata no string", sealed("", "", R"(,"k":1)"), R"(its metadata "k" is not a string)"},
      {"metadata twice", sealed("", "", R"(,"k":"a","k":"b")"), R"(its header has "k" twice)"},
      {"short checksum", with_length(34, R"({"__metadata__":{"checksum":"00"}})"),
       "its checksum is not written"},
      {"no description", sealed(R"(,"t":1)"), R"(tensor "t" is not described by dtype, shape)"},
      {"no shape", sealed(R"(,"t":{"dtype":"U8","data_offsets":[0,0]})"), "is not described by"},
      {"another key", sealed(R"(,"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":0})"),
       "is not described"},
      {"dtype no word", sealed(R"(,"t":{"dtype":8,"shape":[0],"data_offsets":[0,0]})"),
       "is not described by"},
      {"negative extent", four_bytes("U8", "[-4]", "[0,4]"), "is not described by"},
      {"fractional extent", four_bytes("U8", "[4.0]", "[0,4]"), "is not described by"},
      {"three offsets", four_bytes("U8", "[4]", "[0,4,4]"), "is not described by"},
      {"unknown dtype", four_bytes("F8_E4M3", "[4]", "[0,4]"),
       R"(tensor "t" has the unknown dtype "F8_E4M3")"},
      {"reversed offsets", four_bytes("U8", "[0]", "[4,0]"), R"(tensor "t" lies outside the file)"},
      {"beyond the end", four_bytes("U8", "[5]", "[0,5]"), R"(tensor "t" lies outside the file)"},
      {"too small for its shape", four_bytes("F32", "[2]", "[0,4]"), R"(tensor "t" needs 8 bytes and has 4)"},
      {"2^63 numbers", four_bytes("U8", "[9223372036854775808]", "[0,4]"),
       R"(tensor "t" has the impossible shape [9223372036854775808])"},
      {"product wraps to 4", four_bytes("U8", "[4,9223372036854775809,2]", "[0,4]"), "impossible shape"},
      {"huge beside a zero", sealed(tensor("t", "F32", "[0,4611686018427387904,4]", "[0,0]")),
       "impossible shape"},
      {"strides wrap", sealed(tensor("t", "F32", "[4294967296,0,4294967296]", "[0,0]")), "impossible shape"},
      {"many dimensions", four_bytes("F32", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,4]"),
       R"(tensor "t" has more than 16 dimensions)"},
      {"overlap", sealed(tensor("a", "U8", "[3]", "[0,3]") + tensor("b", "U8", "[2]", "[2,4]"), "\1\1\1\1"),
       R"(tensor "b" begins at byte 2, expected 3: tensors overlap or leave a gap)"},
      {"gap", sealed(tensor("a", "U8", "[1]", "[0,1]") + tensor("b", "U8", "[2]", "[2,4]"), "\1\1\1\1"),
       R"(tensor "b" begins at byte 2, expected 1: tensors overlap or leave a gap)"},
      {"bytes of nobody", sealed(tensor("a", "U8", "[1]", "[0,1]"), "\1\1"),
       "its tensors fill 1 bytes, the file has 2 for them"},
      {"tensor twice", sealed(tensor("t", "U8", "[1]", "[0,1]") + tensor("t", "U8", "[1]", "[0,1]"), "\1"),
       R"(its header has "t" twice)"},
      {"BOOL of 2", sealed(tensor("t", "BOOL", "[2]", "[0,2]"), "\1\2"),
       R"(tensor "t" is BOOL and has bytes other than 0 and 1)"},
      {"name for a terminal", sealed(tensor(R"(\u001b[2J)", "X", "[]", "[0,0]")),
       R"(tensor "\u001b[2J" has)"},
  };
}

TEST(Safetensors, RefusesHostileFilesWithTheReason) {
  for (const Hostile& file : hostile_files()) {
    EXPECT_THAT(refusal(file.bytes), AllOf(StartsWith("'last.safetensors' "), HasSubstr(file.message)))
        << file.what;
  }
}

TEST(Safetensors, SaysWhatAZipOrAPickleIs) {
  EXPECT_EQ(refusal("PK\3\4 and more"),
            "'last.safetensors' is a TorchScript or zip file, not a checkpoint; nothing in it was run");
  EXPECT_EQ(refusal("\x80\2}q\1X and more"),
            "'last.safetensors' is a Python pickle, not a checkpoint; nothing in it was run");
}

TEST(Safetensors, RefusesAFileOfAnotherProgramWithoutAChecksum) {
  std::ifstream file(std::filesystem::path(BERNOULLI_TEST_SOURCE_DIR) / "golden/plain.safetensors",
                     std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  ASSERT_FALSE(bytes.empty());
  EXPECT_EQ(
      refusal(bytes),
      "'last.safetensors' has no checksum, so damage could not be seen (expected a checkpoint that bernoulli "
      "wrote; other programs' safetensors files are not read)");
}

TEST(Safetensors, AreReadByThePythonLibrary) {
  const char* python = std::getenv("BERNOULLI_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "BERNOULLI_PYTHON names no interpreter";
  if (testing::run_program({python, "-c", "import safetensors.numpy"}).exit_code != 0) {
    GTEST_SKIP() << python << " has no safetensors library";
  }
  SafetensorsContent content = every_dtype();
  std::erase_if(content.tensors,
                [](const auto& entry) { return entry.first == "bfloat16"; });  // NumPy has none
  const testing::TemporaryFolder folder;
  const std::string path = folder.write("ours.safetensors", write_safetensors(content));
  const auto result =
      testing::run_program({python, "-c",
                            "import sys; from safetensors import safe_open\n"
                            "f = safe_open(sys.argv[1], 'np')\n"
                            "print(f.metadata()['format'])\n"
                            "for k in sorted(f.keys()): t = f.get_tensor(k); "
                            "print(k, t.dtype, t.shape, t.astype('f8').round(2).ravel()[:2].tolist())",
                            path});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(
      result.out,
      "test\nbool bool (2, 3) [0.0, 0.0]\nbyte uint8 (2, 3) [248.0, 249.0]\n"
      "char int8 (2, 3) [-2.0, -1.0]\ndouble float64 (2, 3) [-0.29, -0.14]\nempty float32 (0, 4) []\n"
      "float float32 (3, 2) [-0.29, 0.14]\nhalf float16 (2, 3) [-0.29, -0.14]\n"
      "int int32 (2, 3) [-2.0, -1.0]\nlong int64 (2, 3) [-2.305843009213694e+18, -1.152921504606847e+18]\n"
      "scalar int64 () [7.0]\nshort int16 (2, 3) [-2.0, -1.0]\n");
}

}  // namespace
}  // namespace bernoulli
