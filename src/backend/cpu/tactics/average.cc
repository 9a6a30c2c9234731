#include "backend/cpu/kernels/average.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"
#include "base/parallel/parallel.h"

namespace fovea::cpu {
namespace {

/// Global average pooling, also when written as a mean over rows and columns.
bool is_global_average(const Op& op) {
  if (const auto* pool = std::get_if<GlobalPool>(&op)) return pool->kind == PoolKind::kAverage;
  const auto* reduce = std::get_if<Reduce>(&op);
  return reduce != nullptr && reduce->kind == ReduceKind::kMean && reduce->axes == std::vector<std::int64_t>{2, 3};
}

/// How a layout lies in memory: `groups` per image, each of pixels of `stride` elements.
struct Channels {
  std::int64_t groups = 1, width = 1, stride = 1;
};

Channels channels_of(const OperandView& x) {
  const std::int64_t c = x.shape[1];
  if (x.layout == Layout::kNhwc) return {(c + kAverageWidth - 1) / kAverageWidth, kAverageWidth, c};
  if (x.layout == Layout::kBlocked16) return {(c + 15) / 16, 16, 16};
  return {c, 1, 1};
}

class AverageStep final : public Step {
 public:
  AverageStep(const OperandView& x, const OperandView& y, Isa isa)
      : kernel_(average_kernel(x.dtype, y.dtype, isa)),
        images_(x.shape[0]),
        channels_(x.layout == Layout::kBlocked16 ? (x.shape[1] + 15) / 16 * 16 : x.shape[1]),
        pixels_(x.shape[2] * x.shape[3]),
        lie_(channels_of(x)),
        nhwc_(x.layout == Layout::kNhwc),
        factor_(rescale(x, y).factor / static_cast<float>(pixels_)),
        offset_(rescale(x, y).offset),
        in_size_(static_cast<std::int64_t>(size_of(x.dtype))),
        out_size_(static_cast<std::int64_t>(size_of(y.dtype))) {}

  void run(const Bindings& bindings, Stream& stream) const override {
    const std::byte* in = bindings.inputs[0];
    std::byte* out = bindings.outputs[0];
    parallel_ranges(images_ * lie_.groups, stream.threads, grain(), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t image = i / lie_.groups, first = i % lie_.groups * lie_.width;
        const std::int64_t from = nhwc_ ? image * pixels_ * channels_ + first : (image * channels_ + first) * pixels_;
        kernel_(in + from * in_size_, out + (image * channels_ + first) * out_size_, pixels_, lie_.stride,
                std::min(lie_.width, channels_ - first), factor_, offset_);
      }
    });
  }

 private:
  std::int64_t grain() const { return std::max<std::int64_t>(1, 32768 / (pixels_ * lie_.width)); }

  Average kernel_;
  std::int64_t images_, channels_, pixels_;
  Channels lie_;
  bool nhwc_;
  float factor_, offset_;
  std::int64_t in_size_, out_size_;
};

Support supports(const NodeView& view, const DeviceInfo& device) {
  if (!is_global_average(view.op)) return Support::no("no average over whole images");
  const OperandView &x = view.inputs.at(0), &y = view.outputs.at(0);
  if (x.shape.rank() != 4 || x.constant || x.shape[2] * x.shape[3] == 0) return Support::no("no images");
  if (auto answer = plain_numbers(view); !answer) return answer;
  const bool alike = x.layout == y.layout || (x.layout == Layout::kNhwc && y.layout == Layout::kPlain) ||
                     (x.layout == Layout::kPlain && y.layout == Layout::kNhwc) ||
                     (x.layout == Layout::kBlocked16 && x.shape[1] % 16 == 0);
  if (!alike) return Support::no("the output's channels lie in another order");
  if (padded(x) && rescale(x, y).offset != 0) return Support::no("zero points would fill the padding");
  if (average_kernel(x.dtype, y.dtype, device.isa) != nullptr) return Support::yes();
  return Support::no(fmt::format("{} to {}", name(x.dtype), name(y.dtype)));
}

std::unique_ptr<Step> make(const NodeView& view, const Config&, std::span<const std::byte>, Device& device) {
  return std::make_unique<AverageStep>(view.inputs.at(0), view.outputs.at(0), device.info().isa);
}

}  // namespace

const Tactic kAverage = {"average", supports, one_config, pack_nothing, make};

}  // namespace fovea::cpu
