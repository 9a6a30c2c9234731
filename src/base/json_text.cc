#include "base/json_text.h"

#include <nlohmann/json.hpp>

namespace fovea {
namespace {

constexpr auto kReplaced = nlohmann::json::error_handler_t::replace;

}  // namespace

std::string json_text(const nlohmann::json& json, int indent) { return json.dump(indent, ' ', false, kReplaced); }
std::string json_text(const nlohmann::ordered_json& json, int indent) {
  return json.dump(indent, ' ', false, kReplaced);
}

}  // namespace fovea
