#include "base/error.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include <set>

#include "base/cancel.h"
#include "base/module.h"

namespace fovea {
namespace {

TEST(Error, EveryKindHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::kInternal); ++kind)
    names.insert(name(static_cast<ErrorKind>(kind)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(ErrorKind::kInternal) + 1);
  EXPECT_EQ(name(ErrorKind::kGateFailed), "gate failed");
  EXPECT_EQ(name(ErrorKind::kInternal), "internal");
}

TEST(Error, FailFormatsAndRequireThrowsOnlyWhenNotMet) {
  try {
    fail(ErrorKind::kUnsupported, "[conv2d] weight has {} input channels, input has {}", 64, 32);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_EQ(error.message(), "[conv2d] weight has 64 input channels, input has 32");
    EXPECT_STREQ(error.what(), error.message().c_str());
  }
  EXPECT_NO_THROW(require(true, ErrorKind::kInternal, "never {}", 1));
  EXPECT_THROW(require(false, ErrorKind::kInternal, "always {}", 1), Error);
}

TEST(Module, AnAbsentModuleIsUnsupportedAndSaysSo) {
  try {
    open_module("that_nobody_built", "symbol", "a module for tests");
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_NE(error.message().find("built without a module for tests"), std::string::npos) << error.message();
  }
}

TEST(CancelDeathTest, ASignalRequestsAndASecondOneEnds) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        install_signal_handlers();
        if (cancelled()) _exit(1);
        raise(SIGINT);
        if (!cancelled()) _exit(2);
        try {
          throw_if_cancelled();
          _exit(3);
        } catch (const Error& error) {
          if (error.kind() != ErrorKind::kCancelled) _exit(4);
        }
        raise(SIGTERM);
        _exit(5);
      },
      ::testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace fovea
