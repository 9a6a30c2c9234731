#include "quantize/combine_profiles.h"

#include <map>

#include "base/io/hash.h"

namespace fovea {
namespace {

/// The blobs of an engine that is put together, each content once.
class Shared {
 public:
  std::int32_t add(std::span<const std::byte> bytes) {
    const auto [place, fresh] = by_content_.try_emplace(content_hash(bytes), static_cast<std::int32_t>(blobs_.size()));
    if (fresh) blobs_.push_back(bytes);
    return place->second;
  }
  Blobs take() { return std::move(blobs_); }

 private:
  Blobs blobs_;
  std::map<std::string, std::int32_t> by_content_;
};

}  // namespace

Engine combine_profiles(std::span<Built* const> picked) {
  const Engine& first = *picked.front()->plan.engine;
  Engine made;
  made.info = first.info;
  Shared shared;
  std::map<std::string, Bytes> compiled;
  for (std::size_t i = 0; i < picked.size(); ++i) {
    const Engine& from = *picked[i]->plan.engine;
    Plan plan = from.plans.at(i);
    for (PlanStep& step : plan.steps)
      if (step.blob >= 0) step.blob = shared.add(from.blobs[static_cast<std::size_t>(step.blob)]);
    made.plans.push_back(std::move(plan));
    for (const Compiled& one : from.compiled) compiled.emplace(one.key, one.bytes);
    if (from.info.precision != first.info.precision) made.info.precision = name(Precision::kMixed);
  }
  made.blobs = shared.take();
  for (auto& [key, bytes] : compiled) made.compiled.push_back({key, std::move(bytes)});
  return made;
}

}  // namespace fovea
