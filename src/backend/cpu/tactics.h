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

// Own routines (kernels/).
extern const Tactic kPixels;   ///< PixelsToTensor into any number type and layout
extern const Tactic kConvert;  ///< Identity, Flatten, Reshape, …: elements in the same order, another type or none
extern const Tactic kLookup;   ///< Unary of 8 bits: a table of 256 values
extern const Tactic kAverage;  ///< global average pooling, between any number types
extern const Tactic kConcat;   ///< along any axis, rescaling as it copies
extern const Tactic kMove;     ///< Transpose, Slice, Split, ChannelShuffle between plain and nhwc
extern const Tactic kLayerNorm;

/// A node in 8 bits or bf16 that nothing runs as it is: converted to f32 and back around the first tactic that does.
extern const Tactic kWidened;

/// Any op, any types, plain layouts: the slow, obvious version (about 1 GMAC/s), so that every model that imports also
/// runs. The one step that allocates during run.
extern const Tactic kReference;

}  // namespace fovea::cpu
