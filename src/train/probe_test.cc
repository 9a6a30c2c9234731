#include "train/probe.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace fovea::train {
namespace {

/// Clouds around one centre per class, in features of very different size.
ProbeData clouds(double spread) {
  at::manual_seed(1);
  const std::int64_t classes = 3, each = 40, d = 6;
  const at::Tensor labels = at::arange(classes).repeat_interleave(each);
  const at::Tensor centres = 2 * at::randn({classes, d});
  const at::Tensor sizes = at::tensor({1e-3F, 1.0F, 10.0F, 100.0F, 0.1F, 5.0F});
  const at::Tensor order = at::randperm(classes * each);
  const at::Tensor features = (centres.index({labels}) + spread * at::randn({classes * each, d})) * sizes;
  return {features.index({order}).contiguous(), labels.index({order}), 1, classes, 0};
}

double accuracy(const Probe& probe, const ProbeData& data) {
  return (at::addmm(probe.bias, data.features, probe.weight.t()).argmax(1) == data.labels)
      .to(at::kFloat)
      .mean()
      .item<double>();
}

TEST(Probe, SeparatesWhatIsSeparable) {
  const ProbeData data = clouds(0.3);
  const Probe probe = fit_probe(data);
  EXPECT_EQ(probe.weight.sizes(), (at::IntArrayRef{3, 6}));
  EXPECT_EQ(accuracy(probe, data), 1);
  EXPECT_GE(probe.held_out_accuracy, 0.98);
}

TEST(Probe, TellsHowWellItDoesOnWhatItDidNotSee) {
  const Probe probe = fit_probe(clouds(6));
  EXPECT_LT(probe.held_out_accuracy, 0.7);
  EXPECT_GT(probe.held_out_accuracy, 0.2);
}

TEST(Probe, DoesNotDependOnTheSizeOfFeatures) {
  ProbeData data = clouds(1);
  const Probe small = fit_probe(data);
  data.features = data.features * 1000;
  const Probe large = fit_probe(data);
  EXPECT_LT((small.weight - 1000 * large.weight).abs().max().item<double>(),
            1e-3 * small.weight.abs().max().item<double>());
}

TEST(Probe, SurvivesAFeatureThatIsAlwaysTheSame) {
  ProbeData data = clouds(0.3);
  data.features.select(1, 1).fill_(7);
  const Probe probe = fit_probe(data);
  EXPECT_TRUE(at::isfinite(probe.weight).all().item<bool>());
  EXPECT_EQ(accuracy(probe, data), 1);
}

}  // namespace
}  // namespace fovea::train
