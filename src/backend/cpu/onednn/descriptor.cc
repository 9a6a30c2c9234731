#include "backend/cpu/onednn/descriptor.h"

#include <fmt/ranges.h>

#include <array>

#include "base/error.h"

namespace fovea::onednn {
namespace {

using dt = dnnl::memory::data_type;
using tag = dnnl::memory::format_tag;

constexpr std::array kTypes = {std::pair{DType::kF32, dt::f32}, std::pair{DType::kBF16, dt::bf16},
                               std::pair{DType::kS8, dt::s8}, std::pair{DType::kU8, dt::u8},
                               std::pair{DType::kS32, dt::s32}};
constexpr std::array kPlainTags = {tag::a, tag::a, tag::ab, tag::abc, tag::abcd, tag::abcde, tag::abcdef};

}  // namespace

dt data_type(DType dtype) {
  for (const auto& [ours, theirs] : kTypes) {
    if (ours == dtype) return theirs;
  }
  fail(ErrorKind::kUnsupported, "[onednn] {} given, expected f32, bf16, s8, u8 or s32", name(dtype));
}

bool has_data_type(DType dtype) {
  for (const auto& [ours, theirs] : kTypes) {
    if (ours == dtype) return true;
  }
  return false;
}

dnnl::memory::dims dims(const Shape& shape) {
  return shape.rank() == 0 ? dnnl::memory::dims{1} : dnnl::memory::dims(shape.begin(), shape.end());
}

dnnl::memory::desc plain_desc(DType dtype, const dnnl::memory::dims& dims) {
  require(dims.size() < kPlainTags.size(), ErrorKind::kUnsupported, "[onednn] rank {} given, at most 6 expected",
          dims.size());
  return {dims, data_type(dtype), kPlainTags.at(dims.size())};
}

dnnl::memory::desc any_desc(DType dtype, const dnnl::memory::dims& dims) { return {dims, data_type(dtype), tag::any}; }

dnnl::memory::desc desc(const OperandView& view) {
  switch (view.layout) {
    case Layout::kNhwc:
      return {dims(view.shape), data_type(view.dtype), tag::acdb};
    case Layout::kBlocked16:
      return {dims(view.shape), data_type(view.dtype), tag::aBcd16b};
    case Layout::kPlain:
      break;
  }
  return plain_desc(view.dtype, dims(view.shape));
}

std::string text(const dnnl::memory::desc& desc) {
  return fmt::format("{}:{}:{}:{}:{}:{}", static_cast<int>(desc.get_data_type()),
                     fmt::join(desc.get_padded_dims(), "x"), fmt::join(desc.get_strides(), ","),
                     fmt::join(desc.get_inner_blks(), ","), fmt::join(desc.get_inner_idxs(), ","), desc.get_size());
}

}  // namespace fovea::onednn
