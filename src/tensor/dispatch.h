#pragma once

#include <cstdint>

#include "base/error.h"
#include "tensor/dtype.h"

namespace fovea {

/// Calls visit(T{}) with the C++ type behind an integer dtype; kInvalidArgument for the others (bool too).
template <typename Visit>
decltype(auto) with_integer(DType dtype, const Visit& visit) {
  switch (dtype) {
    case DType::kS8:
      return visit(std::int8_t{});
    case DType::kU8:
      return visit(std::uint8_t{});
    case DType::kS16:
      return visit(std::int16_t{});
    case DType::kU16:
      return visit(std::uint16_t{});
    case DType::kS32:
      return visit(std::int32_t{});
    case DType::kU32:
      return visit(std::uint32_t{});
    case DType::kS64:
      return visit(std::int64_t{});
    case DType::kU64:
      return visit(std::uint64_t{});
    default:
      fail(ErrorKind::kInvalidArgument, "{} is no integer type", name(dtype));
  }
}

/// The same for every dtype; short floats come as F16, BF16 and F8.
template <typename Visit>
decltype(auto) with_element(DType dtype, const Visit& visit) {
  switch (dtype) {
    case DType::kF32:
      return visit(float{});
    case DType::kF16:
      return visit(F16{});
    case DType::kBF16:
      return visit(BF16{});
    case DType::kF64:
      return visit(double{});
    case DType::kF8:
      return visit(F8{});
    case DType::kBool:
      return visit(bool{});
    default:
      return with_integer(dtype, visit);
  }
}

}  // namespace fovea
