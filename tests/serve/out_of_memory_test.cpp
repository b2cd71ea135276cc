#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "serve/serve_fixture.h"

namespace bernoulli::serve::testing {
namespace {

/// Allocations that this thread may still make before memory is out.
thread_local size_t news_left = std::numeric_limits<size_t>::max();
thread_local bool was_short = false;

}  // namespace
}  // namespace bernoulli::serve::testing

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCountsAllocations = false;  // the sanitizer has operators of its own
#else
constexpr bool kCountsAllocations = true;
// Of the whole test program. Not inlined: where only one of a pair was, g++ takes new and free for a
// mismatch.
[[gnu::noinline]] void* operator new(size_t size) {
  using namespace bernoulli::serve::testing;
  if (news_left == 0) {
    was_short = true;
    throw std::bad_alloc();
  }
  if (news_left != std::numeric_limits<size_t>::max()) --news_left;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
#endif

namespace bernoulli::serve::testing {
namespace {

/// Memory ends at the first allocation of a request, at the second, and so on: each time the request is
/// answered, or the answer does not come into being, and the process goes on.
class ServeOutOfMemory : public HandlerTest {
 protected:
  void SetUp() override {
    if (!kCountsAllocations) GTEST_SKIP() << "allocations are not counted under a sanitizer";
  }

  void expect_survival(const HttpRequest& request, int status) {
    ASSERT_EQ(ask(request).status, status) << request.body;
    for (size_t number = 0;; ++number) {
      int seen = 0;
      was_short = false;
      news_left = number;
      try {
        seen = handler_.answer(request).response.status;
      } catch (const std::bad_alloc&) {
      }
      news_left = std::numeric_limits<size_t>::max();
      ASSERT_TRUE(seen == 0 || seen == status || seen == 503) << seen << " without allocation " << number;
      if (!was_short) break;
    }
    EXPECT_EQ(ask(request).status, status);
  }
};

TEST_F(ServeOutOfMemory, EndsARequestAndNotTheServer) {
  for (const char* body :
       {R"({"texts": ["good", "so bad", "a text that is longer than what a string holds by itself"]})",
        R"({"text": "good", "threshold": 0.25})"})
    expect_survival(post("/predict", body), 200);
  expect_survival(post("/v2/models/small/infer",
                       R"({"id": "7", "inputs": [{"name": "texts", "shape": [2, 1], "datatype": "BYTES",
                           "data": [["good"], ["so bad"]]}], "outputs": [{"name": "logits"}]})"),
                  200);
  handler_.replace(small_served_model(false));
  for (const char* body : {R"({"texts": ["good", "so bad"]})", R"({"texts": ["good", "so bad"], "top": 2})"})
    expect_survival(post("/predict", body), 200);
}

TEST_F(ServeOutOfMemory, EndsARefusalAndNotTheServer) {
  for (const char* body : {R"({"texts": ["good", ["so", ["bad"]], {"a": {"b": []}}]})", R"({"texts": ["a", )",
                           R"({"text": "a", "text": "b"})", "[[[[[[[[[[", R"({"text": "a", "treshold": {}})",
                           R"([{"a": ["b"]}, "c"])"})
    expect_survival(post("/predict", body), 400);
  expect_survival(post("/predict", R"({"texts": ["", "", "", "", ""]})"), 413);
  expect_survival(get("/nowhere"), 404);
}

TEST_F(ServeOutOfMemory, EndsAPageAndNotTheServer) {
  for (const char* path : {"/health", "/ready", "/info", "/metrics", "/v2", "/v2/models/small"})
    expect_survival(get(path), 200);
}

}  // namespace
}  // namespace bernoulli::serve::testing
