#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "base/error.h"
#include "graph/op_support.h"

namespace fovea {

/// What the ops' shape rules check in common. All throw kInvalidArgument "[op] …".
template <typename... Args>
void expect(bool holds, std::string_view op, fmt::format_string<Args...> format, Args&&... args) {
  if (!holds) fail(ErrorKind::kInvalidArgument, "[{}] {}", op, fmt::format(format, std::forward<Args>(args)...));
}

/// Between `least` and `most` inputs, the first `least` of them present.
void expect_inputs(std::string_view op, std::span<const OperandType> inputs, std::size_t least, std::size_t most);
/// A floating-point tensor of this rank (−1: any). `what` names it in the message.
void expect_real(std::string_view op, std::string_view what, const ValueType& type, int rank = -1);
/// No dimension is zero.
void expect_filled(std::string_view op, std::string_view what, const ValueType& type);
/// 0 ≤ axis < rank.
void expect_axis(std::string_view op, std::int64_t axis, int rank);
/// Different axes, each in [0, rank).
void expect_axes(std::string_view op, std::span<const std::int64_t> axes, int rank);

/// The single output type, for rules that return one.
inline std::vector<ValueType> one(ValueType type) { return {std::move(type)}; }

}  // namespace fovea
