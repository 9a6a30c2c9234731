#include "interop/importer.h"

#include <algorithm>

#include "base/error.h"
#include "graph/reference.h"
#include "interop/tensor_proto.h"

namespace fovea::interop {
namespace {

constexpr std::int64_t kFoldElements = 4096;  ///< larger results wait for the folding pass

/// Ops that were left out on purpose, and why.
constexpr std::pair<std::string_view, std::string_view> kLeftOut[] = {
    {"ConvTranspose", "it makes images larger, which no classifier needs"},
    {"TopK", "the engine itself ranks the classes"},
    {"NonMaxSuppression", "it belongs to detectors"},
    {"If", "an engine's steps are the same for every image"},
    {"Loop", "an engine's steps are the same for every image"},
    {"LSTM", "recurrent networks are no CNNs"},
    {"GRU", "recurrent networks are no CNNs"},
};

std::string why_absent(const onnx::NodeProto& node) {
  const bool standard = node.domain().empty() || node.domain() == "ai.onnx";
  const auto found = std::ranges::find(kLeftOut, node.op_type(), &std::pair<std::string_view, std::string_view>::first);
  if (standard && found != std::end(kLeftOut)) return std::string(found->second);
  return standard ? "this op is not there" : fmt::format("it is not there in the domain {}", node.domain());
}

bool never_folded(const Op& op) {
  return std::holds_alternative<Quantize>(op) || std::holds_alternative<Dequantize>(op);
}

}  // namespace

Handler find_handler(std::string_view domain, std::string_view op) {
  const auto find = [op](std::span<const HandlerRow> table) -> Handler {
    const auto row = std::ranges::find(table, op, &HandlerRow::op);
    return row != table.end() ? row->handler : nullptr;
  };
  if (domain == "com.microsoft") return find(microsoft_handlers());
  if (!domain.empty() && domain != "ai.onnx") return nullptr;
  for (const auto table : {layer_handlers(), normalize_handlers(), quantized_handlers(), elementwise_handlers(),
                           shape_handlers(), reduce_handlers(), resize_handlers(), constant_handlers()})
    if (const Handler found = find(table)) return found;
  return nullptr;
}

std::string Importer::where() const {
  return fmt::format("[onnx] node {} ({})", node_->name().empty() ? node_->output(0) : node_->name(), node_->op_type());
}

void Importer::unsupported(std::string_view reason) const { fail(ErrorKind::kUnsupported, "{}: {}", where(), reason); }

ValueId Importer::lookup(const std::string& name) const {
  const auto found = values_.find(name);
  const auto unmade = found == values_.end() ? unmade_.find(name) : unmade_.end();
  require(unmade == unmade_.end(), ErrorKind::kUnsupported, "{} ({}) is used, which only training needs",
          unmade == unmade_.end() ? "" : unmade->second, name);
  require(found != values_.end(), ErrorKind::kCorruptFile, "[onnx] value {} is used before anything makes it", name);
  return found->second;
}

void Importer::import_node(const onnx::NodeProto& node, int opset) {
  node_ = &node;
  opset_ = opset;
  require(node.output_size() > 0, ErrorKind::kCorruptFile, "[onnx] node {} ({}) has no output", node.name(),
          node.op_type());
  const Handler handler = find_handler(node.domain(), node.op_type());
  if (handler == nullptr) unsupported(why_absent(node));
  try {
    handler(*this);
  } catch (const Error& error) {
    if (error.message().starts_with("[onnx]")) throw;
    fail(error.kind() == ErrorKind::kInvalidArgument ? ErrorKind::kCorruptFile : error.kind(), "{}: {}", where(),
         error.message());
  }
  if (!node.output(0).empty() && !values_.contains(node.output(0))) unsupported("its first output is not made");
  for (int i = 1; i < node.output_size(); ++i)
    if (!values_.contains(node.output(i))) unmade_[node.output(i)] = fmt::format("{}: output {}", where(), i);
}

void Importer::learn_readers(const onnx::GraphProto& graph) {
  for (const onnx::NodeProto& node : graph.node())
    for (const std::string& name : node.input()) readers_[name].emplace_back(node.op_type());
  for (const onnx::ValueInfoProto& output : graph.output()) readers_[output.name()].emplace_back("");
}

std::vector<std::string_view> Importer::readers(const std::string& name) const {
  const auto found = readers_.find(name);
  return found != readers_.end() ? found->second : std::vector<std::string_view>{};
}

ValueId Importer::input(int i) const {
  require(has_input(i), ErrorKind::kCorruptFile, "{}: input {} is missing", where(), i);
  return lookup(node_->input(i));
}

ValueId Importer::input_or_none(int i) const { return has_input(i) ? lookup(node_->input(i)) : kNoValue; }

const Tensor* Importer::constant(int i) const {
  const Value& found = value(i);
  return found.is_constant() ? &found.constant : nullptr;
}

std::vector<std::int64_t> Importer::integers(int i, std::string_view what) const {
  const Tensor* tensor = constant(i);
  if (tensor == nullptr) unsupported(fmt::format("{} is computed at run time", what));
  const Tensor wide = to_s64(*tensor);
  return {wide.data<std::int64_t>().begin(), wide.data<std::int64_t>().end()};
}

float Importer::number(int i, std::string_view what) const {
  const Tensor* tensor = constant(i);
  if (tensor == nullptr) unsupported(fmt::format("{} is computed at run time", what));
  if (tensor->elements() != 1) unsupported(fmt::format("{} has shape {}", what, tensor->shape().str()));
  return to_f32(*tensor).data<float>()[0];
}

const onnx::AttributeProto* Importer::attribute(std::string_view name) const {
  for (const auto& found : node_->attribute())
    if (found.name() == name) return &found;
  return nullptr;
}

std::int64_t Importer::integer(std::string_view name, std::int64_t otherwise) const {
  const auto* found = attribute(name);
  return found != nullptr ? found->i() : otherwise;
}

float Importer::real(std::string_view name, float otherwise) const {
  const auto* found = attribute(name);
  return found != nullptr ? found->f() : otherwise;
}

std::string Importer::text(std::string_view name, std::string otherwise) const {
  const auto* found = attribute(name);
  return found != nullptr ? found->s() : otherwise;
}

std::vector<std::int64_t> Importer::integers(std::string_view name) const {
  const auto* found = attribute(name);
  return found != nullptr ? std::vector<std::int64_t>(found->ints().begin(), found->ints().end())
                          : std::vector<std::int64_t>{};
}

std::vector<std::int64_t> Importer::integers_or_input(std::string_view name, int i) const {
  return has_input(i) ? integers(i, name) : integers(name);
}

Tensor Importer::tensor(std::string_view name) const {
  const auto* found = attribute(name);
  require(found != nullptr && found->has_t(), ErrorKind::kCorruptFile, "{}: attribute {} is missing", where(), name);
  return read_tensor(found->t(), folder_);
}

ValueId Importer::add_constant(Tensor tensor) {
  if (tensor.dtype() == DType::kF16 || tensor.dtype() == DType::kBF16 || tensor.dtype() == DType::kF64)
    tensor = to_f32(tensor);
  return graph_.add_constant(node_->output(0), std::move(tensor));
}

std::vector<ValueId> Importer::add_all(Op op, std::vector<ValueId> inputs, std::size_t outputs) {
  const bool constants =
      std::ranges::all_of(inputs, [&](ValueId id) { return id == kNoValue || graph_.value(id).is_constant(); });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < outputs; ++i)
    names.push_back(static_cast<int>(i) < node_->output_size() && !node_->output(static_cast<int>(i)).empty()
                        ? node_->output(static_cast<int>(i))
                        : node_->output(0) + "_" + std::to_string(i));
  const std::string name = node_->name().empty() ? node_->op_type() + "_" + node_->output(0) : node_->name();
  if (constants && !never_folded(op)) {
    Graph scratch;
    std::vector<ValueId> ids;
    std::vector<Tensor> tensors;
    for (const ValueId id : inputs) {
      tensors.push_back(id == kNoValue ? Tensor() : graph_.value(id).constant);
      ids.push_back(id == kNoValue ? kNoValue : scratch.add_constant("c", tensors.back()));
    }
    scratch.add_node(op, ids, name);
    const Node& made = scratch.nodes().back();
    const bool small = std::ranges::all_of(
        made.outputs, [&](ValueId id) { return scratch.value(id).shape.elements() <= kFoldElements; });
    if (small) {
      const std::vector<Tensor> results = run_reference(scratch, made, tensors);
      std::vector<ValueId> folded;
      for (std::size_t i = 0; i < results.size(); ++i)
        folded.push_back(graph_.add_constant(i < names.size() ? names[i] : name, results[i]));
      return folded;
    }
  }
  graph_.add_node(std::move(op), std::move(inputs), name, names);
  return graph_.nodes().back().outputs;
}

ValueId Importer::add(Op op, std::vector<ValueId> inputs) {
  return add_all(std::move(op), std::move(inputs), 1).front();
}

void Importer::emit(Op op, std::vector<ValueId> inputs) {
  std::size_t outputs = 1;
  if (const auto* split = std::get_if<Split>(&op)) outputs = split->sizes.size();
  const std::vector<ValueId> made = add_all(std::move(op), std::move(inputs), outputs);
  for (std::size_t i = 0; i < made.size() && static_cast<int>(i) < node_->output_size(); ++i)
    if (!node_->output(static_cast<int>(i)).empty()) bind(node_->output(static_cast<int>(i)), made[i]);
}

void Importer::emit_value(ValueId value, int output) { bind(node_->output(output), value); }

}  // namespace fovea::interop
