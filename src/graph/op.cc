#include "graph/op.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "graph/text.h"

namespace fovea {
namespace {

std::string with_act(std::string text, const Activation& act) {
  return act ? fmt::format("{}+{}", text, name(act.function)) : text;
}

template <typename Enum>
std::string_view text(Enum value) {
  return enum_names(value)[static_cast<std::size_t>(value)];
}

/// The op-family name unless one of the overloads below knows better.
template <typename Type>
std::string shown(const Type& op) {
  return std::string(op_name(op));
}
std::string shown(const Conv2d& op) { return with_act(op.residual ? "conv2d+add" : "conv2d", op.act); }
std::string shown(const Gemm& op) { return with_act("gemm", op.act); }
std::string shown(const Binary& op) { return with_act(std::string(text(op.kind)), op.act); }
std::string shown(const Unary& op) { return std::string(name(op.fn.function)); }
std::string shown(const Pool& op) { return fmt::format("{}_pool", text(op.kind)); }
std::string shown(const GlobalPool& op) { return fmt::format("global_{}_pool", text(op.kind)); }
std::string shown(const Reduce& op) { return fmt::format("reduce_{}", text(op.kind)); }
std::string shown(const Resize& op) { return fmt::format("resize_{}", text(op.mode)); }
std::string shown(const Softmax& op) { return op.log ? "log_softmax" : "softmax"; }
std::string shown(const Region& op) {
  if (op.body.text.empty()) return "region";
  const Graph body = parse_graph(op.body.text);
  std::string parts;
  for (const Node& node : body.nodes()) parts += (parts.empty() ? "" : " > ") + display_name(node.op);
  return parts;
}

template <typename Type>
std::uint32_t trainable(const Type&) {
  return 0;
}
std::uint32_t trainable(const Conv2d&) { return 0b110; }
std::uint32_t trainable(const Gemm&) { return 0b110; }
std::uint32_t trainable(const BatchNorm&) { return 0b110; }
std::uint32_t trainable(const PRelu&) { return 0b10; }
std::uint32_t trainable(const LayerNorm&) { return 0b110; }

}  // namespace

std::string_view name(const Op& op) {
  return std::visit([](const auto& type) { return op_name(type); }, op);
}

std::string display_name(const Op& op) {
  return std::visit([](const auto& type) { return shown(type); }, op);
}

std::vector<ValueType> output_types(const Op& op, std::span<const OperandType> inputs) {
  std::vector<OperandType> seen(inputs.begin(), inputs.end());
  for (OperandType& input : seen)  // 16-bit floats are only ways to store real numbers
    if (input.type.dtype == DType::kF16 || input.type.dtype == DType::kBF16) input.type.dtype = DType::kF32;
  try {
    std::vector<ValueType> types =
        std::visit([&](const auto& type) { return infer_types(type, std::span<const OperandType>(seen)); }, op);
    for (const ValueType& type : types) {
      require(type.shape.rank() <= kMostAxes, ErrorKind::kInvalidArgument, "output has rank {}, expected at most {}",
              type.shape.rank(), kMostAxes);
      type.shape.elements();  // refuses sizes out of range
    }
    return types;
  } catch (const Error& error) {
    if (error.message().starts_with('[')) throw;
    fail(error.kind(), "[{}] {}", name(op), error.message());  // a shape's own complaint
  }
}

std::uint32_t trainable_inputs(const Op& op) {
  return std::visit([](const auto& type) { return trainable(type); }, op);
}

const Activation* epilogue(const Op& op) {
  return std::visit(
      [](const auto& type) -> const Activation* {
        if constexpr (requires { type.act; })
          return &type.act;
        else
          return nullptr;
      },
      op);
}

Activation* epilogue(Op& op) { return const_cast<Activation*>(epilogue(std::as_const(op))); }

bool takes_tf32(const Op& op) {
  return std::visit(
      [](const auto& type) {
        if constexpr (requires { type.tf32; })
          return type.tf32;
        else
          return false;
      },
      op);
}

bool set_tf32(Op& op) {
  return std::visit(
      [](auto& type) {
        if constexpr (requires { type.tf32; })
          return type.tf32 = true;
        else
          return false;
      },
      op);
}

}  // namespace fovea
