#include "serve/request_head.h"

#include <string>

#include <gtest/gtest.h>

namespace bernoulli::serve::testing {
namespace {

TEST(RequestHead, HasAnIdThatMayStandInTheLog) {
  const auto id = [](const std::string& value) {
    RequestHead head;
    head.set("x-request-id", value);
    return request_id_of(head);
  };
  const std::string longest(128, 'a');
  for (const std::string& sound : {std::string("7"), std::string("0aZ-_.:/+=@~"), longest})
    EXPECT_EQ(id(sound), sound);
  for (const std::string& wrong :
       {std::string(), longest + "a", std::string("a b"), std::string("a\""), std::string("a\\"),
        std::string("a\tb"), std::string("\xC3\xA9"), std::string("a\x1B[2J")})
    EXPECT_EQ(id(wrong), "") << wrong;
  RequestHead head;
  EXPECT_EQ(request_id_of(head), "");
  for (const char* value : {"a", "b"}) head.insert("X-Request-ID", value);
  EXPECT_EQ(request_id_of(head), "");
}

}  // namespace
}  // namespace bernoulli::serve::testing
