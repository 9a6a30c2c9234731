#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace fovea::cuda::nvjpeg {

// The binary interface of libnvjpeg 12 and 13 as far as it is used here (NVIDIA's nvJPEG documentation): its header is
// no part of every CUDA toolkit.
using HandlePointer = struct nvjpegHandle*;
using StatePointer = struct nvjpegJpegState*;
struct Destination {
  unsigned char* channel[4];
  std::size_t pitch[4];
};
inline constexpr int kInterleavedRgb = 5;
enum class Engine : int { kDefault = 0, kGpuHybrid = 2, kHardware = 3 };

/// Functions of nvJPEG, opened at first use.
struct Library {
  int (*create)(int engine, void* device_memory, void* pinned_memory, unsigned flags, HandlePointer*);
  int (*destroy)(HandlePointer);
  int (*create_state)(HandlePointer, StatePointer*);
  int (*destroy_state)(StatePointer);
  int (*initialize)(HandlePointer, StatePointer, int photos, int threads, int format);
  int (*decode)(HandlePointer, StatePointer, const unsigned char* const* photos, const std::size_t* bytes, Destination*,
                cudaStream_t);
};
/// Null where there is none.
const Library* library();

/// kDevice with the call as it stands and nvJPEG's status.
void check(int status, const char* call);
#define FOVEA_NVJPEG(call) ::fovea::cuda::nvjpeg::check(::fovea::cuda::nvjpeg::library()->call, #call)

/// nvJPEG on the chip's own JPEG engines where it has them, else on its multiprocessors; with one decoder's buffers.
class Handle {
 public:
  Handle();
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  HandlePointer get() const { return handle_; }
  StatePointer state() const { return state_; }
  Engine engine() const { return engine_; }

 private:
  HandlePointer handle_ = nullptr;
  StatePointer state_ = nullptr;
  Engine engine_ = Engine::kDefault;
};

}  // namespace fovea::cuda::nvjpeg
