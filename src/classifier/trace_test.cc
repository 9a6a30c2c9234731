#include "classifier/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "testing/photo_folder.h"
#include "testing/plain_engine.h"

namespace fovea {
namespace {

Classifier classifier_of(const Graph& graph, std::vector<std::int64_t> batches, const PreprocessSpec* spec = nullptr) {
  const Backend& backend = cpu_backend_for_tests();
  const auto device = backend.open(Isa::kAmx, 0);
  Engine engine = plain_engine(graph, backend, *device, {std::move(batches), 1, "reference", {"a", "b", "c"}});
  if (spec != nullptr) engine.info.preprocess = *spec;
  return Classifier::from_engine(std::move(engine));
}

std::vector<std::uint8_t> pixels_of(const Classifier& classifier, std::uint64_t seed = 1) {
  std::vector<std::uint8_t> pixels(classifier.pixel_bytes());
  classifier.preprocess(colored_photo(1, seed, 24, 24).view(), pixels);
  return pixels;
}

TEST(Trace, ShowsEveryLayerInItsGroup) {
  const Classifier classifier = classifier_of(tiny_classifier(3), {1});
  TraceOptions options;
  options.maps = 3;
  const PredictionTrace trace = trace_prediction(classifier, colored_photo(0, 1, 24, 24).view(), options);
  const Plan& plan = classifier.executor()->engine().plans[0];
  ASSERT_EQ(trace.layers.size(), plan.steps.size() + 1);
  const auto layer = [&](const std::string& name) {
    return *std::find_if(trace.layers.begin(), trace.layers.end(), [&](const auto& l) { return l.name == name; });
  };
  using testing::ElementsAre;
  EXPECT_THAT(trace.layers.front().groups, ElementsAre(LayerGroup::kInput));
  EXPECT_THAT(layer("front").groups, ElementsAre(LayerGroup::kInput));
  EXPECT_THAT(layer("conv1").groups, ElementsAre(LayerGroup::kConvolution));
  EXPECT_THAT(layer("relu1").groups, ElementsAre(LayerGroup::kConvolution));
  EXPECT_THAT(layer("pool1").groups, ElementsAre(LayerGroup::kPooling));
  EXPECT_THAT(layer("fc").groups, ElementsAre(LayerGroup::kFullyConnected));
  EXPECT_THAT(layer("probabilities").groups, ElementsAre(LayerGroup::kSoftmax));
  EXPECT_EQ(layer("conv1").shape, (Shape{1, 8, 8, 8}));
  EXPECT_EQ(layer("conv1").precision, "fp32");
  EXPECT_EQ(layer("conv1").tactic, "reference");
  ASSERT_EQ(layer("conv1").maps.size(), 3U);
  EXPECT_GE(layer("conv1").maps[0].strength, layer("conv1").maps[1].strength);
  EXPECT_EQ(layer("conv1").maps[0].picture.width, 8);
  EXPECT_TRUE(layer("fc").maps.empty());
  for (std::size_t i = 1; i < trace.layers.size(); ++i) EXPECT_GT(trace.layers[i].microseconds, 0);
  EXPECT_EQ(trace.input.width, 8);
  EXPECT_EQ(trace.overlay.width, 8);
  EXPECT_EQ(trace.prediction.probabilities, classifier.predict(colored_photo(0, 1, 24, 24).view()).probabilities);
}

TEST(LayerGroups, ListAWholeNetworkUnderEachPart) {
  Plan plan;
  Region region;
  region.classes = 3;
  const ValueId pixels = plan.graph.add_input("pixels", DType::kU8, {1, 8, 8, 3});
  plan.graph.set_outputs({plan.graph.add_node(region, {pixels}, "network")});
  plan.steps.emplace_back();
  const auto groups = layer_groups(plan);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].size(), 5U);
}

TEST(LayerGroups, ListARegionUnderThePartsOfItsNodes) {
  Plan plan;
  Region region;
  region.body.text =
      "input x: u8 1x8x8x3\ninput w: f32 4x3x1x1\nt: f32 1x3x8x8 = pixels_to_tensor(x)\n"
      "c: f32 1x4x8x8 = conv2d(t, w)\np: f32 1x4x4x4 = pool(c) kernel=2,2 strides=2,2\nreturn p\n";
  const ValueId pixels = plan.graph.add_input("pixels", DType::kU8, {1, 8, 8, 3});
  const ValueId w = plan.graph.add_constant("w", Tensor(DType::kF32, {4, 3, 1, 1}));
  plan.graph.set_outputs({plan.graph.add_node(region, {pixels, w}, "front")});
  plan.steps.emplace_back();
  const auto groups = layer_groups(plan);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_THAT(groups[0], testing::ElementsAre(LayerGroup::kInput, LayerGroup::kConvolution, LayerGroup::kPooling));
}

TEST(ClassActivation, IsTheSameForEveryBatchProfile) {
  const Classifier one = classifier_of(tiny_classifier(3), {1}), four = classifier_of(tiny_classifier(3), {4});
  for (int k = 0; k < 3; ++k) {
    const auto a = class_activation_map(one, pixels_of(one), k), b = class_activation_map(four, pixels_of(four), k);
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a->kind, "class_activation");
    EXPECT_EQ(a->width, 4);
    EXPECT_EQ(a->height, 4);
    ASSERT_EQ(a->map.size(), 16U);
    EXPECT_NEAR(*std::max_element(a->map.begin(), a->map.end()), 1, 1e-6);
    EXPECT_GE(*std::min_element(a->map.begin(), a->map.end()), 0);
    for (std::size_t i = 0; i < 16; ++i) EXPECT_NEAR(a->map[i], b->map[i], 1e-4);
  }
}

TEST(ClassActivation, EqualsTheWeightedSumOfFeatures) {
  const Graph graph = tiny_classifier(3);
  const Classifier classifier = classifier_of(graph, {1});
  const auto pixels = pixels_of(classifier);
  Tensor features;
  ExecutionContext context(classifier.executor());
  context.observe([&](const Plan& plan, ValueId id, const Tensor& stored) {
    if (plan.graph.nodes()[static_cast<std::size_t>(plan.steps[4].node)].outputs[0] == id) features = stored;
  });
  std::vector<float> probabilities(3);
  context.run(std::as_bytes(std::span(pixels)), 1, probabilities);
  ASSERT_EQ(features.shape(), (Shape{1, 20, 4, 4}));
  const Node& fc = *graph.find_node("fc");
  const auto weights = graph.input_of(fc, 1).constant.data<float>();  // [out, in]
  const int k = 2;
  std::vector<float> wanted(16, 0);
  for (std::size_t at = 0; at < 16; ++at)
    for (std::size_t c = 0; c < 20; ++c) wanted[at] += weights[k * 20 + c] * features.data<float>()[c * 16 + at];
  const float most = *std::max_element(wanted.begin(), wanted.end());
  const float low = most > 0 ? 0 : *std::min_element(wanted.begin(), wanted.end());
  const auto map = class_activation_map(classifier, pixels, k);
  ASSERT_TRUE(map);
  for (std::size_t at = 0; at < 16; ++at)
    EXPECT_NEAR(map->map[at], std::max(0.0F, (wanted[at] - low) / (most - low)), 1e-3) << at;
}

TEST(ClassActivation, IsRefusedWhereALayerBehindThePoolBends) {
  const PreprocessSpec spec = PreprocessSpec::unit(8);
  const Classifier straight = classifier_of(two_layer_head(false), {1}, &spec),
                   bent = classifier_of(two_layer_head(true), {1}, &spec);
  EXPECT_TRUE(class_activation_map(straight, pixels_of(straight), 1));
  EXPECT_FALSE(class_activation_map(bent, pixels_of(bent), 1));
}

TEST(Occlusion, FindsTheCornerThatMatters) {
  const PreprocessSpec spec = PreprocessSpec::unit(16);
  const Classifier classifier = classifier_of(pooling_classifier(spec, true), {1, 4}, &spec);
  std::vector<std::uint8_t> pixels(classifier.pixel_bytes(), 128);
  for (std::size_t y = 0; y < 4; ++y)
    for (std::size_t x = 12; x < 16; ++x) {
      pixels[(y * 16 + x) * 3] = 0;
      pixels[(y * 16 + x) * 3 + 1] = 255;  // green in the corner at the top right
      pixels[(y * 16 + x) * 3 + 2] = 0;
    }
  EXPECT_FALSE(class_activation_map(classifier, pixels, 1));  // no fully connected layer
  const Attention attention = occlusion_map(classifier, pixels, 1, 4);
  ASSERT_EQ(attention.map.size(), 16U);
  EXPECT_EQ(attention.kind, "occlusion");
  EXPECT_EQ(std::max_element(attention.map.begin(), attention.map.end()) - attention.map.begin(), 3);
  EXPECT_EQ(attention.map[12], 0);  // at the bottom left nothing changes
}

TEST(Trace, FallsBackToOcclusionAndSpeaksJson) {
  const PreprocessSpec spec = PreprocessSpec::unit(8);
  const Classifier classifier = classifier_of(pooling_classifier(spec, true), {1}, &spec);
  TraceOptions options;
  options.grid = 3;
  const PredictionTrace trace = trace_prediction(classifier, colored_photo(2, 1, 24, 24).view(), options);
  EXPECT_EQ(trace.attention.kind, "occlusion");
  EXPECT_EQ(trace.attention.class_index, 2);
  const auto json = to_json(trace);
  EXPECT_EQ(json.at("attention").at("map").size(), 9U);
  EXPECT_EQ(json.at("attention").at("label"), "c");
  ASSERT_EQ(json.at("groups").size(), 5U);
  EXPECT_EQ(json.at("groups").at(0).at("group"), "input");
  EXPECT_EQ(json.at("groups").at(0).at("layers").size(), 2U);
  EXPECT_TRUE(json.at("input").get<std::string>().starts_with("data:image/png;base64,"));
  options.class_index = 7;
  EXPECT_THROW(trace_prediction(classifier, colored_photo(2, 1, 24, 24).view(), options), Error);
}

}  // namespace
}  // namespace fovea
