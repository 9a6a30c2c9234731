#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/api/tactic.h"
#include "backend/cuda/cudnn/descriptor.h"

namespace fovea::cuda::cudnn {

/// y = act((conv(x, w) · scale[k]) + residual · residual_scale[k] + bias[k]), images n h w c, filters k r s c, sums in
/// f32 (8-bit: s32).
struct Convolution {
  cudnnDataType_t type = CUDNN_DATA_HALF;    ///< of x and w
  cudnnDataType_t result = CUDNN_DATA_HALF;  ///< of y
  std::int64_t n = 1, c = 1, h = 1, w = 1, k = 1, r = 1, s = 1, p = 1, q = 1, groups = 1;
  std::array<std::int64_t, 2> strides = {1, 1}, before = {0, 0}, after = {0, 0}, dilations = {1, 1};
  bool scaled = false, residual_scaled = false;  ///< f32 per channel
  bool tf32 = false;                             ///< of f32: engines that multiply in TF32 may run it
  std::optional<cudnnDataType_t> residual;       ///< its type
  Activation act;
};

std::string key(const Convolution& problem, const Config& config);  ///< equal for equal plans

bool can_fuse(const Activation& act);

/// cuDNN's own order, best guess first; each names an engine and its knobs, so that a plan can be made from it without
/// asking again. May be empty. In f32 without `tf32` only engines that multiply in f32.
std::vector<Config> engines(cudnnHandle_t handle, const Convolution& problem);

/// A convolution made ready; reentrant.
class ConvolutionPlan {
 public:
  ConvolutionPlan(cudnnHandle_t handle, const Convolution& problem, const Config& config);
  /// From what `stored` gave for the same problem and config, without compiling; throws kDevice where cuDNN refuses it.
  ConvolutionPlan(cudnnHandle_t handle, const Convolution& problem, std::string_view stored);
  std::string stored() const;  ///< cuDNN's own form of a plan, kernels and all
  std::size_t workspace_bytes() const { return workspace_; }
  struct Pointers {
    const void *x, *w, *scale, *residual, *residual_scale, *bias;
    void *y, *workspace;
  };
  void run(cudnnHandle_t handle, const Pointers& at) const;

 private:
  ConvolutionPlan(Descriptor plan, const Convolution& problem);
  Descriptor plan_;
  std::size_t workspace_ = 0;
  bool scaled_, residual_, residual_scaled_;
};

}  // namespace fovea::cuda::cudnn
