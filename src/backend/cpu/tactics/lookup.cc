#include <fmt/format.h>

#include <array>
#include <cstring>

#include "backend/cpu/kernels/convert.h"
#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"
#include "base/parallel/parallel.h"

namespace fovea::cpu {
namespace {

constexpr std::int64_t kGrain = 8192;
constexpr std::size_t kEntries = 256;

/// A function of 8 bits is a table of its 256 values.
class LookupStep final : public Step {
 public:
  LookupStep(const NodeView& view, Isa isa)
      : kernel_(lookup_kernel(view.outputs[0].dtype, isa)),
        elements_(stored_elements(view.inputs[0])),
        out_size_(static_cast<std::int64_t>(size_of(view.outputs[0].dtype))) {
    const OperandView &x = view.inputs[0], &y = view.outputs[0];
    std::array<float, kEntries> values{};
    for (std::size_t i = 0; i < kEntries; ++i) {
      const int stored = x.dtype == DType::kS8 ? static_cast<std::int8_t>(i) : static_cast<int>(i);
      const float real = static_cast<float>(stored - affine(x).zero_point) * affine(x).scale;
      values[i] = apply(std::get<Unary>(view.op).fn, real);
    }
    const Convert round = convert_kernel(DType::kF32, y.dtype, Isa::kBaseline);
    round(values.data(), table_.data(), kEntries, 1 / affine(y).scale, static_cast<float>(affine(y).zero_point));
  }

  void run(const Bindings& bindings, Stream& stream) const override {
    const auto* in = reinterpret_cast<const std::uint8_t*>(bindings.inputs[0]);
    std::byte* out = bindings.outputs[0];
    parallel_ranges(elements_, stream.threads, kGrain, [&](std::int64_t begin, std::int64_t end) {
      kernel_(in + begin, out + begin * out_size_, end - begin, table_.data());
    });
  }

 private:
  Lookup kernel_;
  std::int64_t elements_, out_size_;
  alignas(64) std::array<std::byte, kEntries * sizeof(float)> table_{};
};

Support supports(const NodeView& view, const DeviceInfo& device) {
  if (!std::holds_alternative<Unary>(view.op)) return Support::no("no unary function");
  const OperandView &x = view.inputs.at(0), &y = view.outputs.at(0);
  if (!is_8bit(x.dtype) || x.constant) return Support::no("the input is not 8-bit");
  if (auto answer = plain_numbers(view); !answer) return answer;
  if (!same_order(x, y)) return Support::no("input and output layouts differ");
  if (padded(x)) return Support::no("blocked16 with padded channels");
  if (lookup_kernel(y.dtype, device.isa) == nullptr) return Support::no(fmt::format("output is {}", name(y.dtype)));
  return Support::yes();
}

std::unique_ptr<Step> make(const NodeView& view, const Config&, std::span<const std::byte>, Device& device) {
  return std::make_unique<LookupStep>(view, device.info().isa);
}

}  // namespace

const Tactic kLookup = {"lookup", supports, one_config, pack_nothing, make};

}  // namespace fovea::cpu
