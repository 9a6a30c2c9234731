#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace fovea {

/// Dimensions of a tensor, outermost first; rank 0 is a scalar. Every dimension is ≥ 0.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims) : dims_(dims) {}
  explicit Shape(std::vector<std::int64_t> dims) : dims_(std::move(dims)) {}

  int rank() const { return static_cast<int>(dims_.size()); }
  std::int64_t operator[](int axis) const { return dims_[static_cast<std::size_t>(axis)]; }
  std::int64_t& operator[](int axis) { return dims_[static_cast<std::size_t>(axis)]; }
  const std::vector<std::int64_t>& dims() const { return dims_; }
  auto begin() const { return dims_.begin(); }
  auto end() const { return dims_.end(); }
  bool operator==(const Shape&) const = default;

  /// Product of the dimensions; kInvalidArgument when one is negative or the product passes 2^40 (a hostile file).
  std::int64_t elements() const;
  std::string str() const;  ///< "1x3x224x224"; "scalar"

 private:
  std::vector<std::int64_t> dims_;
};

/// Numpy broadcasting; kInvalidArgument naming both shapes when they do not fit.
Shape broadcast(const Shape& a, const Shape& b);

/// `axis` in [-rank, rank) made non-negative; kInvalidArgument otherwise.
int normal_axis(std::int64_t axis, int rank);

}  // namespace fovea
