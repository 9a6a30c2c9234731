#include "backend/cpu/kernels/convert.h"

#include <fmt/format.h>

#include <cstring>

#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"
#include "base/parallel/parallel.h"

namespace fovea::cpu {
namespace {

constexpr std::int64_t kGrain = 16384;  ///< elements that are worth a thread

/// Ops that keep the elements and their order, so that only the type may change.
bool keeps_elements(const Op& op) {
  return std::holds_alternative<Identity>(op) || std::holds_alternative<Dropout>(op) ||
         std::holds_alternative<Flatten>(op) || std::holds_alternative<Reshape>(op) ||
         std::holds_alternative<Squeeze>(op) || std::holds_alternative<Unsqueeze>(op);
}

bool same_type(const OperandView& x, const OperandView& y) {
  return x.dtype == y.dtype && (x.quant == y.quant || affine(x) == affine(y));
}

class CopyStep final : public Step {
 public:
  explicit CopyStep(std::size_t bytes) : bytes_(bytes) {}
  void run(const Bindings& bindings, Stream& stream) const override {
    const std::byte* in = bindings.inputs[0];
    std::byte* out = bindings.outputs[0];
    parallel_ranges(static_cast<std::int64_t>(bytes_), stream.threads, 4 * kGrain,
                    [&](std::int64_t begin, std::int64_t end) {
                      std::memcpy(out + begin, in + begin, static_cast<std::size_t>(end - begin));
                    });
  }

 private:
  std::size_t bytes_;
};

class ConvertStep final : public Step {
 public:
  ConvertStep(const OperandView& x, const OperandView& y, Isa isa)
      : kernel_(convert_kernel(x.dtype, y.dtype, isa)),
        scale_(rescale(x, y)),
        elements_(stored_elements(x)),
        in_size_(static_cast<std::int64_t>(size_of(x.dtype))),
        out_size_(static_cast<std::int64_t>(size_of(y.dtype))) {}

  void run(const Bindings& bindings, Stream& stream) const override {
    const std::byte* in = bindings.inputs[0];
    std::byte* out = bindings.outputs[0];
    parallel_ranges(elements_, stream.threads, kGrain, [&](std::int64_t begin, std::int64_t end) {
      kernel_(in + begin * in_size_, out + begin * out_size_, end - begin, scale_.factor, scale_.offset);
    });
  }

 private:
  Convert kernel_;
  Rescale scale_;
  std::int64_t elements_, in_size_, out_size_;
};

Support supports(const NodeView& view, const DeviceInfo& device) {
  if (!keeps_elements(view.op)) return Support::no("not an op that keeps its elements");
  const OperandView &x = view.inputs.at(0), &y = view.outputs.at(0);
  if (x.constant) return Support::no("the input is constant");
  if (!same_order(x, y)) return Support::no(fmt::format("{} to {} moves elements", name(x.layout), name(y.layout)));
  if (same_type(x, y)) return Support::yes();
  if (auto answer = plain_numbers(view); !answer) return answer;
  if (padded(x) && rescale(x, y).offset != 0) return Support::no("zero points would fill the padding");
  if (convert_kernel(x.dtype, y.dtype, device.isa) != nullptr) return Support::yes();
  return Support::no(fmt::format("{} to {}", name(x.dtype), name(y.dtype)));
}

std::unique_ptr<Step> make(const NodeView& view, const Config&, std::span<const std::byte>, Device& device) {
  const OperandView &x = view.inputs.at(0), &y = view.outputs.at(0);
  if (same_type(x, y)) return std::make_unique<CopyStep>(byte_size(x));
  return std::make_unique<ConvertStep>(x, y, device.info().isa);
}

}  // namespace

const Tactic kConvert = {"convert", supports, one_config, pack_nothing, make};

}  // namespace fovea::cpu
