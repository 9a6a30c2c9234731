#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <string>

#include "backend/tensorrt/tensorrt_backend.h"
#include "backend/tensorrt/tensorrt_plans.h"
#include "backend/tensorrt/version.h"
#include "base/cancel.h"
#include "base/error.h"

namespace fovea {
namespace {

// A model by hand, since this room does not write ONNX: fields of a protocol buffer, all shorter than 128 bytes.
std::string number(int field, int value) { return {static_cast<char>(field << 3), static_cast<char>(value)}; }
std::string text(int field, const std::string& bytes) {
  return std::string{static_cast<char>((field << 3) | 2), static_cast<char>(bytes.size())} + bytes;
}
std::string tensor(const std::string& name) {
  const std::string shape =
      text(1, text(2, "n")) + text(1, number(1, 3)) + text(1, number(1, 4)) + text(1, number(1, 4));
  return text(1, name) + text(2, text(1, number(1, 1) + text(2, shape)));
}
/// y = relu(x), n x 3 x 4 x 4.
Bytes relu_model() {
  const std::string node = text(1, "x") + text(2, "y") + text(3, "relu") + text(4, "Relu");
  const std::string graph = text(1, node) + text(2, "g") + text(11, tensor("x")) + text(12, tensor("y"));
  const std::string model =
      number(1, 8) +
      std::string{(7 << 3) | 2, static_cast<char>((graph.size() & 127) | 128), static_cast<char>(graph.size() >> 7)} +
      graph + text(8, number(2, 17));
  const auto* begin = reinterpret_cast<const std::byte*>(model.data());
  return {begin, begin + model.size()};
}

/// Why no plan can be built here at all, for which these tests are skipped.
std::optional<std::string> why_no_plans() {
  try {
    tensorrt_plans().fingerprint();
    return std::nullopt;
  } catch (const Error& error) {
    return error.message();
  }
}

std::optional<ErrorKind> kind_of(const std::function<void()>& call) {
  try {
    call();
    return std::nullopt;
  } catch (const Error& error) {
    return error.kind();
  }
}

// First, in a process of its own: nothing takes a cancellation back.
TEST(TensorRtDeathTest, EndsABuildAfterCtrlC) {
  if (const auto reason = why_no_plans()) GTEST_SKIP() << *reason;
  const auto build = [] { tensorrt_plans().build(relu_model(), {}); };
  EXPECT_EXIT(
      {
        request_cancel();
        _exit(kind_of(build) == ErrorKind::kCancelled ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(TensorRt, BuildsAPlanWithEveryOption) {
  if (const auto reason = why_no_plans()) GTEST_SKIP() << *reason;
  VendorPlanOptions options;
  options.profiles = {{1, 1, 1}, {8, 8, 8}};
  options.opt_level = 0;
  options.workspace_bytes = std::size_t{1} << 20;
  const VendorPlan plan = tensorrt_plans().build(relu_model(), options);
  EXPECT_GT(plan.plan.size(), 100U);
  EXPECT_FALSE(plan.layers.empty());
  EXPECT_THAT(plan.warnings, testing::Not(testing::Contains(testing::HasSubstr("nsupported"))));
  options.profiles = {{8, 1, 8}};
  EXPECT_EQ(kind_of([&] { tensorrt_plans().build(relu_model(), options); }), ErrorKind::kInvalidArgument);
}

TEST(TensorRt, RefitsOnAGpuOnly) {
  if (const auto reason = why_no_plans()) GTEST_SKIP() << *reason;
  if (tensorrt_backend().available()) GTEST_SKIP() << "there is one";
  VendorPlanOptions options;
  options.refit = true;
  EXPECT_EQ(kind_of([&] { tensorrt_plans().build(relu_model(), options); }), ErrorKind::kWrongDevice);
  EXPECT_EQ(kind_of([] { tensorrt_plans().refit({}, relu_model()); }), ErrorKind::kWrongDevice);
}

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
