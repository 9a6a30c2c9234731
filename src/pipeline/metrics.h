#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/data_in.h"
#include "pipeline/model_source.h"
#include "quantize/optimize.h"
#include "report/trace.h"

namespace fovea {

/// A rung of the ladder from the plain model to the engine.
struct Rung {
  std::string name;                      ///< "engine fp32"
  std::shared_ptr<const Engine> engine;  ///< null: this machine or model has no such plan
  std::string reason;                    ///< why there is none
};

struct CompareOptions {
  std::vector<int> samples;  ///< of the dataset: the same images for both sides
  DecodeLimits limits;
  int threads = 0;
  double seconds = 6;  ///< of timing, all rungs together, model only; as much again from JPEG
};

/// Stage 6. "Before" is the plain model as a PyTorch user runs it (LibTorch eager fp32, batch 1, all cores; without
/// LibTorch the fp32 plan at level 0, and `baseline` says so), "after" the engine; the rungs between are timed in the
/// same turns. The shape is compare's in docs/JSON.md.
nlohmann::json compare(const SourceModel& source, std::shared_ptr<const Engine> engine,
                       const std::vector<Rung>& between, const Dataset& dataset, const CompareOptions& options);

/// The same model at every single precision of the device, most precise first: those of `known` (by name) as they are,
/// the others built by `settings`, without a gate, as they are measured beside the engine and not chosen.
std::vector<Rung> complete_ladder(const std::vector<Rung>& known, const SourceModel& source, const DataIn& data,
                                  const BuildSettings& settings, int threads);

std::string describe_comparison(const nlohmann::json& comparison);  ///< for a terminal
std::string key_insight(const nlohmann::json& comparison);          ///< one sentence of this run's figures
StageTrace trace_metrics(const nlohmann::json& comparison, double seconds);

}  // namespace fovea
