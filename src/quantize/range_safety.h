#pragma once

#include <map>
#include <string>

#include "quantize/calibration.h"
#include "quantize/observation.h"

namespace fovea {

/// Largest finite number of f16 or bf16 (IEEE 754 binary16; bfloat16 as the upper half of binary32).
float largest_finite(DType dtype);

/// Nodes of `graph` that must not run in `dtype`, each with the reason: a value that it reads or makes left dtype's
/// range or was not finite in fp32 while calibrating, or one of its weights is out of range.
std::map<std::string, std::string> out_of_range(const Graph& graph, const std::map<std::string, Histogram>& seen,
                                                DType dtype);

struct Unsafe {
  std::string node, reason;
};
/// The first node whose results in `lowered` (a plan of the same network in a narrow float) hold more Inf and NaN than
/// in fp32, on the first calibration images.
std::optional<Unsafe> first_not_finite(PlainResults& plain, std::shared_ptr<const Executor> lowered,
                                       Precision precision);

/// Both checks for a bf16 plan: nodes that must stay in f32, node → reason, among them those that `plan` widens
/// already. Each is logged. A narrow plan is tried, its first offender widened, and so on.
std::map<std::string, std::string> unsafe_nodes(const Graph& base, PlainResults& plain, const OptimizeTarget& target,
                                                const OptimizeData& data, const DecodeLimits& limits,
                                                const PrecisionPlan& plan);

}  // namespace fovea
