#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "compiler/compile.h"

namespace fovea {

/// What every tactic said of every node, as an engine's report keeps it: texts once, nodes by indices into them.
/// {"texts": [..], "nodes": {NAME: [[tactic, text], ..]}}; where a tactic had several configurations or layouts, its
/// best.
nlohmann::json describe_why(const std::vector<TacticReport>& tactics);

/// One node of it as lines for people, the chosen tactic marked; empty where the report has nothing of that node.
std::string why_text(const nlohmann::json& why, const std::string& node);

}  // namespace fovea
