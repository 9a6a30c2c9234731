#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "backend/api/device.h"
#include "base/io/file.h"
#include "engine/blobs.h"
#include "engine/plan.h"
#include "image/preprocess.h"

namespace fovea {

/// What the values at the model's end are; nothing is normalised twice.
enum class OutputKind : std::uint8_t { kLogits, kProbabilities };

/// Everything beside plans and weights that an engine carries. JSON texts are opaque to this room.
struct EngineInfo {
  std::string fovea_version;
  std::string backend;       ///< "cpu"
  std::string fingerprint;   ///< DeviceInfo::fingerprint() of the machine it was tuned for
  Isa isa = Isa::kBaseline;  ///< nothing above is used
  std::string precision;     ///< as chosen: "int8", "bf16", "fp32", "mixed"
  bool pixel_input = true;   ///< u8 N×H×W×C, else the model's own float tensor
  OutputKind model_output = OutputKind::kLogits;
  PreprocessSpec preprocess;
  std::vector<std::string> labels;
  std::string split;      ///< JSON, see data/split.h; empty: none
  std::string class_map;  ///< JSON array of dataset-folder → class index; empty: none
  std::string report;     ///< JSON: passes, nodes, calibration, gate: docs/ENGINE_FORMAT.md
  std::string model;      ///< with --portable: the ONNX file's bytes
};

/// An engine as data. Value semantics; immutable once made.
struct Engine {
  EngineInfo info;
  std::vector<Plan> plans;         ///< one per batch profile, ascending
  Blobs blobs;                     ///< packed weights, each once
  std::vector<Compiled> compiled;  ///< what the device's libraries compiled for the steps; by key
};

/// The file (docs/ENGINE_FORMAT.md). Reading trusts nothing: kCorruptFile for anything that does not fit, whatever the
/// bytes; it also checks that steps, views and offsets make sense. Same engine, same bytes.
Bytes serialize(const Engine& engine);  ///< kInvalidArgument when the engine breaks the rules that reading checks
Engine deserialize(std::span<const std::byte> bytes);
void save_engine(const Engine& engine, const std::filesystem::path& path);
/// `map`: weights stay in a mapping of the file instead of private memory; whoever truncates the file then kills the
/// process, so it is opt-in.
Engine load_engine(const std::filesystem::path& path, bool map = false);
/// Reads the header and the info sections only (`model` stays empty): cheap, for `inspect --can-run`.
EngineInfo load_engine_info(const std::filesystem::path& path);

}  // namespace fovea
