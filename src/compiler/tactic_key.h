#pragma once

#include <string>

#include "backend/api/tactic.h"

namespace fovea {

/// What decides how long a node takes, as one line: op, attributes, types, shapes, layouts, threads. The node's name
/// and the scales do not; which of them are equal and whether there are zero points does. Equal keys: equal times.
std::string view_key(const NodeView& view);
/// The same with who runs it: tactic, config, device and library versions.
std::string tactic_key(const NodeView& view, const DeviceInfo& device, std::string_view tactic, const Config& config);

}  // namespace fovea
