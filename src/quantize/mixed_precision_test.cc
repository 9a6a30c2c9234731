#include "quantize/mixed_precision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compiler/build_bare.h"
#include "compiler/target.h"
#include "engine/describe.h"
#include "quantize/calibration.h"
#include "quantize/layer_comparison.h"
#include "quantize/sensitivity.h"
#include "testing/color_net.h"
#include "testing/photo_folder.h"
#include "testing/plain_engine.h"
#include "testing/temp_dir.h"

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::Key;

TEST(MixedPrecision, WidensWhatTakesMostDivergenceAwayPerMicrosecond) {
  // node, divergence, int8 us, wide us
  const std::vector<NodeCost> nodes = {{"a", 1, 10, 20}, {"b", 8, 10, 30}, {"c", 7, 10, 12}, {"d", 0.5, 10, 90}};
  const std::vector<Mix> mixes = form_mixes(nodes, "bf16");
  ASSERT_EQ(mixes.size(), 2U);  // after b and c 1.5 of 16.5 are left, a is next
  EXPECT_THAT(mixes[0].widened, ElementsAre(Key("b"), Key("c")));
  EXPECT_DOUBLE_EQ(mixes[0].predicted_divergence, 1.5);
  EXPECT_THAT(mixes[1].widened, ElementsAre(Key("a"), Key("b"), Key("c")));
  EXPECT_EQ(mixes[1].label, "mixed 1/16");
  EXPECT_THAT(mixes[0].widened.at("c"), testing::HasSubstr("bf16 costs 2.0 us more"));
}

TEST(MixedPrecision, HasNothingToMixWhereOneNodeIsAll) {
  EXPECT_TRUE(form_mixes({{"a", 1, 10, 20}}, "bf16").empty());
  EXPECT_TRUE(form_mixes({{"a", 0, 10, 20}, {"b", 0, 10, 20}}, "bf16").empty());
}

TEST(MixedPrecision, LeavesWideWhatInt8DoesNotMakeFaster) {
  EXPECT_THAT(where_int8_pays({{"a", 1, 10, 5}, {"b", 1, 10, 20}}, "bf16").widened, ElementsAre(Key("a")));
  EXPECT_TRUE(where_int8_pays({{"a", 1, 1000, 999}, {"b", 1, 10, 20}}, "bf16").widened.empty());
}

class OnColors : public testing::Test {
 protected:
  OnColors() {
    make_photo_folder(dir_.path(), {"a_red", "b_green", "c_blue"}, 3);
    dataset_ = open_folder(dir_.path());
    data_.calibration_set = &dataset_;
    for (int i = 0; i < std::ssize(dataset_.samples); ++i) data_.calibration.push_back(i);
    target_.info.preprocess = PreprocessSpec::unit(kColorSide);
    target_.info.backend = "cpu";
    target_.info.fingerprint = device_->info().fingerprint();
    target_.info.isa = device_->info().isa;
  }

  std::shared_ptr<const Executor> plain(const Graph& model) const {
    const FrontEnd front = add_front_end(model, target_.info.preprocess, true);
    return Executor::make(bare_engine(front.graph, target_.info, target_.backend, *target_.device, {1}, 1),
                          target_.backend, target_.device);
  }

  LayerComparison compare(const Graph& a, const Graph& b) const {
    return compare_layers(plain(a), plain(b), dataset_, data_.calibration, {});
  }

  const TempDir dir_;
  Dataset dataset_;
  OptimizeData data_;
  std::shared_ptr<Device> device_ = cpu_backend_for_tests().open(Isa::kAmx, 0);
  OptimizeTarget target_{cpu_backend_for_tests(), device_, target_context(cpu_backend_for_tests(), device_->info(), 1),
                         EngineInfo(), 1};
};

TEST_F(OnColors, SensitivityFindsTheNodeThatInt8Hurts) {
  Graph model = color_net();
  const FrontEnd front = add_front_end(model, target_.info.preprocess, true);
  PlainResults results(front, target_, data_, {});
  Graph base = front.graph;
  run_passes(base, passes_before_calibration(), target_.context);
  Calibrated found = calibrate(base, results, target_, data_, {});
  const std::string hurt = base.input_of(*base.find_node("conv2"), 0).name;
  found.recipe.ranges.at(hurt).high /= 3;  // clips
  const auto sensitivity = measure_sensitivity(base, found.recipe, {}, target_, results.divergence());
  ASSERT_EQ(sensitivity.size(), 3U);
  EXPECT_GT(sensitivity.at("conv2"), 10 * sensitivity.at("conv1"));
  EXPECT_GT(sensitivity.at("conv2"), 10 * sensitivity.at("fc"));
  const PrecisionPlan plan{Precision::kInt8, Precision::kFp32, {{"conv2", "it hurts"}}, {}};
  const TypedGraph typed = lower_to(base, plan, found.recipe, target_.context);
  EXPECT_EQ(node_precision(typed.graph, *typed.graph.find_node("conv2")), "fp32");
  EXPECT_EQ(node_precision(typed.graph, *typed.graph.find_node("fc")), "int8");
  ASSERT_EQ(typed.fallbacks.size(), 1U);
  EXPECT_EQ(typed.fallbacks[0].reason, "it hurts");
}

TEST_F(OnColors, LayersOfEqualModelsAreEqual) {
  const LayerComparison same = compare(color_net(), color_net());
  EXPECT_EQ(same.images, 9);
  EXPECT_TRUE(same.identical);
  EXPECT_TRUE(same.first_diverging.empty());
  EXPECT_GE(same.nodes.size(), 4U);
  for (const LayerDifference& row : same.nodes) {
    EXPECT_EQ(row.snr_db, kEqualDb) << row.node;
    EXPECT_EQ(row.max_abs, 0) << row.node;
  }
}

TEST_F(OnColors, TheFirstDivergingLayerIsNamed) {
  Graph changed = color_net();
  Value& weight = changed.value(changed.find_node("conv2")->inputs[1]);
  weight.constant = weight.constant.clone();
  for (float& w : weight.constant.data<float>()) w = -w;
  const LayerComparison found = compare(color_net(), changed);
  EXPECT_EQ(found.first_diverging, "conv2");
  EXPECT_TRUE(found.identical);
  const auto row = std::ranges::find(found.nodes, "conv2", &LayerDifference::node);
  EXPECT_NEAR(row->cosine, -1, 1e-6);
  EXPECT_NEAR(row->snr_db, -6.02, 0.01);  // an error twice as large as the signal
  EXPECT_EQ(std::ranges::find(found.nodes, "conv1", &LayerDifference::node)->snr_db, kEqualDb);
  for (float& w : weight.constant.data<float>()) w = std::numeric_limits<float>::quiet_NaN();
  const LayerComparison lost = compare(color_net(), changed);
  EXPECT_EQ(lost.first_diverging, "conv2");
  EXPECT_GT(std::ranges::find(lost.nodes, "conv2", &LayerDifference::node)->nan, 0);
}

}  // namespace
}  // namespace fovea
