#include "classifier/trace.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/describe.h"
#include "engine/layout.h"
#include "engine/pixel_context.h"
#include "image/heatmap.h"

namespace fovea {
namespace {

/// `values`: c × h × w of one image.
std::vector<FeatureMap> strongest_maps(std::span<const float> values, const Shape& shape, int most) {
  if (shape.rank() != 4 || shape[2] * shape[3] <= 1) return {};
  const auto area = static_cast<std::size_t>(shape[2] * shape[3]);
  std::vector<FeatureMap> maps(static_cast<std::size_t>(shape[1]));
  for (std::size_t c = 0; c < maps.size(); ++c) {
    const auto map = values.subspan(c * area, area);
    const auto sum = std::accumulate(map.begin(), map.end(), 0.0, [](double s, float v) { return s + std::abs(v); });
    maps[c] = {static_cast<int>(c), sum / static_cast<double>(area), {}};
  }
  const auto kept = std::min(maps.size(), static_cast<std::size_t>(std::max(0, most)));
  std::partial_sort(maps.begin(), maps.begin() + static_cast<std::ptrdiff_t>(kept), maps.end(),
                    [](const FeatureMap& a, const FeatureMap& b) {
                      return a.strength != b.strength ? a.strength > b.strength : a.channel < b.channel;
                    });
  maps.resize(kept);
  for (FeatureMap& map : maps)
    map.picture = feature_map_picture(values.subspan(static_cast<std::size_t>(map.channel) * area, area),
                                      static_cast<int>(shape[3]), static_cast<int>(shape[2]));
  return maps;
}

Shape one_image(Shape shape) {
  if (shape.rank() > 0) shape[0] = 1;
  return shape;
}

TraceLayer input_layer(const Classifier& classifier, std::span<const std::uint8_t> pixels, int maps) {
  const PreprocessSpec& spec = classifier.info().preprocess;
  TraceLayer layer{
      "pixels", "input", {LayerGroup::kInput}, {1, spec.height, spec.width, spec.channels()}, "u8", "preprocessing",
      0,        {}};
  const auto channels = static_cast<std::size_t>(spec.channels()), area = pixels.size() / channels;
  std::vector<float> planes(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) planes[i % channels * area + i / channels] = pixels[i];
  layer.maps = strongest_maps(planes, {1, spec.channels(), spec.height, spec.width}, maps);
  return layer;
}

/// Steps of the plan as layers, and where each value's layer stands (−1: none).
std::vector<TraceLayer> layers_of(const Plan& plan, std::vector<int>& layer_of_value) {
  const auto groups = layer_groups(plan);
  std::vector<TraceLayer> layers;
  layer_of_value.assign(plan.graph.values().size(), -1);
  for (std::size_t s = 0; s < plan.steps.size(); ++s) {
    const StepDescription step = describe(plan, plan.steps[s]);
    const Node& node = plan.graph.nodes()[static_cast<std::size_t>(plan.steps[s].node)];
    layer_of_value[static_cast<std::size_t>(node.outputs[0])] = static_cast<int>(s);
    layers.push_back({step.node, step.op, groups[s], one_image(step.shape), step.precision, step.tactic, 0, {}});
  }
  return layers;
}

void time_layers(PixelContext& context, std::span<const std::uint8_t> pixels, std::span<float> probabilities, int runs,
                 std::vector<TraceLayer>& layers) {
  context.run(pixels, 1, probabilities);
  context.context().time_steps(true);
  for (int run = 0; run < std::max(1, runs); ++run) {
    context.run(pixels, 1, probabilities);
    for (const StepTiming& timing : context.context().timings()) {
      double& shortest = layers[timing.step].microseconds;
      shortest = run == 0 ? timing.microseconds : std::min(shortest, timing.microseconds);
    }
  }
  context.context().time_steps(false);
}

PredictionTrace trace_pixels(const Classifier& classifier, std::span<const std::uint8_t> pixels,
                             const TraceOptions& options) {
  const Executor& executor = *classifier.executor();
  const Plan& plan = executor.engine().plans[executor.cover().next(1)];
  PixelContext context(classifier.executor());
  std::vector<float> probabilities(static_cast<std::size_t>(classifier.classes()));
  PredictionTrace trace;
  std::vector<int> layer_of_value;
  trace.layers = layers_of(plan, layer_of_value);
  time_layers(context, pixels, probabilities, options.timed_runs, trace.layers);
  context.context().observe([&](const Plan&, ValueId id, const Tensor& stored) {
    const int layer = layer_of_value[static_cast<std::size_t>(id)];
    const Value& value = plan.graph.value(id);
    if (layer < 0 || value.shape.rank() != 4) return;
    const Tensor real = real_values(value, stored);
    trace.layers[static_cast<std::size_t>(layer)].maps = strongest_maps(real.data<float>(), value.shape, options.maps);
  });
  context.run(pixels, 1, probabilities);
  for (const TraceLayer& layer : trace.layers) trace.microseconds += layer.microseconds;
  trace.layers.insert(trace.layers.begin(), input_layer(classifier, pixels, options.maps));
  trace.prediction = classifier.prediction(probabilities);
  trace.input = picture_of(pixels, classifier.info().preprocess);
  const int wanted = options.class_index >= 0 ? options.class_index : trace.prediction.top(1).front().index;
  require(wanted < classifier.classes(), ErrorKind::kInvalidArgument, "[trace] class {} of {}", wanted,
          classifier.classes());
  const auto activation = class_activation_map(classifier, pixels, wanted);
  trace.attention = activation ? *activation : occlusion_map(classifier, pixels, wanted, options.grid);
  trace.overlay = overlay_heatmap(trace.input, trace.attention.map, trace.attention.width, trace.attention.height);
  return trace;
}

template <typename Input>
PredictionTrace trace_any(const Classifier& classifier, const Input& input, const TraceOptions& options) {
  std::vector<std::uint8_t> pixels(classifier.pixel_bytes());
  classifier.preprocess(input, pixels);
  return trace_pixels(classifier, pixels, options);
}

}  // namespace

PredictionTrace trace_prediction(const Classifier& classifier, std::span<const std::byte> encoded,
                                 const TraceOptions& options) {
  return trace_any(classifier, encoded, options);
}

PredictionTrace trace_prediction(const Classifier& classifier, const ImageView& image, const TraceOptions& options) {
  return trace_any(classifier, image, options);
}

}  // namespace fovea
