#include "quantize/optimize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <set>

#include "base/error.h"
#include "compiler/target.h"
#include "engine/executor.h"
#include "quantize/candidate.h"
#include "quantize/combine_profiles.h"
#include "testing/color_net.h"
#include "testing/photo_folder.h"
#include "testing/plain_engine.h"
#include "testing/temp_dir.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

/// Photos of three colours, half to calibrate with and half to judge by, and a net that tells them apart.
class Optimize : public testing::Test {
 protected:
  Optimize() {
    make_photo_folder(dir_.path() / "photos", {"a_red", "b_green", "c_blue"}, 8);
    dataset_ = open_folder(dir_.path() / "photos");
    data_.calibration_set = data_.validation_set = &dataset_;
    for (int i = 0; i < std::ssize(dataset_.samples); ++i)
      (i % 2 == 0 ? data_.calibration : data_.validation).push_back(i);
    options_.compile.opt_level = 1;
    options_.compile.threads = 1;
  }

  FrontEnd front(const Graph& model) const { return add_front_end(model, PreprocessSpec::unit(kColorSide), true); }

  OptimizeResult build(const Graph& model, const Graph* against = nullptr) {
    const FrontEnd made = front(model);
    const FrontEnd other = against != nullptr ? front(*against) : FrontEnd();
    return optimize(made, against != nullptr ? &other : nullptr, info(), cpu_backend_for_tests(), device_, data_,
                    options_, cache_);
  }

  static EngineInfo info() {
    EngineInfo info;
    info.preprocess = PreprocessSpec::unit(kColorSide);
    return info;
  }

  OptimizeTarget target() const {
    OptimizeTarget target{cpu_backend_for_tests(), device_, target_context(cpu_backend_for_tests(), device_->info(), 1),
                          info(), 1};
    return target;
  }

  ErrorKind error_of(const Graph& model, const Graph* against = nullptr) {
    return kind_of([&] { build(model, against); });
  }

  /// A cache of color_net()'s calibration, changed.
  void write_cache(const std::function<void(CachedCalibration&)>& change) {
    options_.calib_cache = dir_ / "calibration.json";
    const FrontEnd made = front(color_net());
    const OptimizeTarget to = target();
    Graph base = made.graph;
    run_passes(base, passes_before_calibration(), to.context);
    PlainResults plain(made, to, data_, {});
    Calibrated found = calibrate(base, plain, to, data_, {});
    change(found.found);
    save_calibration(options_.calib_cache, found.key, found.found);
  }

  const TempDir dir_;
  Dataset dataset_;
  OptimizeData data_;
  OptimizeOptions options_;
  TimingCache cache_;
  std::shared_ptr<Device> device_ = cpu_backend_for_tests().open(Isa::kAmx, 0);
};

TEST(Gate, SaysWhichClassLostMost) {
  const auto result = [](const std::vector<int>& predicted) {
    std::vector<ImageResult> images;
    for (int i = 0; i < std::ssize(predicted); ++i)
      images.push_back(
          {i, i / 4, predicted[static_cast<std::size_t>(i)], predicted[static_cast<std::size_t>(i)] != i / 4});
    return summarize(images, 3);
  };
  const EvalResult before = result({0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2});
  const GateResult gate = check_gate(before, result({0, 0, 0, 0, 1, 1, 0, 2, 2, 2, 2, 1}), {25.0, false});
  EXPECT_EQ(gate.worst_class, 1);
  EXPECT_EQ(gate.worst_class_lost, 2);
  EXPECT_EQ(gate.worst_class_images, 4);
  EXPECT_DOUBLE_EQ(gate.top5_after, 1);
  EXPECT_EQ(gate.difference.net_lost(), 2);
  EXPECT_TRUE(gate.passed);  // three may be lost
  EXPECT_EQ(check_gate(before, before, {}).worst_class, -1);
}

TEST(Gate, RefusesWhatIsNotANumber) {
  const std::vector<int> labels = {0, 0, 0, 0}, samples = {0, 1, 2, 3};
  const EvalResult before = summarize(judge(std::vector<float>{1, 0, 1, 0, 1, 0, 0, 1}, 2, labels, samples), 2);
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  const EvalResult after = summarize(judge(std::vector<float>{1, 0, 1, 0, 1, 0, nan, nan}, 2, labels, samples), 2);
  const GateResult gate = check_gate(before, after, {50.0, false});
  EXPECT_EQ(gate.difference.net_lost(), 0);
  EXPECT_EQ(gate.not_finite, 1);
  EXPECT_FALSE(gate.passed);
  EXPECT_THAT(GateRefused(gate, "gate failed").message(), testing::HasSubstr("NaN or infinity for 1 of 4 images"));
}

TEST_F(Optimize, AutoChoosesAPlanThatPasses) {
  const OptimizeResult result = build(color_net());
  ASSERT_TRUE(result.gate.has_value());
  EXPECT_TRUE(result.gate->passed);
  EXPECT_DOUBLE_EQ(result.gate->before, 1);
  EXPECT_EQ(std::ranges::count_if(result.candidates, &CandidatePlan::chosen), 1);
  EXPECT_THAT(result.candidates, testing::SizeIs(testing::Ge(3U)));
  EXPECT_EQ(result.calibration.images, 12);
}

TEST_F(Optimize, TheSameCachesGiveTheSameBytes) {
  for (const bool per_channel : {true, false}) {
    options_.form.per_channel = per_channel;
    options_.calib_cache = dir_ / (per_channel ? "channels.json" : "tensors.json");
    const OptimizeResult first = build(color_net());
    const OptimizeResult second = build(color_net());
    EXPECT_EQ(serialize(first.engine), serialize(second.engine));
    EXPECT_EQ(first.calibration.method, second.calibration.method);
    EXPECT_EQ(first.calibration.ranges, second.calibration.ranges);
    ASSERT_EQ(first.calibration.repairs.size(), second.calibration.repairs.size());
  }
}

/// Images of the colours, batch after batch, through both plans.
std::vector<float> results_of(const std::shared_ptr<const Executor>& executor, std::int64_t batch) {
  ExecutionContext context(executor);
  Bytes pixels(input_bytes_per_image(executor->engine()) * static_cast<std::size_t>(batch));
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::byte>(i * 37 % 251);
  std::vector<float> results(static_cast<std::size_t>(output_classes(executor->engine()) * batch));
  context.run(pixels, batch, results);
  return results;
}

TEST_F(Optimize, EachBatchProfileMayRunAnotherPlan) {
  options_.compile.batches = {1, 4};
  const OptimizeTarget to = target();
  Graph base = front(color_net()).graph;
  run_passes(base, passes_before_calibration(), to.context);
  const FrontEnd made = front(color_net());
  PlainResults plain(made, to, data_, {});
  const Calibrated calibrated = calibrate(base, plain, to, data_, {});
  const auto built = [&](Precision precision) {
    return build_candidate(precision,
                           lower_to(base, {precision, Precision::kFp32, {}, {}}, calibrated.recipe, to.context), to,
                           options_.compile, cache_);
  };
  Built wide = built(Precision::kFp32), narrow = built(Precision::kInt8);
  const std::array<Built*, 2> picked = {&wide, &narrow};
  const Engine engine = deserialize(serialize(combine_profiles(picked)));
  EXPECT_EQ(engine.info.precision, "mixed");
  EXPECT_LT(engine.blobs.size(), wide.plan.engine->blobs.size() + narrow.plan.engine->blobs.size() + 1);
  const auto both = Executor::make(std::make_shared<const Engine>(engine), cpu_backend_for_tests(), device_);
  EXPECT_EQ(results_of(both, 1), results_of(wide.executor, 1));
  EXPECT_EQ(results_of(both, 4), results_of(narrow.executor, 4));
}

TEST_F(Optimize, EveryBatchProfileHasAChosenPlan) {
  options_.compile.batches = {1, 4};
  const OptimizeResult result = build(color_net());
  std::vector<std::int64_t> batches;
  for (const CandidatePlan& plan : result.candidates) {
    EXPECT_EQ(plan.engine != nullptr, plan.profile_ms.size() == 2) << plan.label;
    batches.insert(batches.end(), plan.profiles.begin(), plan.profiles.end());
    EXPECT_TRUE(plan.profiles.empty() || (plan.gate && plan.gate->passed)) << plan.label;
  }
  EXPECT_THAT(batches, testing::UnorderedElementsAre(1, 4));
  EXPECT_THAT(result.engine.plans, testing::SizeIs(2));
}

TEST_F(Optimize, PrecisionsOfGpusAreSaidToBeMissing) {
  for (const Precision precision : {Precision::kTf32, Precision::kFp8}) {
    options_.precision = precision;
    EXPECT_EQ(error_of(color_net()), ErrorKind::kUnsupported) << name(precision);
  }
}

/// Whichever whole plan the cache calls the fastest wins, nothing is timed anew, and the bytes are the same each time.
TEST_F(Optimize, WholePlansAreTimedOnceAndLookedUpThen) {
  options_.calib_cache = dir_ / "calibration.json";
  const OptimizeResult timed = build(color_net());
  const std::string text = cache_.text();
  std::set<std::string> chosen;
  std::size_t plans = 0;
  for (std::size_t at = text.find(" plan "); at != std::string::npos; at = text.find(" plan ", at + 1), ++plans) {
    std::string changed;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin) + 1;
      const std::string line = text.substr(begin, end - begin);
      const std::size_t key = line.find(" plan ");
      changed += key == std::string::npos ? line : (begin + key == at ? "1" : "1000") + line.substr(key);
      begin = end;
    }
    cache_ = TimingCache::parse(changed);
    changed = cache_.text();
    const OptimizeResult first = build(color_net());
    const OptimizeResult again = build(color_net());
    EXPECT_EQ(serialize(first.engine), serialize(again.engine));
    EXPECT_EQ(cache_.text(), changed);
    const auto winner = std::ranges::find_if(first.candidates, &CandidatePlan::chosen);
    ASSERT_NE(winner, first.candidates.end());
    EXPECT_DOUBLE_EQ(winner->latency_ms, 1e-3);
    chosen.insert(winner->label);
  }
  const auto built = std::ranges::count_if(timed.candidates, [](const auto& plan) { return plan.engine != nullptr; });
  EXPECT_EQ(std::ssize(chosen), built);
  EXPECT_EQ(chosen.size(), plans);
  EXPECT_GE(plans, 2U);
}

TEST_F(Optimize, RangesWrongByFourAreRefused) {
  options_.precision = Precision::kInt8;
  EXPECT_TRUE(build(color_net()).gate->passed);
  write_cache([](CachedCalibration& cache) {
    for (auto& [value, range] : cache.report.ranges) range = {range.low / 4, range.high / 4};
  });
  EXPECT_EQ(error_of(color_net()), ErrorKind::kGateFailed);
}

TEST_F(Optimize, ACacheThatDoesNotFitTheModelIsRefused) {
  options_.precision = Precision::kInt8;
  const std::vector<std::function<void(CachedCalibration&)>> changes = {
      [](CachedCalibration& cache) {
        cache.biases["conv1"] = {1, 2};
      },
      [](CachedCalibration& cache) { cache.biases["nowhere"] = {1}; },
      [](CachedCalibration& cache) { cache.equalization["conv1"] = {1}; }};
  for (const auto& change : changes) {
    write_cache(change);
    EXPECT_EQ(error_of(color_net()), ErrorKind::kCorruptFile);
  }
}

TEST_F(Optimize, ABadlyQuantizedModelIsRefusedAgainstItsOrigin) {
  const Graph model = color_net();
  Graph quantized = model;
  Ranges ranges;
  for (const Value& value : model.values())
    if (!value.is_constant()) ranges[value.name] = {0, 0.3F};  // the values lie above
  insert_quantization(quantized, ranges, {});
  options_.precision = Precision::kInt8;
  EXPECT_EQ(error_of(quantized, &model), ErrorKind::kGateFailed);
  EXPECT_TRUE(build(quantized).gate->passed);  // it can't accuse itself
}

TEST_F(Optimize, WhatOverflowsInBf16StaysWide) {
  options_.precision = Precision::kBf16;
  try {
    EXPECT_TRUE(build(color_net()).gate->passed);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kUnsupported) GTEST_SKIP() << error.message();
    throw;
  }
  const OptimizeResult result = build(color_net({.overflows_in_bf16 = true}));
  EXPECT_TRUE(result.gate->passed);
  EXPECT_THAT(result.fallbacks,
              testing::Contains(testing::AllOf(testing::Field(&Fallback::node, "conv1"),
                                               testing::Field(&Fallback::precision, "fp32"),
                                               testing::Field(&Fallback::reason, testing::HasSubstr("bf16 ends at")))));
}

TEST_F(Optimize, AsymmetricActivationsRun) {
  options_.precision = Precision::kInt8;
  options_.form.asymmetric = true;
  const OptimizeResult result = build(color_net());
  EXPECT_TRUE(result.gate->passed);
  const auto& values = result.engine.plans.front().graph.values();
  EXPECT_TRUE(std::ranges::any_of(values, [](const Value& value) {
    return value.quant && value.dtype == DType::kU8 && value.quant->zero_point.at(0) > 0;
  }));
}

}  // namespace
}  // namespace fovea
