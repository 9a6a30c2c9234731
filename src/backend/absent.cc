#include "backend/absent.h"

#include <array>

#include "base/error.h"

namespace fovea {
namespace {

struct Absent {
  std::string_view device, name, needs;
};

constexpr std::array kAbsent = {
    Absent{"cuda", "CUDA", "needs a build with the CUDA toolkit and cuDNN"},
    Absent{"tensorrt", "TensorRT", "its engines do not run here yet; fovea export --for tensorrt writes models for it"},
};

}  // namespace

void fail_absent(std::string_view device) {
  const std::string_view family = device.substr(0, device.find(':'));
  for (const Absent& absent : kAbsent) {
    if (absent.device == family) {
      fail(ErrorKind::kUnsupported, "[device] built without {} ({}); cpu is there", absent.name, absent.needs);
    }
  }
  fail(ErrorKind::kInvalidArgument, "[device] '{}' given, expected auto, cpu, cuda[:N] or tensorrt", device);
}

}  // namespace fovea
