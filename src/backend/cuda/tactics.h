#pragma once

#include <span>

#include "backend/api/tactic.h"

namespace fovea::cuda {

std::span<const Tactic> tactics();  ///< best guess first

extern const Tactic kPixels;      ///< PixelsToTensor into any number type, n h w c or plain
extern const Tactic kFront;       ///< Region: pixels, first convolution, max pooling
extern const Tactic kBottleneck;  ///< Region: a bottleneck block of 64 channels in its middle
extern const Tactic kRows;        ///< Gemm of few rows
extern const Tactic kCudnn;       ///< Conv2d and Gemm through cuDNN's graph API, everything fused
extern const Tactic kStem;        ///< a network's first convolution: up to 4 channels
extern const Tactic kPointwise;   ///< 1 × 1 of few channels in
extern const Tactic kWindow;      ///< 3 × 3 of 64 channels in 8 bits
extern const Tactic kProduct;     ///< Gemm of many rows
extern const Tactic kStrips;      ///< one filter per channel, square windows, one type
extern const Tactic kDepthwise;   ///< one filter per channel
extern const Tactic kGather;      ///< any Conv2d and Gemm with constant weights: implicit product of gathered pixels
extern const Tactic kPool;
extern const Tactic kFold;  ///< GlobalPool, Reduce over neighbouring axes
extern const Tactic kSoftmax;
extern const Tactic kLrn;
extern const Tactic kUnary;   ///< Unary, and whatever keeps the order of elements: conversions
extern const Tactic kBinary;  ///< Binary and PRelu, broadcast
extern const Tactic kMove;    ///< reformats, Transpose, Slice, Split, ChannelShuffle, Concat, Pad

}  // namespace fovea::cuda
