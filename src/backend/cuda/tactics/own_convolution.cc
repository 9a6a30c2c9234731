#include "backend/cuda/tactics.h"
#include "backend/cuda/tactics/support.h"
#include "backend/cuda/tactics/weighted.h"

namespace fovea::cuda {
namespace {

const float* floats(const Buffer& blob, std::size_t offset) {
  return reinterpret_cast<const float*>(const_cast<Buffer&>(blob).data() + offset);
}

// ---- gathered pixels
// -------------------------------------------------------------------------------------------------

/// What filters are kept in: 8 bits in f16, whose products the tensor cores sum exactly.
DType filter_type(const NodeView& view) {
  const DType type = view.inputs[0].dtype;
  return is_scaled8(type) ? DType::kF16 : type;
}

Support gather_supports(const NodeView& view, const DeviceInfo&) {
  if (auto answer = weighted_fits(view); !answer) return answer;
  if (auto answer = integers_fit(view); !answer) return answer;
  if (takes_tf32(view.op)) return Support::no("multiplies in f32");
  const ConvShape d = conv_shape(view);
  if (d.groups > 65535 || d.k / d.groups > 65535 * kGatherRows) return Support::no("too many groups");
  return Support::yes();
}

Bytes gather_pack(const NodeView& view, const Config&, const Weights& weights) {
  const ConvShape d = conv_shape(view);
  FilterValues values = filter_values(view, weights, true);
  const auto per_group = static_cast<std::size_t>(d.k / d.groups);
  const auto depth = values.filter.size() / static_cast<std::size_t>(d.k);
  const auto rows = static_cast<std::size_t>(padded(d.k / d.groups, kGatherRows));
  const auto columns = static_cast<std::size_t>(padded(static_cast<int>(depth), kGatherDepth));
  std::vector<float> filter(static_cast<std::size_t>(d.groups) * rows * columns);
  for (std::size_t k = 0; k < static_cast<std::size_t>(d.k); ++k)
    std::copy_n(values.filter.begin() + static_cast<long>(k * depth), depth,
                filter.begin() + static_cast<long>((k / per_group * rows + k % per_group) * columns));
  values.filter = std::move(filter);
  return blob_of(values, filter_type(view));
}

std::unique_ptr<Step> gather_make(const NodeView& view, const Config&, std::span<const std::byte> packed,
                                  Device& device) {
  const ConvShape d = conv_shape(view);
  auto blob = as_cuda(device).resident(packed);
  const auto elements = static_cast<std::size_t>(d.groups) *
                        static_cast<std::size_t>(padded(d.k / d.groups, kGatherRows)) *
                        static_cast<std::size_t>(padded(d.r * d.s * (d.c / d.groups), kGatherDepth));
  const Epilogue e =
      epilogue_of(view, floats(*blob, channels_offset(elements, filter_type(view))), is_scaled8(view.inputs[0].dtype));
  return make_step([=, type = number_of(view.inputs[0]), residual = has_residual(view)](const Bindings& bindings,
                                                                                        cudaStream_t stream) {
    launch_gather(bindings.inputs[0], type, blob->data(), bindings.outputs[0], d, with_residual(e, bindings, residual),
                  stream);
  });
}

// ---- one filter per channel
// ------------------------------------------------------------------------------------------

Support depthwise_supports(const NodeView& view, const DeviceInfo&) {
  if (auto answer = weighted_fits(view); !answer) return answer;
  if (takes_tf32(view.op)) return Support::no("multiplies in f32");
  const ConvShape d = conv_shape(view);
  if (d.groups != d.c || d.k != d.c) return Support::no("more than one channel per group");
  if (d.c % 8 != 0) return Support::no(fmt::format("{} channels, multiples of 8 run", d.c));
  return Support::yes();
}

Bytes depthwise_pack(const NodeView& view, const Config&, const Weights& weights) {
  return depthwise_blob(filter_values(view, weights), conv_shape(view));
}

std::unique_ptr<Step> depthwise_make(const NodeView& view, const Config&, std::span<const std::byte> packed,
                                     Device& device) {
  const ConvShape d = conv_shape(view);
  auto blob = as_cuda(device).resident(packed);
  const auto elements = static_cast<std::size_t>(d.c) * static_cast<std::size_t>(d.r * d.s);
  const Epilogue e = epilogue_of(view, floats(*blob, channels_offset(elements, DType::kF32)), false);
  return make_step([=, residual = has_residual(view), type = number_of(view.inputs[0])](const Bindings& bindings,
                                                                                        cudaStream_t stream) {
    launch_depthwise(bindings.inputs[0], type, floats(*blob, 0), bindings.outputs[0], d,
                     with_residual(e, bindings, residual), stream);
  });
}

// ---- few rows
// --------------------------------------------------------------------------------------------------------

Support rows_supports(const NodeView& view, const DeviceInfo&) {
  constexpr int kMostRows = 32;
  if (!std::holds_alternative<Gemm>(view.op)) return Support::no("no fully connected layer");
  if (auto answer = weighted_fits(view); !answer) return answer;
  if (auto answer = integers_fit(view); !answer) return answer;
  if (takes_tf32(view.op)) return Support::no("multiplies in f32");
  const ConvShape d = conv_shape(view);
  if (d.n > kMostRows) return Support::no(fmt::format("{} rows, at most {} run", d.n, kMostRows));
  if (d.c % 8 != 0) return Support::no(fmt::format("{} columns, multiples of 8 run", d.c));
  return Support::yes();
}

DType row_type(const NodeView& view) {
  const DType type = view.inputs[0].dtype;
  return is_8bit(type) ? DType::kS8 : type;
}

Bytes rows_pack(const NodeView& view, const Config&, const Weights& weights) {
  return blob_of(filter_values(view, weights, true), row_type(view));
}

std::unique_ptr<Step> rows_make(const NodeView& view, const Config&, std::span<const std::byte> packed,
                                Device& device) {
  const ConvShape d = conv_shape(view);
  auto blob = as_cuda(device).resident(packed);
  const auto elements = static_cast<std::size_t>(d.c) * static_cast<std::size_t>(d.k);
  const bool integers = is_scaled8(view.inputs[0].dtype);
  const Epilogue e = epilogue_of(view, floats(*blob, channels_offset(elements, row_type(view))), integers);
  Number type = number_of(view.inputs[0]);
  if (integers) type.scale = 1;  // the epilogue has it
  return make_step([=](const Bindings& bindings, cudaStream_t stream) {
    launch_rows(bindings.inputs[0], blob->data(), bindings.outputs[0], type, d.n, d.k, d.c, e, stream);
  });
}

// ---- many rows
// -------------------------------------------------------------------------------------------------------

Support product_supports(const NodeView& view, const DeviceInfo&) {
  constexpr int kBytes = 64, kMostColumns = 65535;
  if (!std::holds_alternative<Gemm>(view.op)) return Support::no("no fully connected layer");
  if (auto answer = weighted_fits(view); !answer) return answer;
  const ConvShape d = conv_shape(view);
  const DType type = view.inputs[0].dtype;
  if (type != DType::kF16 && type != DType::kBF16 && type != DType::kS8)
    return Support::no(fmt::format("{} in", name(type)));
  if (type == DType::kS8) {
    if (auto answer = integers_fit(view); !answer) return answer;
    if (number_of(view.inputs[0]).zero != 0) return Support::no("8 bits with a zero point");
  }
  const int each = kBytes / static_cast<int>(size_of(type));
  if (d.c % each != 0) return Support::no(fmt::format("{} columns in, multiples of {} run", d.c, each));
  if (d.k > kMostColumns) return Support::no(fmt::format("{} columns out, at most {} run", d.k, kMostColumns));
  return Support::yes();
}

std::unique_ptr<Step> product_make(const NodeView& view, const Config&, std::span<const std::byte> packed,
                                   Device& device) {
  const ConvShape d = conv_shape(view);
  const DType type = view.inputs[0].dtype;
  auto blob = as_cuda(device).resident(packed);
  const auto elements = static_cast<std::size_t>(d.c) * static_cast<std::size_t>(d.k);
  const Epilogue e = epilogue_of(view, floats(*blob, channels_offset(elements, type)), type == DType::kS8);
  return make_step([=](const Bindings& bindings, cudaStream_t stream) {
    launch_product(bindings.inputs[0], blob->data(), bindings.outputs[0], type, d.n, d.k, d.c, e, stream);
  });
}

}  // namespace

const Tactic kGather = {"gather", gather_supports, one_config, gather_pack, gather_make};
const Tactic kDepthwise = {"depthwise", depthwise_supports, one_config, depthwise_pack, depthwise_make};
const Tactic kRows = {"rows", rows_supports, one_config, rows_pack, rows_make};
const Tactic kProduct = {"product", product_supports, one_config, rows_pack, product_make};

}  // namespace fovea::cuda
