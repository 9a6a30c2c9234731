#pragma once

#include <string>
#include <variant>

#include "graph/ops/arg_max.h"
#include "graph/ops/batch_norm.h"
#include "graph/ops/binary.h"
#include "graph/ops/cast.h"
#include "graph/ops/channel_shuffle.h"
#include "graph/ops/concat.h"
#include "graph/ops/conv2d.h"
#include "graph/ops/dropout.h"
#include "graph/ops/flatten.h"
#include "graph/ops/gemm.h"
#include "graph/ops/global_pool.h"
#include "graph/ops/identity.h"
#include "graph/ops/layer_norm.h"
#include "graph/ops/lrn.h"
#include "graph/ops/matmul.h"
#include "graph/ops/pad.h"
#include "graph/ops/pixels_to_tensor.h"
#include "graph/ops/pool.h"
#include "graph/ops/prelu.h"
#include "graph/ops/quantize.h"
#include "graph/ops/reduce.h"
#include "graph/ops/region.h"
#include "graph/ops/reshape.h"
#include "graph/ops/resize.h"
#include "graph/ops/slice.h"
#include "graph/ops/softmax.h"
#include "graph/ops/split.h"
#include "graph/ops/squeeze.h"
#include "graph/ops/transpose.h"
#include "graph/ops/unary.h"

namespace fovea {

/// Closed: a new op is a line here and a file in ops/, and the compiler names every place that must learn of it.
using Op = std::variant<Conv2d, Gemm, MatMul, BatchNorm, Unary, PRelu, Binary, Pool, GlobalPool, Concat, Split, Slice,
                        Reshape, Flatten, Squeeze, Unsqueeze, Transpose, Reduce, Softmax, Pad, Identity, Dropout, Cast,
                        Quantize, Dequantize, Lrn, PixelsToTensor, LayerNorm, ChannelShuffle, Resize, ArgMax, Region>;

std::string_view name(const Op& op);     ///< "conv2d"; of the family only ("unary", not "relu")
std::string display_name(const Op& op);  ///< for people: "relu", "max_pool", "add", "conv2d+relu", "conv2d+add+relu"
std::vector<ValueType> output_types(const Op& op, std::span<const OperandType> inputs);

/// Bit i set: input i is a weight that training changes (conv w and b; gemm b and c; batch-norm and
/// layer-norm scale and bias; prelu slope).
std::uint32_t trainable_inputs(const Op& op);
/// The epilogue field of the ops that have one (conv2d, gemm, binary), else null.
Activation* epilogue(Op& op);
const Activation* epilogue(const Op& op);
/// Whether factors in f32 may be rounded to TF32; set_tf32 is false for ops without that choice.
bool takes_tf32(const Op& op);
bool set_tf32(Op& op);

}  // namespace fovea
