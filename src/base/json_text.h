#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace fovea {

/// JSON as text, on one line or with `indent` spaces a level. Bytes that are not UTF-8 (names of files and labels are
/// the user's) become U+FFFD.
std::string json_text(const nlohmann::json& json, int indent = -1);
std::string json_text(const nlohmann::ordered_json& json, int indent = -1);

}  // namespace fovea
