#include "compiler/time_tactic.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "testing/plain_engine.h"

namespace fovea {
namespace {

/// Counts its runs; "work" milliseconds of them each.
struct SlowStep final : Step {
  explicit SlowStep(int work_) : work(work_) {}
  std::size_t scratch_bytes() const override { return 100; }
  void run(const Bindings& bindings, Stream&) const override {
    ++runs;
    bindings.scratch[99] = std::byte{1};
    bindings.outputs[0][0] = bindings.inputs[0][0];
    double sum = 0;
    for (int i = 0; i < work * 100'000; ++i) sum += std::sqrt(static_cast<double>(i));
    sink = sum;
  }
  static inline int runs = 0;
  static inline volatile double sink = 0;
  int work;
};

Bytes no_weights(const NodeView&, const Config&, const Weights&) { return {}; }
std::unique_ptr<Step> make_slow(const NodeView&, const Config& config, std::span<const std::byte>, Device&) {
  require(config.get("work", 0) >= 0, ErrorKind::kUnsupported, "[slow] no such step");
  return std::make_unique<SlowStep>(config.get("work", 0));
}

TimedCandidate slow(int work) {
  static const Tactic tactic = {"slow", nullptr, nullptr, no_weights, make_slow};
  const OperandView operand{DType::kF32, {1, 4}, Layout::kPlain, std::nullopt};
  return {&tactic, {{{"work", work}}}, {.name = "n", .op = Identity{}, .inputs = {operand}, .outputs = {operand}}};
}

TEST(TacticTimer, OrdersCandidatesAndStopsTimingThoseFarBehind) {
  const auto device = cpu_backend_for_tests().open(Isa::kAmx, 0);
  TacticTimer timer(*device, 1);
  SlowStep::runs = 0;
  const std::vector<double> times = timer.time({slow(20), slow(1), slow(-1)}, {{Tensor()}});
  ASSERT_EQ(times.size(), 3U);
  EXPECT_LT(times[1], times[0]);
  EXPECT_TRUE(std::isinf(times[2])) << "could not be made";
  EXPECT_GE(SlowStep::runs, 4);
  EXPECT_LE(SlowStep::runs, 2 + 9);
}

TEST(TacticTimer, HasNoTimeForNothing) {
  const auto device = cpu_backend_for_tests().open(Isa::kAmx, 0);
  EXPECT_TRUE(TacticTimer(*device, 1).time({}, {}).empty());
}

}  // namespace
}  // namespace fovea
