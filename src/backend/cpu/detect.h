#pragma once

#include "backend/api/device.h"

namespace fovea::cpu {

/// The widest set that processor and operating system both offer. A set counts only with everything below it, so that
/// sets are ordered: AMX needs tiles, INT8 and bf16; avx512 needs F, BW, DQ, VL.
Isa detect_isa();

/// Model name and cores, the sizes of caches (guesses where the system does not say), libraries; `isa` as given.
DeviceInfo describe(Isa isa);

}  // namespace fovea::cpu
