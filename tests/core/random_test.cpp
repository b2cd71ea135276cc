// Hashes, draws, durations, distances, stop signals: what has no folder of its own.
#include "core/random.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/hash.h"
#include "core/log.h"
#include "core/stop.h"
#include "core/text_distance.h"

namespace bernoulli {
namespace {

// The values for the empty input are published with the specification of XXH3.
TEST(Hash, GivesThePublishedValues) {
  EXPECT_EQ(hash64(""), 0x2D06800538D394C2u);
  EXPECT_EQ(hash_hex(""), "99aa06d3014798d86001c324468d497f");
}

TEST(Hash, StreamsToTheValueOfTheWhole) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text.push_back(static_cast<char>(i * 37));
  for (const size_t piece : {1u, 7u, 300u, 5000u}) {
    StreamingHash hash;
    for (size_t at = 0; at < text.size(); at += piece) hash.update(text.substr(at, piece));
    EXPECT_EQ(hash.hex(), hash_hex(text)) << piece;
  }
}

TEST(Hash, SeesEveryByteTheSeedAndWhereAFieldEnds) {
  const std::string text(300, 'a');
  std::set<std::string> all = {hash_hex(text)};
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    all.insert(hash_hex(changed));
  }
  EXPECT_EQ(all.size(), 301u);
  EXPECT_NE(hash64("a", 1), hash64("a", 2));
  StreamingHash one, other;
  for (const char* field : {"ab", "c"}) one.update_field(field);
  for (const char* field : {"a", "bc"}) other.update_field(field);
  EXPECT_NE(one.hex(), other.hex());
}

TEST(Random, PermutationHoldsEveryIndexOnce) {
  for (const int64_t count : {0, 1, 2, 1000}) {
    std::vector<int64_t> order = random_permutation(count, 5);
    EXPECT_EQ(static_cast<int64_t>(order.size()), count);
    std::sort(order.begin(), order.end());
    for (int64_t i = 0; i < count; ++i) ASSERT_EQ(order[static_cast<size_t>(i)], i);
  }
  EXPECT_EQ(random_permutation(1000, 5), random_permutation(1000, 5));
  EXPECT_NE(random_permutation(1000, 5), random_permutation(1000, 6));
}

TEST(Random, PermutationsAreEquallyLikely) {
  std::map<std::vector<int64_t>, int> seen;
  for (uint64_t seed = 0; seed < 6000; ++seed) ++seen[random_permutation(3, seed)];
  ASSERT_EQ(seen.size(), 6u);
  for (const auto& [order, count] : seen) EXPECT_NEAR(count, 1000, 5 * 28.9);  // five standard deviations
}

TEST(Random, DrawsStayBelowTheirBound) {
  Random random(3);
  std::vector<int> counts(10);
  for (int i = 0; i < 10000; ++i) ++counts.at(random.below(10));
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(random.below(1), 0u);
    const double u = random.uniform();
    EXPECT_TRUE(u >= 0 && u < 1) << u;
  }
}

TEST(Random, SeedsOfDifferentPlacesDiffer) {
  std::set<uint64_t> seeds;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    for (uint64_t stream = 0; stream < 10; ++stream) {
      for (uint64_t index = 0; index < 100; ++index) seeds.insert(mix_seed(seed, stream, index));
    }
  }
  EXPECT_EQ(seeds.size(), 10000u);
}

TEST(FormatDuration, ReadsAsPeopleSayIt) {
  EXPECT_EQ(format_duration(0), "0.0 s");
  EXPECT_EQ(format_duration(1.44), "1.4 s");
  EXPECT_EQ(format_duration(59.94), "59.9 s");
  EXPECT_EQ(format_duration(60), "1 min 00 s");
  EXPECT_EQ(format_duration(200.4), "3 min 20 s");
  EXPECT_EQ(format_duration(3599.4), "59 min 59 s");
  EXPECT_EQ(format_duration(3599.6), "1 h 00 min");
  EXPECT_EQ(format_duration(7500), "2 h 05 min");
}

TEST(FormatDuration, NeverShowsSixtySeconds) { EXPECT_EQ(format_duration(59.97), "1 min 00 s"); }

TEST(TextDistance, CountsEditsAndSwaps) {
  EXPECT_EQ(text_distance("", ""), 0);
  EXPECT_EQ(text_distance("", "abc"), 3);
  EXPECT_EQ(text_distance("kitten", "sitting"), 3);
  EXPECT_EQ(text_distance("epochs", "epohcs"), 1);
  EXPECT_EQ(text_distance("ca", "abc"), 3);  // optimal string alignment: no edit inside a swap
}

TEST(TextDistance, FindsTheWordThatWasMeant) {
  const std::vector<std::string> words = {"dropout", "embedding", "linear"};
  EXPECT_EQ(did_you_mean("embeding", words), "; did you mean 'embedding'?");
  EXPECT_EQ(did_you_mean("liner", words), "; did you mean 'linear'?");
  EXPECT_EQ(did_you_mean("softmax", words), "");
  EXPECT_EQ(did_you_mean(std::string(101, 'x'), {std::string(101, 'x')}), "");
}

/// Exit status of a child that installs the handlers and runs `body`; 128 + signal where one ended it.
template <class Body>
int status_of_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGHUP, SIG_DFL);  // the tests themselves may run under nohup
    install_stop_signals();
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(StopSignals, TheFirstOnlyAsks) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    EXPECT_EQ(status_of_child([&] {
                if (stop_signal() != 0) return 1;
                throw_if_stopped();
                ::raise(number);
                try {
                  throw_if_stopped();
                } catch (const StopRequested& stop) {
                  return stop.signal == number && stop_signal() == number ? 42 : 2;
                }
                return 3;
              }),
              42)
        << number;
  }
}

TEST(StopSignals, TheSecondEndsTheProcess) {
  EXPECT_EQ(status_of_child([] { return ::raise(SIGINT) + ::raise(SIGINT); }), 130);
  EXPECT_EQ(status_of_child([] { return ::raise(SIGINT) + ::raise(SIGTERM); }), 143);
}

TEST(StopSignals, AClosedPipeIsAFailedWrite) {
  EXPECT_EQ(status_of_child([] {
              int ends[2];
              if (::pipe(ends) != 0) return 1;
              ::close(ends[0]);
              return ::write(ends[1], "x", 1) == -1 ? 42 : 2;
            }),
            42);
}

TEST(StopSignals, NohupStaysInForce) {
  EXPECT_EQ(status_of_child([] {
              ::signal(SIGHUP, SIG_IGN);
              install_stop_signals();
              ::raise(SIGHUP);
              return stop_signal() == 0 ? 42 : 2;
            }),
            42);
}

}  // namespace
}  // namespace bernoulli
