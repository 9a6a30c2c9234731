#include "graph/reference.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/ops/strided.h"
#include "tensor/dispatch.h"

namespace fovea {
namespace {

/// Which scale and zero point belong to each element.
class Scales {
 public:
  Scales(const Value& type, const Shape& shape) : quant_(*type.quant) {
    require(!quant_.scale.empty(), ErrorKind::kInvalidArgument,
            "[reference] value '{}' has a quantisation without scale", type.name);
    if (quant_.axis < 0) return;
    require(quant_.axis < shape.rank() && static_cast<std::size_t>(shape[quant_.axis]) == quant_.scale.size(),
            ErrorKind::kInvalidArgument, "[reference] value '{}' is {}, its quantisation has {} scales along axis {}",
            type.name, shape.str(), quant_.scale.size(), quant_.axis);
    const AxisView view = axis_view(shape, quant_.axis);
    size_ = static_cast<std::size_t>(view.size);
    inner_ = static_cast<std::size_t>(view.inner);
  }
  float scale(std::size_t i) const { return quant_.scale[place(i)]; }
  std::int64_t zero(std::size_t i) const { return quant_.zero_point.empty() ? 0 : quant_.zero_point[place(i)]; }

 private:
  std::size_t place(std::size_t i) const { return i / inner_ % size_; }
  const Quantization& quant_;
  std::size_t size_ = 1, inner_ = 1;
};

bool reads_integers(const Op& op, std::size_t input) {
  return (std::holds_alternative<Dequantize>(op) && input != 1) || (std::holds_alternative<Quantize>(op) && input == 2);
}

}  // namespace

Tensor to_real(const Value& type, const Tensor& stored) {
  if (stored.dtype() == DType::kF16 || stored.dtype() == DType::kBF16) return to_f32(stored);
  if (!type.quant || is_float(stored.dtype())) return stored;
  const Scales scales(type, stored.shape());
  if (stored.dtype() == DType::kF8) {
    Tensor steps = to_f32(stored);
    for (std::size_t i = 0; i < steps.data<float>().size(); ++i) steps.data<float>()[i] *= scales.scale(i);
    return steps;
  }
  Tensor real(DType::kF32, stored.shape());
  with_integer(stored.dtype(), [&]<typename T>(T) {
    for (std::size_t i = 0; i < real.data<float>().size(); ++i) {
      const auto steps = static_cast<double>(static_cast<std::int64_t>(stored.data<T>()[i]) - scales.zero(i));
      real.data<float>()[i] = static_cast<float>(steps * static_cast<double>(scales.scale(i)));
    }
  });
  return real;
}

Tensor from_real(const Value& type, const Tensor& real) {
  if (real.dtype() == type.dtype) return real;
  if (!type.quant || !is_float(real.dtype())) return from_f32(to_f32(real), type.dtype);
  const Scales scales(type, real.shape());
  const Tensor values = to_f32(real);
  if (type.dtype == DType::kF8) {
    Tensor steps(DType::kF32, real.shape());
    for (std::size_t i = 0; i < steps.data<float>().size(); ++i)
      steps.data<float>()[i] = values.data<float>()[i] / scales.scale(i);
    return from_f32(steps, DType::kF8);
  }
  Tensor stored(type.dtype, real.shape());
  with_integer(type.dtype, [&]<typename T>(T) {
    constexpr auto kLeast = static_cast<double>(std::numeric_limits<T>::min());
    constexpr auto kMost = static_cast<double>(std::numeric_limits<T>::max());
    for (std::size_t i = 0; i < stored.data<T>().size(); ++i) {
      const float steps = std::nearbyint(values.data<float>()[i] / scales.scale(i));
      const double shifted = static_cast<double>(steps) + static_cast<double>(scales.zero(i));
      T& q = stored.data<T>()[i];
      if (std::isnan(shifted))
        q = T{0};
      else if (shifted <= kLeast)
        q = std::numeric_limits<T>::min();
      else if (shifted >= kMost)
        q = std::numeric_limits<T>::max();
      else
        q = static_cast<T>(shifted);
    }
  });
  return stored;
}

std::vector<Tensor> run_reference(const Graph& graph, const Node& node, std::span<const Tensor> inputs) {
  require(inputs.size() == node.inputs.size(), ErrorKind::kInvalidArgument, "[{}] given {} inputs, has {} (node '{}')",
          name(node.op), inputs.size(), node.inputs.size(), node.name);
  std::vector<Tensor> real(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].empty()) {
      require(node.inputs[i] == kNoValue, ErrorKind::kInvalidArgument,
              "[{}] the contents of input {} are not at hand (node '{}')", name(node.op), i, node.name);
      continue;
    }
    const bool as_stored = reads_integers(node.op, i);
    real[i] = as_stored ? inputs[i] : to_real(graph.input_of(node, i), inputs[i]);
  }
  std::vector<Tensor> outputs =
      std::visit([&](const auto& op) { return compute_reference(op, std::span<const Tensor>(real)); }, node.op);
  require(outputs.size() == node.outputs.size(), ErrorKind::kInternal, "[{}] made {} outputs, expected {} (node '{}')",
          name(node.op), outputs.size(), node.outputs.size(), node.name);
  for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] = from_real(graph.value(node.outputs[i]), outputs[i]);
  return outputs;
}

std::vector<Tensor> run_reference(const Graph& graph, std::span<const Tensor> inputs,
                                  const std::function<void(ValueId, const Tensor&)>& observe) {
  require(inputs.size() == graph.inputs().size(), ErrorKind::kInvalidArgument, "[reference] given {} inputs, has {}",
          inputs.size(), graph.inputs().size());
  const GraphIndex index(graph);
  std::vector<Tensor> values(graph.values().size());
  std::vector<int> uses(values.size());
  for (std::size_t id = 0; id < values.size(); ++id) {
    values[id] = graph.values()[id].constant;
    uses[id] = index.use_count(static_cast<ValueId>(id));
  }
  const auto set = [&](ValueId id, Tensor tensor) {
    const Value& type = graph.value(id);
    require(tensor.dtype() == type.dtype && tensor.shape() == type.shape, ErrorKind::kInvalidArgument,
            "[reference] value '{}' is {} {}, expected {} {}", type.name, name(tensor.dtype()), tensor.shape().str(),
            name(type.dtype), type.shape.str());
    if (observe) observe(id, tensor);
    values[static_cast<std::size_t>(id)] = std::move(tensor);
  };
  for (std::size_t i = 0; i < inputs.size(); ++i) set(graph.inputs()[i], inputs[i]);
  for (const Node& node : graph.nodes()) {
    std::vector<Tensor> operands;
    for (const ValueId id : node.inputs)
      operands.push_back(id == kNoValue ? Tensor() : values[static_cast<std::size_t>(id)]);
    std::vector<Tensor> outputs = run_reference(graph, node, operands);
    for (std::size_t i = 0; i < outputs.size(); ++i) set(node.outputs[i], std::move(outputs[i]));
    for (const ValueId id : node.inputs)  // what nobody reads any more is freed
      if (id != kNoValue && --uses[static_cast<std::size_t>(id)] == 0) values[static_cast<std::size_t>(id)] = Tensor();
  }
  std::vector<Tensor> results;
  for (const ValueId id : graph.outputs()) results.push_back(values[static_cast<std::size_t>(id)]);
  return results;
}

}  // namespace fovea
