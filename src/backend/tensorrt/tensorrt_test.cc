#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/tensorrt/tensorrt_plans.h"
#include "base/error.h"

namespace fovea {
namespace {

TEST(TensorRt, RefusesWhatIsNoModelInItsOwnWords) {
  try {
    const Bytes garbage(100, std::byte{7});
    tensorrt_plans().build(garbage, {});
    FAIL() << "a plan of garbage";
  } catch (const Error& error) {
    if (error.message().find("is not found") != std::string::npos) GTEST_SKIP() << error.message();
    if (error.kind() == ErrorKind::kWrongDevice) GTEST_SKIP() << error.message();
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_THAT(error.message(), testing::HasSubstr("does not take the model"));
  }
}

}  // namespace
}  // namespace fovea
