#pragma once

#include "backend/api/tactic.h"

namespace fovea {

/// What this machine reaches at best, measured: by how much a layer could still be faster.
struct MachinePeak {
  double gmacs_per_second = 0;   ///< a 3 × 3 convolution of 64 channels by the best tactic; 0: no tactic
  double gbytes_per_second = 0;  ///< reading memory that no cache holds
};
/// `dtype`: f32, bf16 or u8 (with s8 weights). Takes a fraction of a second.
MachinePeak measure_peak(const Backend& backend, Device& device, DType dtype, int threads);

}  // namespace fovea
