#pragma once

#include <string>
#include <string_view>

namespace fovea {

/// What a user may ask for; kAuto: the fastest that passes the gate. kMixed is only ever an answer: int8 with wider
/// nodes.
enum class Precision { kAuto, kFp32, kTf32, kBf16, kFp16, kFp8, kInt8, kMixed };
std::string_view name(Precision precision);
Precision precision_from_name(std::string_view name);  ///< kInvalidArgument listing the names

}  // namespace fovea
