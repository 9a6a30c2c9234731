#include "backend/cpu/kernels/layer_norm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "backend/cpu/blob.h"
#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"
#include "base/error.h"
#include "base/parallel/parallel.h"
#include "graph/ops/strided.h"

namespace fovea::cpu {
namespace {

constexpr std::string_view kKey = "layer_norm";
constexpr std::int64_t kGrain = 8192;  ///< elements that are worth a thread

/// Memory as [outer, size, inner]: `size` elements are normalised together, `inner` apart.
struct Extent {
  std::int64_t outer = 1, size = 1, inner = 1;
};

Extent extent_of(const LayerNorm& op, const OperandView& x) {
  if (x.layout == Layout::kNhwc) return {x.shape[0] * x.shape[2] * x.shape[3], x.shape[1], 1};
  Extent made;
  for (int axis = 0; axis < x.shape.rank(); ++axis)
    (axis < op.axes.front() ? made.outer : axis > op.axes.back() ? made.inner : made.size) *= x.shape[axis];
  return made;
}

class LayerNormStep final : public Step {
 public:
  LayerNormStep(const NodeView& view, std::span<const float> scale, std::span<const float> bias, Isa isa)
      : extent_(extent_of(std::get<LayerNorm>(view.op), view.inputs[0])),
        row_(layer_norm_row_kernel(view.inputs[0].dtype, isa)),
        columns_(layer_norm_columns_kernel(view.inputs[0].dtype, isa)),
        scale_(scale.data()),
        bias_(bias.data()),
        epsilon_(std::get<LayerNorm>(view.op).epsilon),
        element_(static_cast<std::int64_t>(size_of(view.inputs[0].dtype))) {}

  void run(const Bindings& bindings, Stream& stream) const override {
    const std::byte* in = bindings.inputs[0];
    std::byte* out = bindings.outputs[0];
    if (extent_.inner == 1) {
      const std::int64_t bytes = extent_.size * element_;
      each(extent_.outer, extent_.size, stream,
           [&](std::int64_t i) { row_(in + i * bytes, out + i * bytes, extent_.size, scale_, bias_, epsilon_); });
      return;
    }
    const std::int64_t strips = (extent_.inner + kLayerNormWidth - 1) / kLayerNormWidth;
    each(extent_.outer * strips, extent_.size * kLayerNormWidth, stream, [&](std::int64_t i) {
      const std::int64_t first = i % strips * kLayerNormWidth;
      const std::int64_t at = (i / strips * extent_.size * extent_.inner + first) * element_;
      columns_(in + at, out + at, extent_.size, extent_.inner, std::min(kLayerNormWidth, extent_.inner - first), scale_,
               bias_, epsilon_);
    });
  }

 private:
  template <typename Body>
  static void each(std::int64_t count, std::int64_t elements, Stream& stream, const Body& body) {
    parallel_ranges(count, stream.threads, std::max<std::int64_t>(1, kGrain / elements),
                    [&](std::int64_t begin, std::int64_t end) {
                      for (std::int64_t i = begin; i < end; ++i) body(i);
                    });
  }

  Extent extent_;
  LayerNormRow row_;
  LayerNormColumns columns_;
  const float *scale_, *bias_;
  float epsilon_;
  std::int64_t element_;
};

Support supports(const NodeView& view, const DeviceInfo& device) {
  const auto* op = std::get_if<LayerNorm>(&view.op);
  if (op == nullptr) return Support::no("no layer norm");
  const OperandView &x = view.inputs.at(0), &y = view.outputs.at(0);
  for (std::size_t i = 1; i < view.inputs.size(); ++i)
    if (view.inputs[i].present && !view.inputs[i].constant) return Support::no("scale or bias is not constant");
  if (x.constant || x.layout != y.layout || x.dtype != y.dtype) return Support::no("input and output differ");
  if (x.layout == Layout::kBlocked16) return Support::no("blocked channels");
  if (x.layout == Layout::kNhwc && op->axes != std::vector<std::int64_t>{1})
    return Support::no("channels last, but other axes");
  if (layer_norm_row_kernel(x.dtype, device.isa) != nullptr) return Support::yes();
  return Support::no(fmt::format("{}", name(x.dtype)));
}

Bytes pack(const NodeView& view, const Config&, const Weights& weights) {
  const std::int64_t size = extent_of(std::get<LayerNorm>(view.op), view.inputs[0]).size;
  BlobWriter blob{std::string(kKey)};
  for (std::size_t i = 1; i < 3; ++i) {
    const bool given = i < view.inputs.size() && view.inputs[i].present;
    const Tensor otherwise = broadcast_to(Tensor::scalar(i == 1 ? 1.0F : 0.0F), {size});
    blob.add((given ? real_values(view.inputs[i], weights.tensors.at(i)) : otherwise).bytes());
  }
  return blob.finish();
}

std::unique_ptr<Step> make(const NodeView& view, const Config&, std::span<const std::byte> packed, Device& device) {
  const BlobReader blob(packed, view.name);
  require(blob.key() == kKey, ErrorKind::kCorruptFile, "[{}] packed weights are not those of layer_norm", view.name);
  const auto size = static_cast<std::size_t>(extent_of(std::get<LayerNorm>(view.op), view.inputs[0]).size);
  const auto numbers = [&](std::size_t i) {
    return std::span(reinterpret_cast<const float*>(blob.section(i, size * sizeof(float)).data()), size);
  };
  return std::make_unique<LayerNormStep>(view, numbers(0), numbers(1), device.info().isa);
}

}  // namespace

const Tactic kLayerNorm = {"layer_norm", supports, one_config, pack, make};

}  // namespace fovea::cpu
