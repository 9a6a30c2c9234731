#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fovea {

/// One of the seven stages, as data. `details` has a shape of its own per stage: docs/JSON.md.
struct StageTrace {
  std::string id;         ///< data_in, preprocessing, to_tensor, training, optimization, metrics, prediction
  std::string title;      ///< "Data in"
  std::string input;      ///< "1000 × 224 × 224 × 3 u8 0–255"
  std::string operation;  ///< "resize, ÷ 255"
  std::string output;     ///< "1000 × 224 × 224 × 3 f32 0–1"
  std::string example;    ///< "pixel 200 → 0.78"
  double seconds = 0;
  nlohmann::ordered_json details = nlohmann::ordered_json::object();  ///< ordered: probabilities descend
};

/// What a pipeline did, in order: the report and `run --json` are made of it and of nothing else.
struct Trace {
  std::string title;
  std::string note;  ///< what a reader must know first ("this model knows only drawn animals"); may be empty
  nlohmann::ordered_json environment = nlohmann::ordered_json::object();
  std::vector<StageTrace> stages;
  std::string key_insight;
};

nlohmann::ordered_json to_json(const Trace& trace);
Trace trace_from_json(const nlohmann::ordered_json& json);  ///< kCorruptFile

/// The seven rows for a terminal: stage | input | what happens | output.
std::string stage_table(const Trace& trace);

/// One self-contained page (no external request) from the JSON of a trace.
std::string render_page(const nlohmann::ordered_json& trace);

}  // namespace fovea
