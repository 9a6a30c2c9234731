#pragma once

#include <string_view>

namespace fovea {

/// Answers for a backend that this build does not hold: kWrongDevice "[device] built without NAME (what would be
/// needed)". kInvalidArgument for a name that no build holds.
[[noreturn]] void fail_absent(std::string_view device);

}  // namespace fovea
