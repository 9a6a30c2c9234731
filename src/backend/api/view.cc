#include "backend/api/view.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/error.h"
#include "graph/reference.h"

namespace fovea {
namespace {

constexpr std::array<std::string_view, 3> kLayoutNames = {"plain", "nhwc", "blocked16"};

OperandView operand(const Graph& graph, ValueId id) {
  OperandView view;
  view.present = id != kNoValue;
  if (!view.present) return view;
  const Value& value = graph.value(id);
  view.dtype = value.dtype;
  view.shape = value.shape;
  view.quant = value.quant;
  view.constant = value.is_constant();
  return view;
}

}  // namespace

std::string_view name(Layout layout) { return kLayoutNames.at(static_cast<std::size_t>(layout)); }

std::optional<Layout> layout_from_name(std::string_view name) {
  const auto* found = std::find(kLayoutNames.begin(), kLayoutNames.end(), name);
  if (found == kLayoutNames.end()) return std::nullopt;
  return static_cast<Layout>(found - kLayoutNames.begin());
}

std::size_t byte_size(DType dtype, const Shape& shape, Layout layout) {
  Shape stored = shape;
  if (layout != Layout::kPlain) {
    require(shape.rank() == 4, ErrorKind::kInvalidArgument, "[layout] {} given for shape {}, expected rank 4",
            name(layout), shape.str());
  }
  if (layout == Layout::kBlocked16) {
    require(shape[1] <= std::numeric_limits<std::int64_t>::max() - 15, ErrorKind::kInvalidArgument,
            "[layout] shape {} is too large", shape.str());
    stored[1] = (shape[1] + 15) / 16 * 16;
  }
  // elements() refuses anything past 2^40, so the product below can't overflow.
  return static_cast<std::size_t>(stored.elements()) * size_of(dtype);
}

Tensor real_values(const OperandView& view, const Tensor& stored) {
  Value value;
  value.name = "constant";
  value.dtype = view.dtype;
  value.shape = view.shape;
  value.quant = view.quant;
  return to_f32(to_real(value, stored));
}

NodeView plain_view(const Graph& graph, const Node& node, int threads) {
  NodeView view{.name = node.name, .op = node.op, .inputs = {}, .outputs = {}, .threads = threads};
  for (const ValueId id : node.inputs) view.inputs.push_back(operand(graph, id));
  for (const ValueId id : node.outputs) view.outputs.push_back(operand(graph, id));
  return view;
}

Weights weights_of(const Graph& graph, const Node& node) {
  Weights weights;
  for (const ValueId id : node.inputs) weights.tensors.push_back(id == kNoValue ? Tensor() : graph.value(id).constant);
  return weights;
}

}  // namespace fovea
