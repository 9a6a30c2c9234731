#include "compiler/refit.h"

#include <algorithm>
#include <cmath>

#include "base/cancel.h"
#include "base/error.h"
#include "compiler/lower.h"
#include "graph/reference.h"
#include "passes/join_siblings.h"

namespace fovea {
namespace {

/// What passes after the choice of precision append to a weight's name when they store it narrower.
constexpr std::string_view kNarrowed[] = {"/int8", ".bf16", ".f16"};

const Value* find_constant(const Graph& base, std::string_view name) {
  const ValueId id = base.find_value(name);
  return id != kNoValue && base.value(id).is_constant() ? &base.value(id) : nullptr;
}

/// The new model's value of that name; null where the name tells nothing.
const Value* part_of(const Graph& base, std::string_view name) {
  if (const Value* same = find_constant(base, name)) return same;
  for (const std::string_view suffix : kNarrowed)
    if (name.ends_with(suffix))
      if (const Value* wide = find_constant(base, name.substr(0, name.size() - suffix.size()))) return wide;
  return nullptr;
}

/// `next` behind `whole`, along the first axis; false where they don't fit together.
bool append(Value& whole, const Value& next) {
  if (whole.dtype != next.dtype || whole.quant || next.quant || next.constant.empty()) return false;
  Shape shape = next.shape;
  if (shape.rank() < 1 || shape.rank() != whole.shape.rank()) return false;
  shape[0] = whole.shape[0];
  if (shape != whole.shape) return false;
  shape[0] += next.shape[0];
  Tensor both(whole.dtype, shape);
  std::ranges::copy(whole.constant.bytes(), both.bytes().begin());
  std::ranges::copy(next.constant.bytes(),
                    both.bytes().begin() + static_cast<std::ptrdiff_t>(whole.constant.byte_size()));
  whole.shape = shape;
  whole.constant = both;
  return true;
}

/// The new model's value for a constant of the plan, of several where they were joined; nothing where the name tells
/// nothing.
std::optional<Value> source_of(const Graph& base, const std::string& name) {
  if (const Value* same = part_of(base, name)) return *same;
  std::optional<Value> whole;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find(kJoined, begin), name.size());
    const Value* part = part_of(base, std::string_view(name).substr(begin, end - begin));
    if (!part || (whole && !append(*whole, *part))) return std::nullopt;
    if (!whole) whole = *part;
    begin = end + 1;
  }
  return whole;
}

/// Scales for the new weights, as many and along the axis as before; an all-zero channel gets 1.
void rescale_symmetric(Quantization& quant, const Tensor& real) {
  const float top = 127;
  const bool per_channel = quant.scale.size() > 1;
  std::size_t inner = 1;
  for (int i = quant.axis + 1; per_channel && i < real.shape().rank(); ++i)
    inner *= static_cast<std::size_t>(real.shape()[i]);
  std::vector<float> largest(quant.scale.size(), 0.0F);
  const std::span<const float> values = real.data<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    float& bound = largest[per_channel ? i / inner % largest.size() : 0];
    bound = std::max(bound, std::abs(values[i]));
  }
  for (std::size_t c = 0; c < largest.size(); ++c) quant.scale[c] = largest[c] > 0 ? largest[c] / top : 1;
}

/// Only a convolution's and a product's weights have scales of their own; other 8-bit constants are activations.
void replace(Value& value, const Value& source, const Node& reader, std::size_t place) {
  require(source.shape == value.shape, ErrorKind::kInvalidArgument,
          "[refit] node {}: weight {} is {} in the engine, {} in the model", reader.name, value.name, value.shape.str(),
          source.shape.str());
  if (source.dtype == value.dtype && source.quant == value.quant) {
    value.constant = source.constant;
  } else {
    require(source.dtype == DType::kF32 && !source.quant, ErrorKind::kInvalidArgument,
            "[refit] node {}: weight {} is {} in the engine, {} in the model", reader.name, value.name,
            name(value.dtype), name(source.dtype));
    const bool own_scales = value.quant && place == 1 && value.dtype == DType::kS8;
    if (own_scales) rescale_symmetric(*value.quant, source.constant);
    value.constant = from_real(value, source.constant);
  }
  value.constant_hash.clear();
}

void replace_constants(Graph& graph, const Graph& base) {
  std::vector<bool> done(graph.values().size(), false);
  for (const Node& node : graph.nodes())
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (id == kNoValue || !graph.value(id).is_constant() || done[static_cast<std::size_t>(id)]) continue;
      done[static_cast<std::size_t>(id)] = true;
      Value& value = graph.value(id);
      const std::optional<Value> source = source_of(base, value.name);
      if (!source && !value.constant.empty()) continue;  // a small one that a pass made: no weight
      require(source.has_value(), ErrorKind::kInvalidArgument,
              "[refit] node {}: the model has no weight {} (build the engine again)", node.name, value.name);
      replace(value, *source, node, i);
    }
}

Plan refit_plan(const Plan& old, const Graph& base, const Backend& backend, Device& device, BlobStore& blobs) {
  Plan plan = old;
  replace_constants(plan.graph, base);
  for (PlanStep& step : plan.steps) {
    throw_if_cancelled();
    const Node& node = plan.graph.nodes()[static_cast<std::size_t>(step.node)];
    const Tactic* tactic = find_tactic(backend, step.tactic);
    require(tactic != nullptr, ErrorKind::kUnsupported, "[refit] node {}: no tactic {} here", node.name, step.tactic);
    const NodeView view = step_view(plan, step);
    Blobs packed;
    packed.push_back(tactic->pack(view, step.config, weights_of(plan.graph, node)));
    const std::size_t scratch = tactic->make(view, step.config, packed[0], device)->scratch_bytes();
    require(scratch <= step.scratch_bytes, ErrorKind::kUnsupported,
            "[refit] node {}: {} needs more scratch than planned: build the engine again", node.name, step.tactic);
    step.blob = blobs.add(Bytes(packed[0].begin(), packed[0].end()));
  }
  return plan;
}

}  // namespace

Engine refit(const Engine& engine, const Graph& base, const Backend& backend, Device& device) {
  Engine made;
  made.info = engine.info;
  made.compiled = engine.compiled;
  device.adopt(engine.compiled);
  BlobStore blobs;
  for (const Plan& plan : engine.plans) made.plans.push_back(refit_plan(plan, base, backend, device, blobs));
  made.blobs = Blobs(blobs.take());
  return made;
}

}  // namespace fovea
