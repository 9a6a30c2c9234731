#include "quantize/combine_profiles.h"

#include "compiler/lower.h"

namespace fovea {

Engine combine_profiles(std::span<Built* const> picked) {
  const Engine& first = *picked.front()->plan.engine;
  Engine made;
  made.info = first.info;
  BlobStore blobs;
  for (std::size_t i = 0; i < picked.size(); ++i) {
    const Engine& from = *picked[i]->plan.engine;
    Plan plan = from.plans.at(i);
    for (PlanStep& step : plan.steps)
      if (step.blob >= 0) {
        const auto bytes = from.blobs[static_cast<std::size_t>(step.blob)];
        step.blob = blobs.add(Bytes(bytes.begin(), bytes.end()));
      }
    made.plans.push_back(std::move(plan));
    for (const Compiled& one : from.compiled) blobs.keep(one);
    if (from.info.precision != first.info.precision) made.info.precision = name(Precision::kMixed);
  }
  made.compiled = blobs.take_compiled();
  made.blobs = Blobs(blobs.take());
  return made;
}

}  // namespace fovea
