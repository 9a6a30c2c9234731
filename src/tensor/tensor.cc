#include "tensor/tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "tensor/dispatch.h"

namespace fovea {
namespace {

float widen(F16 value) { return f16_to_f32(value.bits); }
float widen(BF16 value) { return bf16_to_f32(value.bits); }
float widen(F8 value) { return f8_to_f32(value.bits); }
template <typename T>
float widen(T value) {
  return static_cast<float>(value);
}

template <typename T>
T narrow(float value) {
  if constexpr (std::is_same_v<T, F16>) {
    return F16{f32_to_f16(value)};
  } else if constexpr (std::is_same_v<T, BF16>) {
    return BF16{f32_to_bf16(value)};
  } else if constexpr (std::is_same_v<T, F8>) {
    return F8{f32_to_f8(value)};
  } else if constexpr (std::is_same_v<T, bool>) {
    return value != 0.0F;
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else {
    if (std::isnan(value)) return T{0};
    const double rounded = std::nearbyint(static_cast<double>(value));
    if (rounded <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
    if (rounded >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    return static_cast<T>(rounded);
  }
}

}  // namespace

Tensor::Tensor(DType dtype, Shape shape) : dtype_(dtype), shape_(std::move(shape)), elements_(shape_.elements()) {
  buffer_ = std::make_shared<AlignedBuffer>(byte_size());
}

Tensor Tensor::zeros(DType dtype, Shape shape) {
  Tensor made(dtype, std::move(shape));
  std::memset(made.buffer_->data(), 0, made.byte_size());
  return made;
}

Tensor Tensor::clone() const {
  Tensor made(dtype_, shape_);
  std::memcpy(made.buffer_->data(), buffer_->data(), byte_size());
  return made;
}

Tensor Tensor::reshaped(Shape shape) const {
  require(shape.elements() == elements_, ErrorKind::kInvalidArgument, "shape {} cannot become {}", shape_.str(),
          shape.str());
  Tensor made = *this;
  made.shape_ = std::move(shape);
  return made;
}

bool Tensor::same(const Tensor& other) const {
  if (empty() || other.empty()) return empty() == other.empty();
  return dtype_ == other.dtype_ && shape_ == other.shape_ &&
         std::memcmp(buffer_->data(), other.buffer_->data(), byte_size()) == 0;
}

Tensor to_f32(const Tensor& tensor) {
  if (tensor.dtype() == DType::kF32) return tensor;
  Tensor made(DType::kF32, tensor.shape());
  with_element(tensor.dtype(), [&]<typename T>(T) {
    std::ranges::transform(tensor.data<T>(), made.data<float>().begin(), [](T value) { return widen(value); });
  });
  return made;
}

Tensor from_f32(const Tensor& tensor, DType dtype) {
  if (dtype == DType::kF32) return tensor;
  Tensor made(dtype, tensor.shape());
  with_element(dtype, [&]<typename T>(T) {
    std::ranges::transform(tensor.data<float>(), made.data<T>().begin(), [](float value) { return narrow<T>(value); });
  });
  return made;
}

Tensor to_s64(const Tensor& tensor) {
  require(!is_float(tensor.dtype()) && tensor.dtype() != DType::kF8, ErrorKind::kInvalidArgument,
          "expected an integer tensor, got {}", name(tensor.dtype()));
  if (tensor.dtype() == DType::kS64) return tensor;
  Tensor made(DType::kS64, tensor.shape());
  with_element(tensor.dtype(), [&]<typename T>(T) {
    if constexpr (std::is_integral_v<T>)
      std::ranges::transform(tensor.data<T>(), made.data<std::int64_t>().begin(),
                             [](T value) { return static_cast<std::int64_t>(value); });
  });
  return made;
}

}  // namespace fovea
