#include "train/convert.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"

namespace fovea::train {
namespace {

struct TypePair {
  DType ours;
  at::ScalarType theirs;
};
constexpr std::array kTypes = {
    TypePair{DType::kF32, at::kFloat},  TypePair{DType::kF16, at::kHalf},   TypePair{DType::kBF16, at::kBFloat16},
    TypePair{DType::kF64, at::kDouble}, TypePair{DType::kS8, at::kChar},    TypePair{DType::kU8, at::kByte},
    TypePair{DType::kS16, at::kShort},  TypePair{DType::kU16, at::kUInt16}, TypePair{DType::kS32, at::kInt},
    TypePair{DType::kU32, at::kUInt32}, TypePair{DType::kS64, at::kLong},   TypePair{DType::kU64, at::kUInt64},
    TypePair{DType::kBool, at::kBool}};

}  // namespace

at::ScalarType torch_type(DType dtype) {
  const auto pair = std::ranges::find(kTypes, dtype, &TypePair::ours);
  require(pair != kTypes.end(), ErrorKind::kUnsupported, "[train] LibTorch has no type for {}", name(dtype));
  return pair->theirs;
}

at::Tensor to_torch(const Tensor& tensor) {
  const auto& dims = tensor.shape().dims();
  at::Tensor made = at::empty(dims, at::TensorOptions(torch_type(tensor.dtype())));
  if (tensor.elements() > 0) std::memcpy(made.data_ptr(), tensor.bytes().data(), tensor.byte_size());
  return made;
}

Tensor from_torch(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.detach().to(at::kCPU).contiguous();
  const auto pair = std::ranges::find(kTypes, dense.scalar_type(), &TypePair::theirs);
  require(pair != kTypes.end(), ErrorKind::kUnsupported, "[train] no type for LibTorch's {}",
          c10::toString(dense.scalar_type()));
  Tensor made(pair->ours, Shape(dense.sizes().vec()));
  if (made.elements() > 0) std::memcpy(made.bytes().data(), dense.const_data_ptr(), made.byte_size());
  return made;
}

at::Tensor normalized(const at::Tensor& pixels, const Normalization& normalization) {
  const std::int64_t channels = pixels.size(3);
  require(channels <= 3, ErrorKind::kInvalidArgument, "[train] images have {} channels, expected 1 or 3", channels);
  std::array<float, 3> factor{}, offset{};
  for (std::size_t c = 0; c < 3; ++c) {
    factor[c] = normalization.scale / normalization.std[c];
    offset[c] = -normalization.mean[c] / normalization.std[c];
  }
  const auto options = at::TensorOptions(at::kFloat).device(pixels.device());
  const auto row = [&](const std::array<float, 3>& numbers) {
    return at::tensor(at::ArrayRef<float>(numbers.data(), static_cast<std::size_t>(channels)), at::kFloat).to(options);
  };
  return at::addcmul(row(offset), pixels.to(at::kFloat), row(factor)).permute({0, 3, 1, 2});
}

at::Tensor pixel_view(std::span<const std::uint8_t> pixels, std::int64_t n, const PreprocessSpec& spec) {
  const std::size_t expected = static_cast<std::size_t>(n) * spec.pixel_bytes();
  require(pixels.size() >= expected, ErrorKind::kInvalidArgument,
          "[train] {} bytes of pixels given, expected {} for {} images", pixels.size(), expected, n);
  // LibTorch has no read-only view; nothing writes through this one.
  auto* const data = const_cast<std::uint8_t*>(pixels.data());
  return at::from_blob(data, {n, spec.height, spec.width, spec.channels()}, at::TensorOptions(at::kByte));
}

}  // namespace fovea::train
