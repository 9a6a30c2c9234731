#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "backend/cpu/kernels/convert.h"
#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"
#include "base/parallel/parallel.h"

namespace fovea::cpu {
namespace {

constexpr std::int64_t kGrain = 16384;

/// A value as memory lies, outermost axis first; blocked channels are an axis of blocks and one of 16.
std::vector<std::int64_t> stored_dims(const OperandView& view) {
  const Shape& s = view.shape;
  if (view.layout == Layout::kNhwc) return {s[0], s[2], s[3], s[1]};
  if (view.layout == Layout::kBlocked16) return {s[0], (s[1] + 15) / 16, s[2], s[3], 16};
  return s.dims();
}

std::size_t stored_axis(const OperandView& view, int axis) {
  constexpr std::array<std::size_t, 4> kNhwcAxis = {0, 3, 1, 2};
  return view.layout == Layout::kNhwc ? kNhwcAxis.at(static_cast<std::size_t>(axis)) : static_cast<std::size_t>(axis);
}

/// One input's run of neighbouring elements in each of the `outer` rows of the output.
struct Part {
  Convert kernel = nullptr;  ///< null: the bytes as they are
  Rescale scale;
  std::size_t input = 0;
  std::int64_t elements = 0, offset = 0, in_size = 0;
};

class ConcatStep final : public Step {
 public:
  ConcatStep(const NodeView& view, Isa isa) : out_size_(static_cast<std::int64_t>(size_of(view.outputs[0].dtype))) {
    const OperandView& y = view.outputs[0];
    const int axis = std::get<Concat>(view.op).axis;
    for (std::size_t i = 0; i < view.inputs.size(); ++i) {
      const OperandView& x = view.inputs[i];
      const auto dims = stored_dims(x);
      Part part;
      part.input = i;
      part.elements = 1;
      for (std::size_t d = stored_axis(x, axis); d < dims.size(); ++d) part.elements *= dims[d];
      part.offset = row_;
      part.in_size = static_cast<std::int64_t>(size_of(x.dtype));
      const bool same = x.dtype == y.dtype && affine(x) == affine(y);
      if (!same) part.kernel = convert_kernel(x.dtype, y.dtype, isa);
      part.scale = rescale(x, y);
      row_ += part.elements;
      parts_.push_back(part);
    }
    outer_ = row_ == 0 ? 0 : stored_elements(y) / row_;
  }

  void run(const Bindings& bindings, Stream& stream) const override {
    const std::int64_t grain = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, row_));
    parallel_ranges(outer_, stream.threads, grain, [&](std::int64_t begin, std::int64_t end) {
      for (const Part& part : parts_) copy(part, bindings, begin, end);
    });
  }

 private:
  void copy(const Part& part, const Bindings& bindings, std::int64_t begin, std::int64_t end) const {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::byte* from = bindings.inputs[part.input] + row * part.elements * part.in_size;
      std::byte* to = bindings.outputs[0] + (row * row_ + part.offset) * out_size_;
      if (part.kernel != nullptr) {
        part.kernel(from, to, part.elements, part.scale.factor, part.scale.offset);
      } else {
        std::memcpy(to, from, static_cast<std::size_t>(part.elements * out_size_));
      }
    }
  }

  std::vector<Part> parts_;
  std::int64_t out_size_, row_ = 0, outer_ = 0;
};

Support input_fits(const OperandView& x, const OperandView& y, const Concat& op, bool last, Isa isa) {
  if (x.constant) return Support::no("an input is constant");
  const bool blocks = y.layout == Layout::kBlocked16;
  if (blocks && op.axis == 1 && !last && padded(x)) return Support::no("channels do not end at a block of 16");
  if (x.dtype == y.dtype && (x.quant == y.quant || affine(x) == affine(y))) return Support::yes();
  if (padded(x) && rescale(x, y).offset != 0) return Support::no("zero points would fill the padding");
  if (convert_kernel(x.dtype, y.dtype, isa) != nullptr) return Support::yes();
  return Support::no(fmt::format("{} to {}", name(x.dtype), name(y.dtype)));
}

Support supports(const NodeView& view, const DeviceInfo& device) {
  const auto* op = std::get_if<Concat>(&view.op);
  if (op == nullptr) return Support::no("no concatenation");
  if (auto answer = same_layout(view); !answer) return answer;
  if (auto answer = plain_numbers(view); !answer) return answer;
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    const bool last = i + 1 == view.inputs.size();
    if (auto answer = input_fits(view.inputs[i], view.outputs[0], *op, last, device.isa); !answer) return answer;
  }
  return Support::yes();
}

std::unique_ptr<Step> make(const NodeView& view, const Config&, std::span<const std::byte>, Device& device) {
  return std::make_unique<ConcatStep>(view, device.info().isa);
}

}  // namespace

const Tactic kConcat = {"concat", supports, one_config, pack_nothing, make};

}  // namespace fovea::cpu
