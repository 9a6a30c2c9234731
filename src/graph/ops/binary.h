#pragma once

#include "graph/op_support.h"

namespace fovea {

enum class BinaryKind : std::uint8_t { kAdd, kSub, kMul, kDiv, kMax, kMin, kPow };

/// y = act(a ∘ b) with numpy broadcasting.
struct Binary {
  BinaryKind kind = BinaryKind::kAdd;
  Activation act;
  bool operator==(const Binary&) const = default;
};

FOVEA_OP(Binary, "binary")

}  // namespace fovea
