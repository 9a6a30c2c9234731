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
    Absent{"tensorrt", "TensorRT", "needs a build with TensorRT's headers, -DTENSORRT_INCLUDE=FOLDER"},
};

}  // namespace

void fail_absent(std::string_view device) {
  const std::string_view family = device.substr(0, device.find(':'));
  for (const Absent& absent : kAbsent) {
    if (absent.device == family) {
      fail(ErrorKind::kWrongDevice, "[device] built without {} ({}); cpu is there", absent.name, absent.needs);
    }
  }
  fail(ErrorKind::kInvalidArgument, "[device] '{}' given, expected auto, cpu, cuda[:N] or tensorrt", device);
}

}  // namespace fovea
