#include "distributed/rendezvous.h"

#include <functional>
#include <sys/socket.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/log.h"
#include "distributed/socket.h"
#include "support/message_of.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
using testing::message_of;

constexpr double kTimeout_s = 20;

/// One of the processes that meet, as the test has it come.
struct Comer {
  int rank;
  int size = 3;
  std::string build = "1.0 abc";
  std::string key = "secret";
  double after_s = 0;  ///< that it comes
};

/// By comer, what went wrong with it; empty: nothing.
std::vector<std::string> met(const std::vector<Comer>& comers, double timeout_s = kTimeout_s,
                             const std::function<void(uint16_t)>& before = {}) {
  Listener listener = listen_at("127.0.0.1", 0);
  if (before) before(listener.at.port);
  std::vector<std::string> faults(comers.size());
  std::vector<std::vector<std::unique_ptr<Link>>> links(comers.size());  // until all have met
  std::vector<std::jthread> threads;
  for (size_t i = 0; i < comers.size(); ++i) {
    threads.emplace_back([&, i] {
      const Comer& comer = comers[i];
      const Place place{comer.rank, comer.size, 0, 1, "127.0.0.1", listener.at.port, comer.key};
      std::this_thread::sleep_for(std::chrono::duration<double>(comer.after_s));
      try {
        links[i] = meet(place, comer.rank == 0 ? &listener : nullptr, comer.build, timeout_s);
        for (int rank = 0; rank < comer.size; ++rank)
          EXPECT_EQ(links[i][static_cast<size_t>(rank)] == nullptr, rank == comer.rank);
      } catch (const DistributedError& error) {
        faults[i] = error.what();
      }
    });
  }
  threads.clear();
  return faults;
}

TEST(Rendezvous, AllFindEachOther) {
  for (const auto& fault : met({{0, 5}, {3, 5}, {1, 5}, {4, 5}, {2, 5}})) EXPECT_EQ(fault, "");
}

TEST(Rendezvous, WhoHasWaitedForTheLastHasTimeForTheRound) {
  const auto late = [](int rank, double after_s) {
    Comer comer{rank};
    comer.after_s = after_s;
    return comer;
  };
  // The last one comes when the first one's second is over, and that of process 0 is not.
  for (const auto& fault : met({{1}, late(0, 0.9), late(2, 1.1)}, 1)) EXPECT_EQ(fault, "");
}

TEST(Rendezvous, AnotherBuildEndsAll) {
  const auto faults = met({{0}, {2, 3, "0.9 old"}});  // one behind them would wait for who has gone
  EXPECT_THAT(faults[0], HasSubstr("is another build of bernoulli (0.9 old, and process 0 is 1.0 abc)"));
  EXPECT_EQ(faults[1], faults[0]);
}

TEST(Rendezvous, AnotherNumberOfProcessesEndsAll) {
  const auto faults = met({{0}, {1, 4}});
  EXPECT_THAT(faults[0], HasSubstr("a process at 127.0.0.1 has WORLD_SIZE 4, and process 0 has 3"));
  EXPECT_EQ(faults[1], faults[0]);
}

TEST(Rendezvous, TwoOfOneRankEndAll) {
  const auto faults = met({{0}, {1}, {1}});
  EXPECT_THAT(faults[0], HasSubstr("has RANK 1, which process 1 at 127.0.0.1 has already"));
  EXPECT_EQ(faults[1], faults[0]);
  EXPECT_EQ(faults[2], faults[0]);
}

TEST(Rendezvous, OneThatDoesNotComeIsNamed) {
  const auto faults = met({{0}, {2}}, 0.5);
  EXPECT_THAT(faults[0], HasSubstr("process 1 has not come within 0.5 s"));
  EXPECT_NE(faults[1], "");
}

TEST(Rendezvous, WhoDoesNotKnowTheKeyIsNoneOfTheTraining) {
  const auto faults = met({{0}, {1, 3, "1.0 abc", "guess"}}, 0.5);
  EXPECT_THAT(faults[0], HasSubstr("process 1, 2 has not come"));
  EXPECT_THAT(faults[1], HasSubstr("process 0 took the connection and gave no answer"));
}

TEST(Rendezvous, OneThatDiesAfterItCameEndsAllThatHaveCome) {
  const double begin_s = monotonic_seconds();
  std::jthread dying;
  const auto faults = met({{0, 4}, {2, 4}}, kTimeout_s, [&](uint16_t port) {
    dying = std::jthread([begin_s, port] {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));  // process 2 has come
      const FileDescriptor socket = connect_to("127.0.0.1", port, begin_s + 5);
      send_message(socket.get(), begin_s + 5,
                   R"({"rank": 1, "size": 4, "port": 1, "build": "1.0 abc", "key": "secret"})");
    });
  });
  for (const auto& fault : faults) EXPECT_THAT(fault, HasSubstr("process 1 at 127.0.0.1 is lost"));
  EXPECT_LT(monotonic_seconds() - begin_s, kTimeout_s / 2);
}

/// What a process says that finds somebody else where process 0 should be.
std::string fault_of_answer(const std::string& answer) {
  Listener listener = listen_at("127.0.0.1", 0);
  const std::jthread other([&] {
    const double deadline_s = monotonic_seconds() + 5;
    const FileDescriptor socket = accept_from(listener, deadline_s);
    std::string hello;
    receive_message(socket.get(), deadline_s, 10'000, hello);
    send_message(socket.get(), deadline_s, answer);
  });
  const Place place{1, 3, 0, 1, "127.0.0.1", listener.at.port, "secret"};
  return message_of<DistributedError>([&] { meet(place, nullptr, "1.0 abc", 5); });
}

TEST(Rendezvous, AnyAnswerOfSomebodyElseIsRefused) {
  for (const char* answer :
       {"", "{", "null", "[]", R"({"peers": 5})", R"({"peers": []})", R"({"peers": [null, null, null]})",
        R"({"refused": 1})", R"({"refused": "x"})", R"({"refused": "x", "code": 1.5})",
        R"({"peers": [null, ["127.0.0.1", 1], ["127.0.0.1", 65537]]})"})
    EXPECT_THAT(fault_of_answer(answer),
                HasSubstr("what answers at MASTER_PORT is no training of this program"))
        << answer;
}

TEST(Rendezvous, StrangersAreDroppedAndTheTrainingBegins) {
  std::vector<FileDescriptor> strangers;
  const auto faults = met({{0}, {1}, {2}}, kTimeout_s, [&](uint16_t port) {
    for (const char* says : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "", "\xff\xff\xff\xff", "\x02{}", "[]"}) {
      strangers.push_back(connect_to("127.0.0.1", port, monotonic_seconds() + 5));
      if (*says == '\0') {
        strangers.back().reset();  // comes and goes
      } else {
        send_message(strangers.back().get(), monotonic_seconds() + 5, says);
      }
    }
  });
  for (const auto& fault : faults) EXPECT_EQ(fault, "");
}

TEST(Rendezvous, NumbersThatAreNotWholeOrTooLargeAreThoseOfAStranger) {
  std::vector<FileDescriptor> strangers;
  const auto faults = met({{0}, {1}, {2}}, kTimeout_s, [&](uint16_t port) {
    for (const char* numbers :
         {R"("rank": 1.5, "size": 3, "port": 1)", R"("rank": 1e300, "size": 3, "port": 1)",
          R"("rank": 4294967297, "size": 3, "port": 1)", R"("rank": 1, "size": 3.5, "port": 1)",
          R"("rank": 1, "size": 3, "port": 65537)"}) {
      strangers.push_back(connect_to("127.0.0.1", port, monotonic_seconds() + 5));
      send_message(strangers.back().get(), monotonic_seconds() + 5,
                   std::string("{") + numbers + R"(, "build": "1.0 abc", "key": "secret"})");
    }
  });
  for (const auto& fault : faults) EXPECT_EQ(fault, "");
}

TEST(Rendezvous, ALastWordOfBytesThatAreNoUtf8IsTold) {
  const auto faults = met({{0}}, kTimeout_s, [](uint16_t port) {
    FileDescriptor socket = connect_to("127.0.0.1", port, monotonic_seconds() + 5);
    send_message(socket.get(), monotonic_seconds() + 5,
                 R"({"rank": 1, "size": 3, "port": 1, "build": "1.0 abc", "key": "secret"})");
    Link(std::move(socket), "process 0").end(3, "caf\xe9.csv: no such file");
  });
  EXPECT_THAT(faults[0], HasSubstr("caf\xe9.csv: no such file"));
}

TEST(Socket, SaysWhyItCannotListen) {
  const Listener taken = listen_at("127.0.0.1", 0);
  EXPECT_THAT(message_of<DistributedError>([&] { listen_at("127.0.0.1", taken.at.port); }),
              HasSubstr("is in use, by another training perhaps: set another MASTER_PORT"));
  EXPECT_THAT(message_of<DistributedError>([] { listen_at("192.0.2.1", 0); }),
              HasSubstr("'192.0.2.1' is no address of this machine"));
  EXPECT_THAT(message_of<DistributedError>([] { listen_at("no such machine", 0); }),
              HasSubstr("is no machine that is known here"));
}

TEST(Socket, NamesWhereNobodyAnswers) {
  uint16_t port = 0;
  { port = listen_at("127.0.0.1", 0).at.port; }
  EXPECT_THAT(message_of<DistributedError>([&] { connect_to("127.0.0.1", port, monotonic_seconds() + 0.3); }),
              HasSubstr("nobody answers at 127.0.0.1 port " + std::to_string(port)));
}

}  // namespace
}  // namespace bernoulli
