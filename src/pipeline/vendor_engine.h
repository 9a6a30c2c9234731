#pragma once

#include "pipeline/optimization.h"

namespace fovea {

/// Stage 5 for --device tensorrt: the model as export_model types it for that runtime (precision by accuracy alone,
/// calibration, gate on Fovea's own execution of the typed network on the CPU), compiled by the vendor, as an engine
/// whose plans are one region step each, sharing one blob: the vendor's plan with an optimisation profile per batch.
/// Where a GPU is that runs it, the candidates (with `auto` fp16 and fp32 too) are timed and gated there as well, and
/// the fastest that passes wins; else the report says where the gate ran. kWrongDevice, before any work, where no plan
/// can be built at all.
BuiltEngine build_vendor_engine(const SourceModel& source, const DataIn* data, const BuildSettings& settings,
                                int threads);

/// As why_not_run and fingerprint_for (pipeline/optimization.h) have it. A refittable plan takes a GPU to build.
std::string why_vendor_engine_does_not_run(const BuildSettings& settings);
std::string vendor_fingerprint();

/// The vendor's plan with the weights of another model. kWrongDevice without the GPU that this takes; kUnsupported for
/// 8-bit plans, whose scales belong to the old weights.
Engine refit_vendor_engine(const Engine& engine, const SourceModel& source, int threads);

}  // namespace fovea
