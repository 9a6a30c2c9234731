#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "backend/cpu/blob.h"
#include "backend/cpu/kernels/convert.h"
#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"
#include "base/error.h"
#include "base/parallel/parallel.h"

namespace fovea::cpu {
namespace {

constexpr std::string_view kKey = "widened ";
constexpr std::size_t kMostOperands = 16;
constexpr std::int64_t kGrain = 16384;

template <typename T>
bool is_any_of(const Op& op) {
  return std::holds_alternative<T>(op);
}
template <typename First, typename Second, typename... Rest>
bool is_any_of(const Op& op) {
  return is_any_of<First>(op) || is_any_of<Second, Rest...>(op);
}

bool computes_on_numbers(const Op& op) {
  return is_any_of<Conv2d, Gemm, MatMul, BatchNorm, Unary, PRelu, Binary, Pool, GlobalPool, Reduce, Softmax, Lrn,
                   LayerNorm>(op);
}

void widen_operand(OperandView& operand) {
  operand.dtype = DType::kF32;
  operand.quant.reset();
}

NodeView widened(NodeView view) {
  for (OperandView& input : view.inputs) {
    if (input.present) widen_operand(input);
  }
  for (OperandView& output : view.outputs) widen_operand(output);
  return view;
}

/// The first tactic of the table that runs the f32 form; null when there is none but this and the reference.
const Tactic* inner_tactic(const NodeView& view, const DeviceInfo& device) {
  for (const Tactic& tactic : tactics()) {
    if (tactic.name == kWidened.name) return nullptr;
    if (tactic.supports(view, device)) return &tactic;
  }
  return nullptr;
}

/// An activation on its way between its stored type and f32 in scratch memory; kernel null: passed on as it is.
struct Passage {
  Convert kernel = nullptr;
  Rescale scale;
  std::size_t offset = 0;  ///< in scratch
  std::int64_t elements = 0, in_size = 0, out_size = 0;

  void run(const std::byte* from, std::byte* to, Stream& stream) const {
    parallel_ranges(elements, stream.threads, kGrain, [&](std::int64_t begin, std::int64_t end) {
      kernel(from + begin * in_size, to + begin * out_size, end - begin, scale.factor, scale.offset);
    });
  }
};

class WidenedStep final : public Step {
 public:
  WidenedStep(const NodeView& view, std::unique_ptr<Step> inner, Isa isa) : inner_(std::move(inner)) {
    scratch_ = (inner_->scratch_bytes() + 63) / 64 * 64;
    for (const OperandView& input : view.inputs) {
      OperandView wide = input;
      widen_operand(wide);
      const bool passes = !input.present || input.constant || input.dtype == DType::kF32;
      inputs_.push_back(passes ? Passage{} : passage(input, wide, wide, isa));
    }
    for (const OperandView& output : view.outputs) {
      OperandView wide = output;
      widen_operand(wide);
      outputs_.push_back(output.dtype == DType::kF32 ? Passage{} : passage(wide, output, wide, isa));
    }
  }

  std::size_t scratch_bytes() const override { return scratch_; }

  void run(const Bindings& bindings, Stream& stream) const override {
    std::array<const std::byte*, kMostOperands> inputs{};
    std::array<std::byte*, kMostOperands> outputs{};
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      inputs[i] = bindings.inputs[i];
      if (inputs_[i].kernel == nullptr) continue;
      inputs_[i].run(bindings.inputs[i], bindings.scratch + inputs_[i].offset, stream);
      inputs[i] = bindings.scratch + inputs_[i].offset;
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      outputs[i] = outputs_[i].kernel == nullptr ? bindings.outputs[i] : bindings.scratch + outputs_[i].offset;
    }
    inner_->run({{inputs.data(), inputs_.size()}, {outputs.data(), outputs_.size()}, bindings.scratch}, stream);
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      if (outputs_[i].kernel != nullptr) outputs_[i].run(outputs[i], bindings.outputs[i], stream);
    }
  }

 private:
  Passage passage(const OperandView& from, const OperandView& to, const OperandView& wide, Isa isa) {
    Passage made{convert_kernel(from.dtype, to.dtype, isa),
                 rescale(from, to),
                 scratch_,
                 stored_elements(wide),
                 static_cast<std::int64_t>(size_of(from.dtype)),
                 static_cast<std::int64_t>(size_of(to.dtype))};
    scratch_ += (byte_size(wide) + 63) / 64 * 64;
    return made;
  }

  std::unique_ptr<Step> inner_;
  std::vector<Passage> inputs_, outputs_;
  std::size_t scratch_ = 0;
};

Support constants_fit(const NodeView& view) {
  for (const OperandView& input : view.inputs) {
    if (input.constant && !is_float(input.dtype) && !input.quant)
      return Support::no("a constant is integers without a scale");
  }
  return Support::yes();
}

Support supports(const NodeView& view, const DeviceInfo& device) {
  if (!computes_on_numbers(view.op)) return Support::no("not an op on numbers");
  if (view.inputs.size() > kMostOperands || view.outputs.size() > kMostOperands)
    return Support::no("too many operands");
  if (auto answer = plain_numbers(view); !answer) return answer;
  if (auto answer = dtypes_among(view, {DType::kF32, DType::kBF16, DType::kF16, DType::kS8, DType::kU8}); !answer)
    return answer;
  if (auto answer = constants_fit(view); !answer) return answer;
  bool changes = false, fills = false;
  const auto look = [&](const OperandView& operand) {
    changes = changes || operand.dtype != DType::kF32;
    fills = fills || (padded(operand) && affine(operand).zero_point != 0);
  };
  for (const OperandView& input : view.inputs) {
    if (input.present && !input.constant) look(input);
  }
  for (const OperandView& output : view.outputs) look(output);
  if (!changes) return Support::no("all is f32 already");
  if (fills) return Support::no("zero points would fill the padding");
  if (inner_tactic(widened(view), device) == nullptr) return Support::no("no tactic runs it in f32");
  return Support::yes();
}

/// The inner tactic is found again by its place in the table's order of names; it stands in the packed key.
std::vector<Config> configs(const NodeView& view, const DeviceInfo& device) {
  const NodeView wide = widened(view);
  const Tactic* inner = inner_tactic(wide, device);
  Config config = inner->configs(wide, device).front();
  config.values.insert(config.values.begin(), {"inner", static_cast<int>(inner - tactics().data())});
  return {config};
}

Config inner_config(const Config& config) {
  Config made;
  for (const auto& entry : config.values) {
    if (entry.first != "inner") made.values.push_back(entry);
  }
  return made;
}

Bytes pack(const NodeView& view, const Config& config, const Weights& weights) {
  const auto index = static_cast<std::size_t>(config.get("inner", -1));
  require(index < tactics().size(), ErrorKind::kInvalidArgument, "[{}] config '{}' names no tactic", view.name,
          config.str());
  const Tactic& inner = tactics()[index];
  Weights reals = weights;
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    if (view.inputs[i].constant) reals.tensors.at(i) = real_values(view.inputs[i], weights.tensors[i]);
  }
  BlobWriter blob(std::string(kKey) + std::string(inner.name));
  blob.add(inner.pack(widened(view), inner_config(config), reals));
  return blob.finish();
}

std::unique_ptr<Step> make(const NodeView& view, const Config& config, std::span<const std::byte> packed,
                           Device& device) {
  const BlobReader blob(packed, view.name);
  require(blob.key().starts_with(kKey) && blob.sections() == 1, ErrorKind::kCorruptFile,
          "[{}] packed weights are not those of widened", view.name);
  const std::string_view name = blob.key().substr(kKey.size());
  const auto found = std::find_if(tactics().begin(), tactics().end(), [&](const Tactic& t) { return t.name == name; });
  require(found != tactics().end() && found->name != kWidened.name, ErrorKind::kCorruptFile,
          "[{}] packed for '{}', which is no tactic here", view.name, name);
  const NodeView wide = widened(view);
  const Support answer = found->supports(wide, device.info());
  require(answer.ok, ErrorKind::kUnsupported, "[{}] {}: {}", view.name, name, answer.reason);
  return std::make_unique<WidenedStep>(view, found->make(wide, inner_config(config), blob.section(0), device),
                                       device.info().isa);
}

}  // namespace

const Tactic kWidened = {"widened", supports, configs, pack, make};

}  // namespace fovea::cpu
