#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/cuda/cudnn/handle.h"

namespace fovea::cuda::cudnn {

/// Owns one descriptor of the graph API. Setters take what the attribute's type says; all throw kDevice.
class Descriptor {
 public:
  explicit Descriptor(cudnnBackendDescriptorType_t type) { FOVEA_CUDNN(create_descriptor(type, &descriptor_)); }
  ~Descriptor() {
    if (descriptor_ != nullptr) library().destroy_descriptor(descriptor_);
  }
  Descriptor(Descriptor&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = nullptr; }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  cudnnBackendDescriptor_t get() const { return descriptor_; }
  void set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::int64_t count, const void* values) {
    FOVEA_CUDNN(set_attribute(descriptor_, name, type, count, values));
  }
  void set(cudnnBackendAttributeName_t name, std::int64_t value) { set(name, CUDNN_TYPE_INT64, 1, &value); }
  void set(cudnnBackendAttributeName_t name, std::span<const std::int64_t> values) {
    set(name, CUDNN_TYPE_INT64, static_cast<std::int64_t>(values.size()), values.data());
  }
  void set(cudnnBackendAttributeName_t name, const Descriptor& value) {
    const cudnnBackendDescriptor_t raw = value.get();
    set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &raw);
  }
  void set(cudnnBackendAttributeName_t name, cudnnDataType_t value) { set(name, CUDNN_TYPE_DATA_TYPE, 1, &value); }
  void set(cudnnBackendAttributeName_t name, cudnnHandle_t value) { set(name, CUDNN_TYPE_HANDLE, 1, &value); }
  void set_flag(cudnnBackendAttributeName_t name, bool value) { set(name, CUDNN_TYPE_BOOLEAN, 1, &value); }
  void set_real(cudnnBackendAttributeName_t name, double value) { set(name, CUDNN_TYPE_DOUBLE, 1, &value); }
  void set_float(cudnnBackendAttributeName_t name, float value) { set(name, CUDNN_TYPE_FLOAT, 1, &value); }
  void finalize() { FOVEA_CUDNN(finalize(descriptor_)); }

  std::int64_t integer(cudnnBackendAttributeName_t name) const {
    std::int64_t value = 0, count = 0;
    FOVEA_CUDNN(get_attribute(descriptor_, name, CUDNN_TYPE_INT64, 1, &count, &value));
    return value;
  }
  /// What a list attribute holds; `made` are empty descriptors of the right type, of which as many are filled as there
  /// are. Returns how many.
  std::size_t fill(cudnnBackendAttributeName_t name, std::vector<Descriptor>& made) const {
    std::vector<cudnnBackendDescriptor_t> raw;
    for (const Descriptor& one : made) raw.push_back(one.get());
    std::int64_t count = 0;
    FOVEA_CUDNN(get_attribute(descriptor_, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<std::int64_t>(raw.size()),
                              &count, raw.data()));
    return static_cast<std::size_t>(count);
  }

 private:
  cudnnBackendDescriptor_t descriptor_ = nullptr;
};

}  // namespace fovea::cuda::cudnn
