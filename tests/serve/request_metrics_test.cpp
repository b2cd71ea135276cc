#include "serve/request_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bernoulli::serve::testing {
namespace {

using ::testing::HasSubstr;

TEST(RequestMetrics, CountsByEndpointAndStatus) {
  RequestMetrics metrics;
  metrics.count({"/predict", 200, 3, 100, 200, 0.0002});
  metrics.count({"/predict", 200, 1, 50, 70, 0.0001});
  metrics.count({"/predict", 400, 0, 1, 30, 99});
  metrics.count({"/health", 200, 0, 0, 17, 0});
  metrics.count_wait(0.002);
  metrics.count_wait(0.003);
  metrics.in_flight = 2;
  metrics.count_reload(true);
  metrics.count_reload(false);
  const std::string text = metrics.text();
  for (const char* line : {
           "\nbernoulli_requests_total{endpoint=\"/predict\",code=\"200\"} 2\n",
           "\nbernoulli_requests_total{endpoint=\"/predict\",code=\"400\"} 1\n",
           "\nbernoulli_requests_total{endpoint=\"/health\",code=\"200\"} 1\n",
           "\nbernoulli_texts_total 4\n",
           "\nbernoulli_request_bytes_total 151\n",
           "\nbernoulli_response_bytes_total 317\n",
           "\nbernoulli_requests_in_flight 2\n",
           "\nbernoulli_reloads_total 1\n",
           "\nbernoulli_failed_reloads_total 1\n",
           "\nbernoulli_request_seconds_bucket{endpoint=\"/predict\",le=\"0.0001\"} 1\n",  // a bound belongs
                                                                                           // to it
           "\nbernoulli_request_seconds_bucket{endpoint=\"/predict\",le=\"0.00025\"} 2\n",
           "\nbernoulli_request_seconds_bucket{endpoint=\"/predict\",le=\"10\"} 2\n",
           "\nbernoulli_request_seconds_bucket{endpoint=\"/predict\",le=\"+Inf\"} 3\n",
           "\nbernoulli_request_seconds_count{endpoint=\"/predict\"} 3\n",
           "\nbernoulli_request_seconds_sum{endpoint=\"/predict\"} 99.0003\n",
           "\nbernoulli_request_wait_seconds_bucket{le=\"0.0025\"} 1\n",
           "\nbernoulli_request_wait_seconds_bucket{le=\"+Inf\"} 2\n",
           "\nbernoulli_request_wait_seconds_sum 0.005\n",
           "\nbernoulli_request_wait_seconds_count 2\n",
       })
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(RequestMetrics, GiveEachFamilyItsTypeOnce) {
  RequestMetrics metrics;
  metrics.count({"/predict", 200, 1, 1, 1, 1});
  metrics.count({"/health", 200, 1, 1, 1, 1});
  const std::string text = metrics.text();
  for (const char* family :
       {"requests_total counter", "texts_total counter", "requests_in_flight gauge", "connections gauge",
        "request_seconds histogram", "request_wait_seconds histogram"}) {
    const std::string line = std::string("# TYPE bernoulli_") + family + "\n";
    ASSERT_NE(text.find(line), std::string::npos) << line;
    EXPECT_EQ(text.find(line), text.rfind(line));
  }
}

}  // namespace
}  // namespace bernoulli::serve::testing
