#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/tensorrt/tensorrt_backend.h"
#include "backend/tensorrt/tensorrt_plans.h"
#include "backend/tensorrt/version.h"
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

TEST(TensorRt, SaysInOneLineWhyItDoesNotRun) {
  if (tensorrt_backend().available()) GTEST_SKIP() << "it runs here";
  try {
    tensorrt_backend().open(Isa::kBaseline, 0);
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kWrongDevice);
    EXPECT_EQ(error.message().find('\n'), std::string::npos);
    EXPECT_THAT(error.message(), testing::AnyOf(testing::HasSubstr("is not found"), testing::HasSubstr("capability")));
  }
}

TEST(TensorRt, TakesWholeNetworksOnly) {
  const Tactic& tactic = tensorrt_backend().tactics()[0];
  NodeView view;
  view.op = Region{10, 0};
  view.inputs = {{DType::kU8, {2, 8, 8, 3}, Layout::kPlain, std::nullopt, false, true}};
  view.outputs = {{DType::kF32, {2, 10}, Layout::kPlain, std::nullopt, false, true}};
  EXPECT_TRUE(tactic.supports(view, {}));
  EXPECT_THROW(tactic.pack(view, {}, {}), Error);
  view.inputs[0].dtype = DType::kF16;
  EXPECT_FALSE(tactic.supports(view, {}));
  view.op = Identity{};
  EXPECT_FALSE(tactic.supports(view, {}));
}

TEST(TensorRt, FingerprintsNameLibraryAndCapabilities) {
  std::string fingerprint;
  try {
    fingerprint = tensorrt_plans().fingerprint();
  } catch (const Error& error) {
    GTEST_SKIP() << error.message();
  }
  EXPECT_THAT(fingerprint, testing::MatchesRegex("backend=tensorrt cc=[0-9,+]+ lib=TensorRT[-.A-Z0-9]+"));
}

/// TensorRT's families differ in what they take; the list and the rule must be the same.
TEST(TensorRt, RunsOnWhatItsPlansAreFor) {
  for (const tensorrt::Family& family : tensorrt::families()) {
    if (family.capabilities.empty()) continue;
    DeviceInfo gpu;
    gpu.backend = "tensorrt";
    for (int capability = 50; capability < 140; ++capability) {
      gpu.compute_capability = capability;
      const bool listed = gpu.missing(fmt::format("backend=tensorrt cc={}", family.capabilities)).empty();
      EXPECT_EQ(tensorrt::runs_on(family, capability), listed) << capability;
    }
  }
}

}  // namespace
}  // namespace fovea
