#pragma once

#include <NvInfer.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fovea::tensorrt {

/// A family of libraries whose classes are laid out as in the headers that this was compiled with.
struct Family {
  std::string_view name, runtime, parser;  ///< files
  bool rtx;
};
/// In the order in which they are tried. TensorRT 10 and 11 differ in the layout of their classes, so only the headers'
/// own is there; TensorRT-RTX 1.x is laid out as TensorRT 11.
std::span<const Family> families();

/// The number that createInferBuilder_INTERNAL checks: of the headers, or with RTX of the library, which counts its own
/// versions.
std::int32_t interface_number(const Family& family, std::int32_t library);

/// TensorRT 11 knows strongly typed networks only; before, they are asked for.
std::uint32_t network_flags();

/// "11.1.0" of 110100 (TensorRT: major · 10000 + minor · 100 + patch; RTX from the library's parts).
std::string describe(const Family& family, int major, int minor, int patch);

}  // namespace fovea::tensorrt
