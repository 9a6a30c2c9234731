#pragma once

#include <ATen/Parallel.h>
#include <c10/core/Device.h>

#include <functional>
#include <string>
#include <vector>

#include "base/parallel/thread_scope.h"

// Internal: where and how LibTorch computes.
namespace fovea::train {

/// "auto" and "cpu" → the CPU, "cuda[:N]" → that GPU. kInvalidArgument (another word), kUnsupported (this LibTorch or
/// this machine has no CUDA).
at::Device device_from(const std::string& text);
std::string device_text(const at::Device& device);  ///< "cpu", "cuda:0"

/// Whether autocast to bf16 pays: the instructions are there. By CPU flags and not by timing, so that two runs with one
/// seed are the same.
bool has_fast_bf16(const at::Device& device);

/// LibTorch's threads.
using ThreadScope = fovea::ThreadScope<at::get_num_threads, at::set_num_threads>;

/// Autocast to bf16 while it lives, where `on`.
class AutocastScope {
 public:
  AutocastScope(const at::Device& device, bool on);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  c10::DeviceType type_;
  bool on_;
};

/// Keeps freed activations inside the process while it lives: giving them to the system and faulting them in again
/// costs up to a third of a training step on the CPU. glibc only.
class MemoryKeeper {
 public:
  MemoryKeeper();
  ~MemoryKeeper();
  MemoryKeeper(const MemoryKeeper&) = delete;
  MemoryKeeper& operator=(const MemoryKeeper&) = delete;
};

/// Runs `body`; LibTorch's exceptions become kOutOfMemory or kInternal with one line.
void guarded(const std::function<void()>& body);

}  // namespace fovea::train
