#pragma once

#include <string>

#include "quantize/optimize.h"
#include "quantize/optimize_target.h"

namespace fovea {

/// A whole plan with what it takes to judge it.
struct Built {
  CandidatePlan plan;
  TypedGraph typed;
  CompileResult compiled;  ///< plans and blobs are in the engine
  std::shared_ptr<const Executor> executor;
  std::string key;  ///< of the whole plan in the timing cache
};

/// Compiles a typed graph. Errors as of compile().
Built build_candidate(Precision precision, TypedGraph typed, const OptimizeTarget& target,
                      const CompileOptions& options, TimingCache& cache);

/// Times whole plans in turns, each batch profile. The times are entries of the timing cache, so that a build with the
/// same cache chooses the same; nothing is timed where all are known, or there is only one. Fills latency_ms and
/// profile_ms.
void race(std::vector<Built>& plans, TimingCache& cache);

/// By node: microseconds of the steps that run it, as the compiler timed or looked them up.
std::map<std::string, double> node_microseconds(const Built& built);

}  // namespace fovea
