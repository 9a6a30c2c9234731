#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "report/trace.h"

namespace fovea {

/// What finished stages left in OUT/.stages/<id>.json: the key of what they were made from (inputs, options, version)
/// and their trace. A stage whose key is the same is taken over.
class StageStore {
 public:
  StageStore(std::filesystem::path out, bool force) : folder_(out / ".stages"), force_(force) {}
  /// The trace of stage `id` where it finished with `key`. Nothing where it did not, or its file is damaged.
  std::optional<StageTrace> find(const std::string& id, const std::string& key) const;
  void keep(const StageTrace& stage, const std::string& key) const;

 private:
  std::filesystem::path folder_;
  bool force_;
};

/// A key from whatever decides a stage's result.
std::string stage_key(const nlohmann::json& inputs);

}  // namespace fovea
