#include "train/device.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>
#include <malloc.h>

#include <charconv>
#include <filesystem>
#include <new>

#include "base/error.h"

namespace fovea::train {
namespace {

/// LibTorch's CUDA part registers itself when it is loaded; it lies beside the CPU part. Loaded before LibTorch is
/// asked, since it remembers its first answer.
bool open_cuda() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&at::get_num_threads), &info) == 0) return false;
  const auto library = std::filesystem::path(info.dli_fname).parent_path() / "libtorch_cuda.so";
  return dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr && at::hasCUDA();
}

/// A GPU where LibTorch has its CUDA part and finds one.
at::Device best_device() {
  return open_cuda() && at::getNumGPUs() > 0 ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
}

at::Device cuda_device(const std::string& text) {
  int index = 0;
  if (text != "cuda") {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + 5, end, index);
    require(error == std::errc() && stop == end && index >= 0, ErrorKind::kInvalidArgument,
            "[device] \"{}\" given, expected auto, cpu, cuda or cuda:N", text);
  }
  require(open_cuda(), ErrorKind::kUnsupported,
          "[device] \"{}\" given, but LibTorch finds no CUDA here; train on the cpu", text);
  const int devices = static_cast<int>(at::getNumGPUs());
  require(index < devices, ErrorKind::kUnsupported, "[device] \"{}\" given, but there are {} GPUs", text, devices);
  return {at::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

}  // namespace

at::Device device_from(const std::string& text) {
  if (text == "cpu") return at::kCPU;
  if (text == "auto" || text.empty()) return best_device();
  require(text == "cuda" || text.starts_with("cuda:"), ErrorKind::kInvalidArgument,
          "[device] \"{}\" given, expected auto, cpu, cuda or cuda:N", text);
  return cuda_device(text);
}

std::string device_text(const at::Device& device) { return device.str(); }

bool has_fast_bf16(const at::Device& device) {
  if (!device.is_cpu()) return true;
  return __builtin_cpu_supports("avx512bf16") != 0;
}

AutocastScope::AutocastScope(const at::Device& device, bool on) : type_(device.type()), on_(on) {
  if (!on_) return;
  at::autocast::set_autocast_dtype(type_, at::kBFloat16);
  at::autocast::set_autocast_enabled(type_, true);
  at::autocast::increment_nesting();
}
AutocastScope::~AutocastScope() {
  if (!on_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(type_, false);
}

MemoryKeeper::MemoryKeeper() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
#endif
}
MemoryKeeper::~MemoryKeeper() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 65536);
  mallopt(M_TRIM_THRESHOLD, 128 << 10);
  malloc_trim(0);
#endif
}

void guarded(const std::function<void()>& body) {
  try {
    body();
  } catch (const c10::Error& error) {
    std::string message = error.what_without_backtrace();
    message = message.substr(0, message.find('\n'));
    const bool memory =
        message.find("allocate memory") != std::string::npos || message.find("out of memory") != std::string::npos;
    fail(memory ? ErrorKind::kOutOfMemory : ErrorKind::kInternal, "[train] LibTorch: {}", message);
  } catch (const std::bad_alloc&) {
    fail(ErrorKind::kOutOfMemory, "[train] not enough memory; try a smaller batch");
  }
}

}  // namespace fovea::train
