#include "pipeline/stage_store.h"

#include "base/error.h"
#include "base/io/file.h"
#include "base/io/hash.h"
#include "base/json_text.h"
#include "pipeline/version.h"

namespace fovea {

std::optional<StageTrace> StageStore::find(const std::string& id, const std::string& key) const {
  std::error_code code;
  const std::filesystem::path file = folder_ / (id + ".json");
  if (force_ || !std::filesystem::exists(file, code)) return std::nullopt;
  try {
    const nlohmann::ordered_json json = nlohmann::ordered_json::parse(read_text(file), nullptr, false);
    if (!json.is_object() || json.value("key", "") != key || !json.contains("trace")) return std::nullopt;
    return trace_from_json(json["trace"]).stages.at(0);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void StageStore::keep(const StageTrace& stage, const std::string& key) const {
  Trace trace;
  trace.stages.push_back(stage);
  write_atomic(folder_ / (stage.id + ".json"),
               json_text(nlohmann::ordered_json{{"key", key}, {"trace", to_json(trace)}}));
}

std::string stage_key(const nlohmann::json& inputs) { return content_hash(as_bytes(kVersion + json_text(inputs))); }

}  // namespace fovea
