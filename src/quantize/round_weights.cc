#include "quantize/round_weights.h"

#include <algorithm>
#include <cmath>

#include "base/parallel/parallel.h"
#include "base/random.h"
#include "engine/pixel_context.h"

namespace fovea {
namespace {

struct Geometry {
  std::size_t groups, per_group, window;  ///< groups, input channels of one, r · s
};

Geometry geometry_of(const Graph& graph, const Node& node) {
  const Shape& w = graph.input_of(node, 1).shape;
  if (const auto* conv = std::get_if<Conv2d>(&node.op))
    return {static_cast<std::size_t>(conv->groups), static_cast<std::size_t>(w[1]),
            static_cast<std::size_t>(w[2] * w[3])};
  return {1, static_cast<std::size_t>(w[1 - channel_axis(node)]), 1};
}

/// What output place (oh, ow) sees of one image (c × h × w), zeros where it sees padding.
float seen(const Conv2d& conv, const Shape& x, std::span<const float> image, std::size_t c, std::int64_t oh,
           std::int64_t ow, std::int64_t r, std::int64_t s) {
  const std::int64_t h = oh * conv.strides[0] - conv.pads[0] + r * conv.dilations[0];
  const std::int64_t w = ow * conv.strides[1] - conv.pads[1] + s * conv.dilations[1];
  if (h < 0 || w < 0 || h >= x[2] || w >= x[3]) return 0;
  return image[static_cast<std::size_t>((static_cast<std::int64_t>(c) * x[2] + h) * x[3] + w)];
}

void sample_conv(const Graph& graph, const Node& node, const Tensor& value, std::size_t row, std::size_t rows,
                 Random& random, LayerInputs& inputs) {
  const auto& conv = std::get<Conv2d>(node.op);
  const Geometry geometry = geometry_of(graph, node);
  const Shape& w = graph.input_of(node, 1).shape;
  const Shape& y = graph.value(node.outputs[0]).shape;
  const auto oh = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(y[2])));
  const auto ow = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(y[3])));
  std::size_t element = 0;
  for (std::size_t c = 0; c < geometry.groups * geometry.per_group; ++c)
    for (std::int64_t r = 0; r < w[2]; ++r)
      for (std::int64_t s = 0; s < w[3]; ++s)
        inputs.columns[element++ * rows + row] = seen(conv, value.shape(), value.data<float>(), c, oh, ow, r, s);
}

float dot(const float* a, const float* b, std::size_t count) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

/// What the weights of one group multiply: column t holds x_t, `rows` numbers of which the first `sampled` are there.
struct Columns {
  const float* numbers;
  const float* norms;  ///< ‖x_t‖²
  std::size_t rows, sampled, count;
};

/// One output channel: `weights` in units of the scale, `step` apart; results likewise.
void round_channel(const Columns& columns, const float* weights, std::size_t step, float scale, std::int8_t* rounded) {
  const std::size_t rows = columns.rows;
  std::vector<float> error(rows);
  for (std::size_t t = 0; t < columns.count; ++t) {
    const float* x = columns.numbers + t * rows;
    const float w = std::clamp(weights[t * step] / scale, -127.0F, 127.0F);
    const float trust = static_cast<float>(columns.sampled) / static_cast<float>(columns.sampled + 2 * t);
    const float low = std::floor(w);
    const float norm = columns.norms[t];
    const float wanted = norm > 0 ? w + trust * dot(x, error.data(), rows) / norm : w;
    const float q = wanted - low > 0.5F && low < w ? low + 1 : low;
    const float left = w - q;
    for (std::size_t i = 0; i < rows; ++i) error[i] += left * x[i];
    rounded[t * step] = static_cast<std::int8_t>(q);
  }
}

}  // namespace

std::map<std::string, LayerInputs> sample_inputs(const Int8Recipe& recipe, const OptimizeTarget& target,
                                                 const Divergence& images, std::size_t rows) {
  const auto executor = quick_executor(recipe.base, target);
  const Graph& graph = executor->engine().plans.front().graph;
  std::map<ValueId, std::vector<const Node*>> readers;
  std::map<std::string, LayerInputs> sampled;
  for (const Node& node : graph.nodes()) {
    const Node* original = recipe.base.find_node(node.name);
    if (original == nullptr || !is_quantizable(recipe.base, *original)) continue;
    const Geometry geometry = geometry_of(graph, node);
    readers[node.inputs[0]].push_back(&node);
    sampled[node.name].columns.resize(geometry.groups * geometry.per_group * geometry.window * rows);
  }
  const std::size_t per_image = std::max<std::size_t>(1, rows / images.images());
  std::size_t image = 0;
  PixelContext context(executor);
  context.context().observe([&](const Plan&, ValueId id, const Tensor& value) {
    const auto found = readers.find(id);
    if (found == readers.end() || value.dtype() != DType::kF32) return;
    for (const Node* node : found->second) {
      LayerInputs& inputs = sampled[node->name];
      Random random({image, static_cast<std::uint64_t>(id)});
      const bool conv = std::holds_alternative<Conv2d>(node->op);
      for (std::size_t n = 0; n < (conv ? per_image : 1) && inputs.rows < rows; ++n, ++inputs.rows) {
        if (conv) {
          sample_conv(graph, *node, value, inputs.rows, rows, random, inputs);
        } else {
          const std::span<const float> row = value.data<float>();
          for (std::size_t i = 0; i < row.size(); ++i) inputs.columns[i * rows + inputs.rows] = row[i];
        }
      }
    }
  });
  std::vector<float> output(static_cast<std::size_t>(output_classes(executor->engine())));
  for (; image < images.images() && image * per_image < rows; ++image) context.run(images.image(image), 1, output);
  return sampled;
}

std::map<std::string, Tensor> rounded_weights(const Int8Recipe& recipe,
                                              const std::map<std::string, LayerInputs>& inputs) {
  const Grid grid = grid_of(recipe.base, recipe.ranges, recipe.form);
  std::map<std::string, Tensor> weights;
  for (const Node& node : recipe.base.nodes()) {
    const auto found = inputs.find(node.name);
    if (found == inputs.end() || found->second.rows == 0) continue;
    const int axis = channel_axis(node);
    const Tensor& weight = recipe.base.input_of(node, 1).constant;
    QuantizedWeight made = quantize_weight(weight, axis, grid.weights.at(node.name));
    const Geometry geometry = geometry_of(recipe.base, node);
    const std::size_t count = geometry.per_group * geometry.window;
    const auto channels = static_cast<std::size_t>(weight.shape()[axis]);
    const std::size_t rows = found->second.columns.size() / (geometry.groups * count);
    const std::span<const float> scales = made.scales.data<float>();
    const float* columns = found->second.columns.data();
    std::vector<float> norms(geometry.groups * count);
    for (std::size_t i = 0; i < norms.size(); ++i) norms[i] = dot(columns + i * rows, columns + i * rows, rows);
    std::int8_t* to = made.values.data<std::int8_t>().data();
    const float* from = weight.data<float>().data();
    parallel_for(static_cast<std::int64_t>(channels), [&](std::int64_t channel) {
      const auto k = static_cast<std::size_t>(channel);
      const std::size_t group = k / (channels / geometry.groups);
      const std::size_t first = axis == 0 ? k * count : k, step = axis == 0 ? 1 : channels;
      const Columns seen{columns + group * count * rows, norms.data() + group * count, rows, found->second.rows, count};
      round_channel(seen, from + first, step, scales.size() == 1 ? scales[0] : scales[k], to + first);
    });
    weights[node.name] = made.values;
  }
  return weights;
}

}  // namespace fovea
