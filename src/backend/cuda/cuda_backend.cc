#include "backend/cuda/cuda_backend.h"

#include "backend/cuda/device.h"
#include "backend/cuda/tactics.h"

namespace fovea {
namespace {

class CudaBackend final : public Backend {
 public:
  std::string_view name() const override { return "cuda"; }
  std::span<const Tactic> tactics() const override { return cuda::tactics(); }
  bool available() const override { return cuda::device_count() > 0; }
  std::shared_ptr<Device> open(Isa, int index) const override { return std::make_shared<cuda::CudaDevice>(index); }
};

}  // namespace

const Backend& cuda_backend() {
  static const CudaBackend backend;
  return backend;
}

}  // namespace fovea
