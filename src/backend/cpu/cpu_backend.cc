#include "backend/cpu/cpu_backend.h"

#include <algorithm>

#include "backend/cpu/detect.h"
#include "backend/cpu/device.h"
#include "backend/cpu/onednn/runtime.h"
#include "backend/cpu/tactics.h"
#include "base/error.h"

namespace fovea {
namespace {

class CpuBackend final : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }
  std::span<const Tactic> tactics() const override { return cpu::tactics(); }
  std::shared_ptr<Device> open(Isa most, int index) const override {
    require(index == 0, ErrorKind::kNotFound, "[cpu] device {} asked for, there is only device 0", index);
    const Isa isa = onednn::limit_isa(std::min(most, cpu::detect_isa()));
    return std::make_shared<cpu::CpuDevice>(cpu::describe(isa));
  }
};

}  // namespace

const Backend& cpu_backend() {
  static const CpuBackend backend;
  return backend;
}

}  // namespace fovea
