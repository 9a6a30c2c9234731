#include "pipeline/qat.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "graph/reference.h"
#include "testing/color_net.h"
#include "testing/graph_random.h"
#include "testing/photo_folder.h"
#include "testing/temp_dir.h"

namespace fovea {
namespace {

/// A net that tells photos by their colour, and photos to calibrate with.
class Qat : public testing::Test {
 protected:
  Qat() {
    const std::vector<std::string> classes = {"a_red", "b_green", "c_blue"};
    make_photo_folder(dir_.path() / "photos", classes, 6);
    DataSettings settings;
    settings.root = dir_.path() / "photos";
    data_ = read_data(settings);
    source_.model.graph = color_net();
    source_.model.labels = classes;
    source_.spec = PreprocessSpec::unit(kColorSide);
    source_.classes = 3;
  }

  /// Of the weights behind quantize nodes.
  static std::vector<std::int64_t> scales_of_weights(const Graph& graph) {
    std::vector<std::int64_t> counts;
    for (const Node& node : graph.nodes())
      if (std::holds_alternative<Quantize>(node.op) && graph.input_of(node, 0).is_constant())
        counts.push_back(graph.input_of(node, 1).shape.elements());
    return counts;
  }

  const TempDir dir_;
  DataIn data_;
  SourceModel source_;
};

TEST_F(Qat, RoundsWeightsPerChannelOrPerTensorAsAsked) {
  Graph graph = quantization_aware(source_, data_, {});
  const std::vector<std::int64_t> channels = scales_of_weights(graph);
  ASSERT_GE(channels.size(), 3U);
  EXPECT_TRUE(std::ranges::all_of(channels, [](std::int64_t count) { return count > 1; }));
  QatOptions options;
  options.form.per_channel = false;
  const std::vector<std::int64_t> tensors = scales_of_weights(quantization_aware(source_, data_, options));
  EXPECT_EQ(tensors, std::vector<std::int64_t>(channels.size(), 1));
}

TEST_F(Qat, StartsWithWhatTheModelComputesAndEndsInEightBits) {
  Tensor image = random_tensor(DType::kF32, {1, 3, kColorSide, kColorSide}, 1, 0.29F, 0.33F);  // as the photos are
  for (float& red : image.data<float>().first(kColorSide * kColorSide)) red += 0.31F;
  const Tensor expected = run_reference(source_.model.graph, std::span(&image, 1)).front();
  Graph graph = quantization_aware(source_, data_, {});
  const Tensor rounded = run_reference(graph, std::span(&image, 1)).front();
  const auto largest = static_cast<double>(std::ranges::max(expected.data<float>()));
  EXPECT_LT(max_abs_diff(rounded, expected), 0.05 * largest);
  store_quantized_weights(graph);
  EXPECT_TRUE(scales_of_weights(graph).empty());
  EXPECT_EQ(max_abs_diff(run_reference(graph, std::span(&image, 1)).front(), rounded), 0);
}

}  // namespace
}  // namespace fovea
