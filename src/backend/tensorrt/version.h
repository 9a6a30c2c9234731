#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fovea::tensorrt {

/// A family of libraries whose classes are laid out as in the headers that this was compiled with.
struct Family {
  std::string_view name, runtime, parser;  ///< files
  std::string_view capabilities;           ///< that its plans are for, as in fingerprints; empty: the GPU's at hand
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

/// Whether the family's runtime takes a GPU of that compute capability (86 is 8.6).
bool runs_on(const Family& family, int capability);

/// "TensorRT-RTX 1.7.1 (…)": with what it is for.
std::string describe(const Family& family, int major, int minor, int patch);

}  // namespace fovea::tensorrt
