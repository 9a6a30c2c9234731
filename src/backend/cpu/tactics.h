#pragma once

#include <span>

#include "backend/api/tactic.h"

namespace fovea::cpu {

std::span<const Tactic> tactics();  ///< best guess first, `reference` last

// oneDNN's primitives: one description each (onednn/recipe.h).
extern const Tactic kOnednnConv;          ///< Conv2d with everything fused; f32, bf16, 8 bits; all layouts
extern const Tactic kOnednnInnerProduct;  ///< Gemm and MatMul with constant weights
extern const Tactic kOnednnPool;          ///< Pool, GlobalPool
extern const Tactic kOnednnBinary;        ///< Binary, the second operand broadcast
extern const Tactic kOnednnElementwise;   ///< Unary of floats
extern const Tactic kOnednnReorder;       ///< Identity between any two layouts and types
extern const Tactic kOnednnSoftmax;
extern const Tactic kOnednnLrn;
extern const Tactic kOnednnBatchNorm;  ///< where it could not be folded
extern const Tactic kOnednnPRelu;
extern const Tactic kOnednnReduce;

/// Any op, any types, plain layouts: the slow, obvious version (about 1 GMAC/s), so that every model that imports also
/// runs. The one step that allocates during run.
extern const Tactic kReference;

}  // namespace fovea::cpu
