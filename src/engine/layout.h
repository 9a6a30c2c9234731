#pragma once

#include <cstddef>
#include <span>

#include "backend/api/view.h"
#include "tensor/tensor.h"

namespace fovea {

/// A value's bytes as they lie in memory (byte_size(view) of them) to a tensor in logical order, and back; dtypes stay.
/// Padding channels of blocked16 are written as zero bytes.
Tensor to_plain(std::span<const std::byte> stored, const OperandView& view);
void from_plain(const Tensor& plain, const OperandView& view, std::span<std::byte> stored);

/// As real numbers in f32, by the value's dtype and quantisation.
Tensor real_values(const Value& type, const Tensor& stored);
Tensor stored_values(const Value& type, const Tensor& real);

}  // namespace fovea
