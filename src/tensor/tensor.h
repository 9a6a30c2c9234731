#pragma once

#include <cassert>
#include <memory>
#include <span>
#include <vector>

#include "tensor/buffer.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace fovea {

/// Dense row-major array. Copies share the buffer (a constant travels through graphs without copying); clone() does
/// not. Concurrent reads are safe; whoever writes must own the only copy.
class Tensor {
 public:
  Tensor() = default;
  Tensor(DType dtype, Shape shape);  ///< uninitialised; kInvalidArgument (size), kOutOfMemory

  template <typename T>
  static Tensor of(Shape shape, const std::vector<T>& values);  ///< values.size() must equal the shape's elements
  static Tensor zeros(DType dtype, Shape shape);
  static Tensor scalar(float value) { return of<float>({}, {value}); }

  bool empty() const { return buffer_ == nullptr; }  ///< true for a default-made Tensor only
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t elements() const { return elements_; }
  std::span<std::byte> bytes() { return {buffer_->data(), byte_size()}; }
  std::span<const std::byte> bytes() const { return {buffer_->data(), byte_size()}; }
  std::size_t byte_size() const { return static_cast<std::size_t>(elements_) * size_of(dtype_); }

  template <typename T>
  std::span<T> data() {
    assert(DTypeOf<T>::value == dtype_);
    return {reinterpret_cast<T*>(buffer_->data()), static_cast<std::size_t>(elements_)};
  }
  template <typename T>
  std::span<const T> data() const {
    assert(DTypeOf<T>::value == dtype_);
    return {reinterpret_cast<const T*>(buffer_->data()), static_cast<std::size_t>(elements_)};
  }

  Tensor clone() const;
  Tensor reshaped(Shape shape) const;    ///< same elements, shared buffer
  bool same(const Tensor& other) const;  ///< equal dtype, shape and bytes

 private:
  DType dtype_ = DType::kF32;
  Shape shape_;
  std::int64_t elements_ = 0;
  std::shared_ptr<AlignedBuffer> buffer_;
};

/// Any dtype to f32 (integers exactly where f32 can), and f32 to any: nearest even, saturating, NaN to 0 for integers.
Tensor to_f32(const Tensor& tensor);
Tensor from_f32(const Tensor& tensor, DType dtype);
Tensor to_s64(const Tensor& tensor);  ///< integers and bool only, kInvalidArgument otherwise

template <typename T>
Tensor Tensor::of(Shape shape, const std::vector<T>& values) {
  Tensor made(DTypeOf<T>::value, std::move(shape));
  assert(static_cast<std::size_t>(made.elements_) == values.size());
  std::copy(values.begin(), values.end(), made.template data<T>().begin());
  return made;
}

}  // namespace fovea
