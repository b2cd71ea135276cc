#include "distributed/socket.h"

#include <dlfcn.h>
#include <limits>
#include <map>
#include <netdb.h>
#include <sys/socket.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/log.h"
#include "support/message_of.h"

namespace bernoulli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;

/// A name that these tests make up.
struct Name {
  int unknown_for = 0;                   ///< look-ups
  std::vector<Endpoint> addresses = {};  ///< port 0: the one that is asked for
};

std::map<std::string, Name>& made_up_names() {
  static std::map<std::string, Name> names;
  return names;
}

constexpr int kForEver = std::numeric_limits<int>::max();

}  // namespace
}  // namespace bernoulli

/// The system's, which this hides in the whole program, but for the names above.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  static const auto system = reinterpret_cast<decltype(&::getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  auto& names = bernoulli::made_up_names();
  const auto name = names.find(node);
  if (name == names.end()) return system(node, service, hints, found);
  if (name->second.unknown_for-- > 0) return EAI_NONAME;
  for (const auto& [address, port] : name->second.addresses) {
    const std::string own_port = std::to_string(port);
    const int fault = system(address.c_str(), port == 0 ? service : own_port.c_str(), hints, found);
    if (fault != 0) return fault;
    found = &(*found)->ai_next;
  }
  return 0;
}

namespace bernoulli {
namespace {

TEST(Socket, WaitsForANameThatIsNotKnownYet) {
  const Listener listener = listen_at("127.0.0.1", 0);
  made_up_names()["late.test"] = {1, {{"127.0.0.1", 0}}};
  const FileDescriptor socket = connect_to("late.test", listener.at.port, monotonic_seconds() + 20);
  EXPECT_EQ(other_end(socket.get()).port, listener.at.port);
}

TEST(Socket, SaysOfANameThatItWasNeverKnown) {
  made_up_names()["never.test"] = {kForEver};
  int polls = 0;
  EXPECT_THAT(message_of<DistributedError>(
                  [&] { connect_to("never.test", 1, monotonic_seconds() + 0.3, [&] { ++polls; }); }),
              AllOf(HasSubstr("'never.test' is no machine that is known here"),
                    HasSubstr("was none while it was waited for")));
  EXPECT_GT(polls, 1);
}

TEST(Socket, GoesOnToTheSecondAddressWhereTheFirstIsDead) {
  const Listener full = listen_at("127.0.0.1", 0), good = listen_at("127.0.0.1", 0);
  ::listen(full.socket.get(), 0);  // connections wait for room, as they do where nothing answers
  std::vector<FileDescriptor> waiting;
  try {
    while (waiting.size() < 100)
      waiting.push_back(connect_to("127.0.0.1", full.at.port, monotonic_seconds() + 0.3));
  } catch (const DistributedError&) {
  }
  if (waiting.size() == 100) GTEST_SKIP() << "this system lets everybody in";
  made_up_names()["two.test"] = {0, {full.at, good.at}};
  const FileDescriptor socket = connect_to("two.test", 1, monotonic_seconds() + 20);
  EXPECT_EQ(other_end(socket.get()).port, good.at.port);
}

TEST(Socket, ListensAtTheFirstAddressThatIsOfThisMachine) {
  made_up_names()["own.test"] = {0, {{"192.0.2.1", 0}, {"127.0.0.1", 0}, {"127.0.0.2", 0}}};
  EXPECT_EQ(listen_at("own.test", 0).at.address, "127.0.0.1");
}

TEST(Socket, DoesNotPassOverAPortInUse) {
  const Listener taken = listen_at("127.0.0.1", 0);
  made_up_names()["used.test"] = {0, {taken.at, {"127.0.0.1", 0}}};
  EXPECT_THAT(message_of<DistributedError>([] { listen_at("used.test", 0); }), HasSubstr("is in use"));
}

}  // namespace
}  // namespace bernoulli
