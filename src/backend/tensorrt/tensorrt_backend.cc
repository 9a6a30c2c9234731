#include "backend/tensorrt/tensorrt_backend.h"

#include "backend/tensorrt/device.h"
#include "backend/tensorrt/plan_tactic.h"
#include "base/error.h"

namespace fovea {
namespace {

using namespace tensorrt;

class TensorRtBackend final : public Backend {
 public:
  std::string_view name() const override { return "tensorrt"; }
  std::span<const Tactic> tactics() const override { return {&kPlan, 1}; }
  bool available() const override {
    try {
      require_device(Library::open(), 0);
      return true;
    } catch (const Error&) {
      return false;
    }
  }
  std::shared_ptr<Device> open(Isa, int index) const override { return std::make_shared<TensorRtDevice>(index); }
};

}  // namespace

const Backend& tensorrt_backend() {
  static const TensorRtBackend backend;
  return backend;
}

}  // namespace fovea
