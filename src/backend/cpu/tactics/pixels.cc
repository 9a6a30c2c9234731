#include "backend/cpu/kernels/pixels.h"

#include <fmt/format.h>

#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"
#include "base/parallel/parallel.h"

namespace fovea::cpu {
namespace {

constexpr std::int64_t kRowsPerThread = 16;

PixelScale scale_of(const PixelsToTensor& op, const OperandView& y) {
  const Affine out = affine(y);
  PixelScale scale;
  for (std::size_t c = 0; c < 3; ++c) {
    scale.factor[c] = op.scale / op.std[c] / out.scale;
    scale.offset[c] = -op.mean[c] / op.std[c] / out.scale + static_cast<float>(out.zero_point);
  }
  return scale;
}

class PixelsStep final : public Step {
 public:
  PixelsStep(const NodeView& view, Isa isa)
      : scale_(scale_of(std::get<PixelsToTensor>(view.op), view.outputs[0])),
        shape_(view.outputs[0].shape),
        layout_(view.outputs[0].layout),
        size_(size_of(view.outputs[0].dtype)),
        kernel_(pixel_kernel(view.outputs[0].dtype, layout_, isa)) {}

  void run(const Bindings& bindings, Stream& stream) const override {
    const std::int64_t channels = shape_[1], height = shape_[2], width = shape_[3];
    const auto* pixels = reinterpret_cast<const std::uint8_t*>(bindings.inputs[0]);
    std::byte* out = bindings.outputs[0];
    parallel_ranges(shape_[0] * height, stream.threads, kRowsPerThread, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        kernel_(pixels + row * width * channels, out + static_cast<std::size_t>(first_of(row)) * size_, width,
                static_cast<int>(channels), height * width, scale_);
      }
    });
  }

 private:
  /// Where a row's first element is stored.
  std::int64_t first_of(std::int64_t row) const {
    const std::int64_t channels = shape_[1], height = shape_[2], width = shape_[3];
    if (layout_ == Layout::kNhwc) return row * width * channels;
    if (layout_ == Layout::kBlocked16) return row * width * 16;
    return (row / height * channels * height + row % height) * width;
  }

  PixelScale scale_;
  Shape shape_;
  Layout layout_;
  std::size_t size_;
  PixelRow kernel_;
};

Support supports(const NodeView& view, const DeviceInfo& device) {
  if (!std::holds_alternative<PixelsToTensor>(view.op)) return Support::no("no pixels");
  const OperandView &x = view.inputs.at(0), &y = view.outputs.at(0);
  if (x.layout != Layout::kPlain) return Support::no("pixels are plain");
  if (is_8bit(y.dtype) && !y.quant) return Support::no("an 8-bit output without a scale");
  if (y.shape[1] != 1 && y.shape[1] != 3) return Support::no("neither 1 nor 3 channels");
  if (pixel_kernel(y.dtype, y.layout, device.isa) == nullptr)
    return Support::no(fmt::format("output is {}", name(y.dtype)));
  return Support::yes();
}

std::unique_ptr<Step> make(const NodeView& view, const Config&, std::span<const std::byte>, Device& device) {
  return std::make_unique<PixelsStep>(view, device.info().isa);
}

}  // namespace

const Tactic kPixels = {"pixels", supports, one_config, pack_nothing, make};

}  // namespace fovea::cpu
