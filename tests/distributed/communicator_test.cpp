#include "distributed/communicator.h"

#include <atomic>
#include <csignal>
#include <numeric>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/log.h"
#include "core/stop.h"
#include "support/processes.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::together;
using testing::together_well;

std::string message_of(const std::exception_ptr& error) { return error ? failure_of(error).message : "none"; }
int code_of(const std::exception_ptr& error) { return error ? failure_of(error).code : 0; }

/// A call in which each waits for all.
void exchange(Communicator& processes) {
  std::vector<float> whole(10);
  processes.to_all(whole);
}

TEST(Share, CoversAllInOrderAndAsEvenlyAsCanBe) {
  for (const int processes : {1, 2, 3, 7}) {
    for (const size_t count : {0, 1, 6, 7, 100}) {
      size_t at = 0;
      for (int rank = 0; rank < processes; ++rank) {
        const Share share = share_of(rank, processes, count);
        EXPECT_EQ(share.begin, at);
        EXPECT_LE(share.size(), count / static_cast<size_t>(processes) + 1);
        at = share.end;
      }
      EXPECT_EQ(at, count);
    }
  }
}

TEST(Communicator, BroadcastsBytesOfAnySizeFromProcess0) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{5'000'000}}) {
    std::string sent(size, '\0');
    std::iota(sent.begin(), sent.end(), '\1');
    std::atomic<int> got = 0;
    together_well(4, [&](Communicator& processes) {
      std::string bytes = processes.rank() == 0 ? sent : "before";
      processes.broadcast(bytes);
      if (bytes == sent) ++got;
    });
    EXPECT_EQ(got, 4) << size;
  }
}

TEST(Communicator, ScattersAndGathersByRank) {
  together_well(3, [&](Communicator& processes) {
    const std::vector<std::string> parts = {"zero", "", "two"};
    const std::string own = processes.scatter(processes.rank() == 0 ? parts : std::vector<std::string>{});
    EXPECT_EQ(own, parts[static_cast<size_t>(processes.rank())]);
    const std::vector<std::string> all = processes.gather(own + "!");
    if (processes.rank() == 0) {
      EXPECT_THAT(all, ElementsAre("zero!", "!", "two!"));
    } else {
      EXPECT_TRUE(all.empty());
    }
  });
}

/// What process `rank` gives at place `i`.
float given(int rank, size_t i) { return static_cast<float>(1000 * rank) + static_cast<float>(i); }

TEST(Communicator, BringsEachShareToItsOwnerByRankOfTheGiver) {
  constexpr size_t kCount = 300'001;  // more than a socket holds, and no multiple of the processes
  for (const int givers : {1, 2, 3}) {
    together_well(3, [&](Communicator& processes) {
      std::vector<float> values(kCount);
      for (size_t i = 0; i < kCount; ++i) values[i] = given(processes.rank(), i);
      const Share own = share_of(processes.rank(), 3, kCount);
      std::vector<float> parts(own.size() * static_cast<size_t>(givers), -1);
      processes.to_owners(values, givers, parts);
      int wrong = 0;
      for (int giver = 0; giver < givers; ++giver)
        for (size_t i = 0; i < own.size(); ++i)
          wrong += parts[static_cast<size_t>(giver) * own.size() + i] != given(giver, own.begin + i);
      EXPECT_EQ(wrong, 0);
    });
  }
}

TEST(Communicator, BringsTheSharesOfAllToAll) {
  constexpr size_t kCount = 200'003;
  together_well(4, [&](Communicator& processes) {
    std::vector<float> whole(kCount, -1);
    const Share own = share_of(processes.rank(), 4, kCount);
    for (size_t i = own.begin; i < own.end; ++i) whole[i] = static_cast<float>(i);
    processes.to_all(whole);
    for (size_t i = 0; i < kCount; ++i) ASSERT_EQ(whole[i], static_cast<float>(i));
  });
}

TEST(Communicator, OneThatIsAheadWaitsAndNothingIsMixedUp) {
  together_well(3, [](Communicator& processes) {
    for (int round = 0; round < 50; ++round) {
      if (round % 3 == processes.rank()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      std::string bytes = std::to_string(round);
      processes.broadcast(bytes);
      EXPECT_EQ(bytes, std::to_string(round));
      const auto all = processes.gather(bytes + "/" + std::to_string(processes.rank()));
      EXPECT_TRUE(processes.rank() != 0 || all[2] == bytes + "/2");
    }
  });
}

TEST(Communicator, AFailureOfOneEndsAllWithItsReason) {
  const auto thrown = together(3, [](Communicator& processes) {
    if (processes.rank() == 1) throw DataError("train.csv:7: no such label");
    std::string bytes;
    processes.gather("waits for process 1");
    processes.broadcast(bytes);
  });
  EXPECT_EQ(code_of(thrown[1]), 3);
  for (const size_t other : {0, 2}) {
    EXPECT_EQ(code_of(thrown[other]), 8) << message_of(thrown[other]);
    EXPECT_THAT(message_of(thrown[other]), HasSubstr("(exit 3): train.csv:7: no such label"));
  }
  EXPECT_THAT(message_of(thrown[0]), HasSubstr("process 1 at 127.0.0.1"));
}

TEST(Communicator, NumbersThatAreNotFiniteAreThatEverywhere) {
  const auto thrown = together(3, [](Communicator& processes) {
    if (processes.rank() == 2) throw NonFiniteError("the loss of step 4 is nan");
    exchange(processes);
  });
  for (const auto& error : thrown) {
    EXPECT_EQ(code_of(error), 6);
    EXPECT_EQ(message_of(error), "the loss of step 4 is nan");
  }
}

TEST(Communicator, AStopOfOneStopsAll) {
  const auto thrown = together(3, [](Communicator& processes) {
    if (processes.rank() == 1) throw StopRequested{SIGINT};
    exchange(processes);
  });
  for (const auto& error : thrown) EXPECT_EQ(code_of(error), 130);
}

TEST(Communicator, TheLastWordIsReadByWhoComesLate) {
  const auto thrown = together(2, [](Communicator& processes) {
    if (processes.rank() == 1) throw StopRequested{SIGTERM};
    // Long enough for the other one to close its connection, so that what is sent then breaks it.
    std::this_thread::sleep_for(std::chrono::milliseconds(2700));
    for (int i = 0; i < 3; ++i) {
      std::string bytes(100'000, 'x');
      processes.broadcast(bytes);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    exchange(processes);
  });
  for (const auto& error : thrown) EXPECT_EQ(code_of(error), 143) << message_of(error);
}

TEST(Communicator, AStopOfOneReachesAllThatAreInTheMiddleOfALongExchange) {
  for (int round = 0; round < 10; ++round) {
    const auto thrown = together(4, [](Communicator& processes) {
      std::vector<float> whole(8'000'000);
      for (int i = 0;; ++i) {
        if (processes.rank() == 3 && i == 2) throw StopRequested{SIGTERM};
        processes.to_all(whole);
      }
    });
    for (const auto& error : thrown) EXPECT_EQ(code_of(error), 143) << message_of(error);
  }
}

TEST(Failure, AHangUpIsATermination) {
  EXPECT_EQ(failure_of(std::make_exception_ptr(StopRequested{SIGHUP})).code, 143);
  EXPECT_EQ(failure_of(std::make_exception_ptr(StopRequested{SIGINT})).code, 130);
}

TEST(Failure, ACardThatFailsIsNoFaultOfOurs) {
  const auto code = [](const char* what) {
    return failure_of(std::make_exception_ptr(std::runtime_error(what))).code;
  };
  EXPECT_EQ(code("CUDA error: unspecified launch failure"), 5);
  EXPECT_EQ(code("CUDA out of memory. Tried to allocate 2.00 GiB."), 5);
  EXPECT_EQ(code("expected a colon"), 1);
}

TEST(Communicator, OneThatVanishesIsNamed) {
  const auto thrown = together(2, [](Communicator& processes) {
    if (processes.rank() == 1) processes.leave({});  // as the system ends the connections of a killed process
    exchange(processes);
  });
  EXPECT_EQ(code_of(thrown[0]), 8);
  EXPECT_THAT(message_of(thrown[0]), HasSubstr("process 1 at 127.0.0.1"));
}

TEST(Communicator, ACallThatTakesLongIsNoSilence) {
  const auto thrown = together(2,
                               [](Communicator& processes) {
                                 if (processes.rank() == 1)
                                   std::this_thread::sleep_for(std::chrono::milliseconds(1500));
                                 exchange(processes);
                               },
                               {.silence_s = 0.4});
  for (const auto& error : thrown) EXPECT_FALSE(error) << message_of(error);
}

/// A link whose other end is in the hands of the test.
struct Hands {
  int other = -1;
  std::vector<std::unique_ptr<Link>> links;

  Hands() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
      throw InternalError("no socketpair");
    other = ends[1];
    links.resize(2);
    links[1] = std::make_unique<Link>(FileDescriptor(ends[0]), "process 1 at home");
  }
  ~Hands() { ::close(other); }
  void write(std::string_view bytes) const {
    ASSERT_EQ(::send(other, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  std::string answer(double silence_s = 5) {
    Communicator processes(0, std::move(links), {.silence_s = silence_s});
    try {
      return processes.gather("").at(1);
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kDistributed);
      return error.what();
    }
  }
};

std::string data(std::string_view bytes, char kind = 'd') {
  std::string frame(1, kind);
  for (size_t byte = 0; byte < 8; ++byte) frame += static_cast<char>(bytes.size() >> (8 * byte));
  return frame.append(bytes);
}

TEST(Communicator, OneThatGivesNoSignOfLifeIsLost) {
  Hands hands;
  EXPECT_THAT(hands.answer(0.3), HasSubstr("process 1 at home has given no sign of life for 0.3 s"));
}

TEST(Communicator, SignsOfLifeBetweenFramesAreNoData) {
  Hands hands;
  hands.write("aaa" + data("yes") + "a");
  EXPECT_EQ(hands.answer(), "yes");
}

TEST(Communicator, AFrameThatIsCutIsNoAnswer) {
  for (const size_t length : {1, 5, 9, 11}) {
    Hands hands;
    hands.write(data("yes").substr(0, length));
    ::shutdown(hands.other, SHUT_WR);
    EXPECT_THAT(hands.answer(), HasSubstr("process 1 at home is lost (it ended without a word)")) << length;
  }
}

TEST(Communicator, RefusesWhatIsNoFrame) {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.0\r\n"), std::string("e") + std::string(8, '\xff')}) {
    Hands hands;
    hands.write(bytes);
    EXPECT_THAT(hands.answer(), HasSubstr("it sends what is no frame"));
  }
}

TEST(Communicator, RefusesAnAnswerOfAnotherSize) {
  Hands hands;
  hands.write(data("abc"));
  Communicator processes(0, std::move(hands.links), {});
  std::vector<float> parts(4), values(4);
  try {
    processes.to_owners(values, 2, parts);
    FAIL();
  } catch (const DistributedError& error) {
    EXPECT_THAT(error.what(), HasSubstr("it sends 3 bytes, and 8 were expected"));
  }
}

}  // namespace
}  // namespace bernoulli
