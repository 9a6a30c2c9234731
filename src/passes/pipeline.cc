#include <array>

#include "passes/batch_norm_to_conv.h"
#include "passes/common_subexpressions.h"
#include "passes/dead_nodes.h"
#include "passes/fold_affine.h"
#include "passes/fold_batch_norm.h"
#include "passes/fold_constants.h"
#include "passes/fold_pixels.h"
#include "passes/fold_quantization.h"
#include "passes/fuse_activation.h"
#include "passes/fuse_pad.h"
#include "passes/fuse_residual.h"
#include "passes/matmul_to_gemm.h"
#include "passes/merge_reformats.h"
#include "passes/nest_concats.h"
#include "passes/propagate_quantization.h"
#include "passes/recognize_activations.h"
#include "passes/recognize_channel_shuffle.h"
#include "passes/recognize_layer_norm.h"
#include "passes/reduce_to_pool.h"
#include "passes/remove_identities.h"
#include "passes/sink_transposes.h"
#include "passes/split_to_slices.h"
#include "passes/type_quantization.h"

namespace fovea {

std::span<const Pass> passes_before_calibration() {
  static constexpr std::array kPasses = {
      Pass{"dead_nodes", "removes what no output needs", dead_nodes},
      Pass{"fold_constants", "computes now what depends on constants only", fold_constants},
      Pass{"remove_identities", "removes nodes that change nothing", remove_identities},
      Pass{"common_subexpressions", "computes equal things once", common_subexpressions},
      Pass{"split_to_slices", "each part of a split is a slice of its own", split_to_slices},
      Pass{"recognize_channel_shuffle", "reshape, transpose and reshape that shuffle channels become one node",
           recognize_channel_shuffle},
      Pass{"recognize_layer_norm", "layer norm written out becomes one node", recognize_layer_norm},
      // ahead of what folds: a factor that went into the weights behind it is missing in the pattern
      Pass{"recognize_activations", "SiLU, hard-swish, GELU and Mish written out become one node",
           recognize_activations},
      Pass{"sink_transposes", "transposes move behind other nodes until they meet their inverse", sink_transposes},
      Pass{"matmul_to_gemm", "a product with constant weights is a fully connected layer", matmul_to_gemm},
      Pass{"reduce_to_pool", "a mean over all pixels is a global pooling", reduce_to_pool},
      Pass{"fuse_pad", "padding becomes an attribute of convolution and pooling", fuse_pad},
      Pass{"fold_batch_norm", "batch-norm goes into the weights beside it", fold_batch_norm},
      Pass{"fold_pixels", "what a model computes on its input becomes part of the normalisation", fold_pixels},
      Pass{"fold_affine", "scales and shifts per channel go into the weights beside them", fold_affine},
      Pass{"batch_norm_to_conv", "a batch-norm that stands alone is a depthwise convolution", batch_norm_to_conv},
      Pass{"fuse_residual", "convolution and addition run as one", fuse_residual},
      Pass{"fuse_activation", "activations run as the epilogue of what feeds them", fuse_activation},
  };
  return kPasses;
}

std::span<const Pass> passes_after_precision() {
  static constexpr std::array kPasses = {
      Pass{"type_quantization", "quantize and dequantize become types of values", type_quantization},
      Pass{"propagate_quantization", "what only moves values does so in 8 bits", propagate_quantization},
      Pass{"fold_quantization", "layers between dequantize and quantize run in 8 bits", fold_quantization},
      Pass{"merge_reformats", "conversions merge with each other and with what makes the value", merge_reformats},
      Pass{"fold_constants", "computes now what depends on constants only", fold_all_constants},
      Pass{"remove_identities", "removes nodes that change nothing", remove_identities},
      Pass{"common_subexpressions", "computes equal things once", common_subexpressions},
      Pass{"nest_concats", "what is joined already is not joined again", nest_concats},
      Pass{"dead_nodes", "removes what no output needs", dead_nodes},
  };
  return kPasses;
}

}  // namespace fovea
