#include "backend/tensorrt/version.h"

#include <NvInfer.h>
#include <fmt/format.h>

#include <array>

namespace fovea::tensorrt {

#if NV_TENSORRT_MAJOR >= 11
namespace {
constexpr std::array kFamilies = {
    Family{"TensorRT", "libnvinfer.so.11", "libnvonnxparser.so.11", "", false},
    Family{"TensorRT-RTX", "libtensorrt_rtx.so.1", "libtensorrt_onnxparser_rtx.so.1", "80,86,89,120+", true},
};
constexpr std::uint32_t kStronglyTyped = 1U << 0;
}  // namespace
#else
namespace {
constexpr std::array kFamilies = {Family{"TensorRT", "libnvinfer.so.10", "libnvonnxparser.so.10", "", false}};
constexpr std::uint32_t kStronglyTyped = 1U << 1;
}  // namespace
#endif

std::span<const Family> families() { return kFamilies; }

std::int32_t interface_number(const Family& family, std::int32_t library) {
  return family.rtx ? library : NV_TENSORRT_VERSION;
}

bool runs_on(const Family& family, int capability) {
  return !family.rtx || capability == 80 || capability == 86 || capability == 89 || capability >= 120;
}

std::uint32_t network_flags() { return kStronglyTyped; }

std::string describe(const Family& family, int major, int minor, int patch) {
  return fmt::format("{} {}.{}.{} ({})", family.name, major, minor, patch,
                     family.rtx ? "for compute capability 8.0, 8.6, 8.9, 12.0 and newer; plans are built without a GPU"
                                : "for the GPU of this machine");
}

}  // namespace fovea::tensorrt
