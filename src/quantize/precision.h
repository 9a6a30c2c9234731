#pragma once

#include <string>
#include <string_view>

namespace fovea {

/// What a user may ask for; kAuto: the fastest that passes the gate.
enum class Precision { kAuto, kFp32, kTf32, kBf16, kFp16, kFp8, kInt8 };
std::string_view name(Precision precision);
Precision precision_from_name(std::string_view name);  ///< kInvalidArgument listing the names

}  // namespace fovea
