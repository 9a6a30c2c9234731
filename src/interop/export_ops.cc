#include "interop/export_ops.h"

#include <array>
#include <cmath>

#include "base/error.h"
#include "graph/ops/strided.h"
#include "interop/node_attributes.h"
#include "interop/tensor_proto.h"

namespace fovea::interop {
namespace {

/// One ONNX node under construction, with short names for its attributes; constants become initialisers beside it.
class NodeWriter {
 public:
  NodeWriter(const Graph& graph, const Node& node, int opset, onnx::GraphProto& to)
      : graph_(graph), node_(node), opset_(opset), to_(to) {}

  const Graph& graph() const { return graph_; }
  const Node& node() const { return node_; }
  int opset() const { return opset_; }
  std::string input(std::size_t i) const {
    return graph_.has_input(node_, i) ? graph_.input_of(node_, i).name : std::string();
  }
  std::string output(std::size_t i = 0) const { return graph_.value(node_.outputs.at(i)).name; }
  /// A name of its own for a value inside the node; a model that was exported before may hold the plain one.
  std::string between(const std::string& what) const {
    std::string name = output() + "/" + what;
    while (graph_.find_value(name) != kNoValue) name += '_';
    return name;
  }

  onnx::NodeProto& op(const std::string& type, const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs) {
    onnx::NodeProto& made = *to_.add_node();
    made.set_op_type(type);
    std::string inner = outputs.front();
    while (graph_.find_node(inner) != nullptr) inner += '_';
    made.set_name(outputs.front() == output() ? node_.name : inner);
    for (const std::string& name : inputs) made.add_input(name);
    while (made.input_size() > 0 && made.input(made.input_size() - 1).empty()) made.mutable_input()->RemoveLast();
    for (const std::string& name : outputs) made.add_output(name);
    return made;
  }
  std::string constant(const std::string& what, const Tensor& tensor) {
    const std::string name = between(what);
    write_tensor(tensor, name, *to_.add_initializer());
    return name;
  }
  /// A number in the type of the node's data.
  std::string number(const std::string& what, float value) {
    const DType type = graph_.input_of(node_, 0).dtype;
    const bool narrow = type == DType::kF16 || type == DType::kBF16;
    return constant(what, from_f32(Tensor::scalar(value), narrow ? type : DType::kF32));
  }
  std::string integers(const std::string& what, const std::vector<std::int64_t>& values) {
    return constant(what, Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
  }
  [[noreturn]] void unsupported(std::string_view reason) const {
    fail(ErrorKind::kUnsupported, "[onnx export] node {} ({}): {}", node_.name, op_name(node_.op), reason);
  }
  static std::string op_name(const Op& op) { return std::string(fovea::name(op)); }

 private:
  const Graph& graph_;
  const Node& node_;
  int opset_;
  onnx::GraphProto& to_;
};

struct FunctionRow {
  Function function;
  std::string_view op;
};
constexpr FunctionRow kFunctions[] = {
    {Function::kIdentity, "Identity"},
    {Function::kRelu, "Relu"},
    {Function::kLeakyRelu, "LeakyRelu"},
    {Function::kElu, "Elu"},
    {Function::kSigmoid, "Sigmoid"},
    {Function::kHardSigmoid, "HardSigmoid"},
    {Function::kHardSwish, "HardSwish"},
    {Function::kTanh, "Tanh"},
    {Function::kErf, "Erf"},
    {Function::kSqrt, "Sqrt"},
    {Function::kExp, "Exp"},
    {Function::kLog, "Log"},
    {Function::kAbs, "Abs"},
    {Function::kNeg, "Neg"},
    {Function::kReciprocal, "Reciprocal"},
    {Function::kSoftplus, "Softplus"},
    {Function::kFloor, "Floor"},
    {Function::kCeil, "Ceil"},
    {Function::kRound, "Round"},
};

/// gelu as opset 17 can say it: 0.5 · x · (1 + erf(x / √2)).
void write_gelu(NodeWriter& out, const std::string& from, const std::string& to) {
  const std::string scaled = out.between("gelu_scaled"), erf = out.between("gelu_erf");
  const std::string one = out.between("gelu_one"), half = out.between("gelu_half");
  out.op("Mul", {from, out.number("gelu_root", std::sqrt(0.5F))}, {scaled});
  out.op("Erf", {scaled}, {erf});
  out.op("Add", {erf, out.number("gelu_1", 1)}, {one});
  out.op("Mul", {from, out.number("gelu_0.5", 0.5F)}, {half});
  out.op("Mul", {half, one}, {to});
}

void write_function(NodeWriter& out, const Activation& fn, const std::string& from, const std::string& to) {
  if (fn.function == Function::kClip) {
    const std::string low = std::isinf(fn.alpha) ? "" : out.number("clip_min", fn.alpha);
    const std::string high = std::isinf(fn.beta) ? "" : out.number("clip_max", fn.beta);
    out.op("Clip", {from, low, high}, {to});
    return;
  }
  if (fn.function == Function::kSilu) {
    const std::string gate = out.between("sigmoid");
    out.op("Sigmoid", {from}, {gate});
    out.op("Mul", {from, gate}, {to});
    return;
  }
  if (fn.function == Function::kGelu) return write_gelu(out, from, to);
  if (fn.function == Function::kMish) {
    const std::string plus = out.between("softplus"), tanh = out.between("tanh");
    out.op("Softplus", {from}, {plus});
    out.op("Tanh", {plus}, {tanh});
    out.op("Mul", {from, tanh}, {to});
    return;
  }
  for (const FunctionRow& row : kFunctions) {
    if (row.function != fn.function) continue;
    onnx::NodeProto& made = out.op(std::string(row.op), {from}, {to});
    if (parameter_count(fn.function) >= 1) set_real(made, "alpha", fn.alpha);
    if (parameter_count(fn.function) >= 2) set_real(made, "beta", fn.beta);
    return;
  }
  out.unsupported(fmt::format("function {}", name(fn.function)));
}

/// The name that the op itself writes to: the node's output, or a value before its epilogue.
std::string before(NodeWriter& out, const Activation& act, bool residual = false) {
  return act || residual ? out.between("before") : out.output();
}

void finish(NodeWriter& out, const Activation& act, const std::string& from) {
  if (act) write_function(out, act, from, out.output());
}

void write(NodeWriter& out, const Conv2d& op) {
  const std::string raw = before(out, op.act, op.residual);
  onnx::NodeProto& made = out.op("Conv", {out.input(0), out.input(1), out.input(2)}, {raw});
  const Shape& filter = out.graph().input_of(out.node(), 1).shape;
  set_all(made, "kernel_shape", std::array<std::int64_t, 2>{filter[2], filter[3]});
  set_all(made, "strides", op.strides);
  set_all(made, "pads", op.pads);
  set_all(made, "dilations", op.dilations);
  set(made, "group", op.groups);
  if (!op.residual) return finish(out, op.act, raw);
  const std::string sum = op.act ? out.between("sum") : out.output();
  out.op("Add", {raw, out.input(3)}, {sum});
  finish(out, op.act, sum);
}

void write(NodeWriter& out, const Gemm& op) {
  const std::string raw = before(out, op.act);
  onnx::NodeProto& made = out.op("Gemm", {out.input(0), out.input(1), out.input(2)}, {raw});
  set(made, "transA", op.trans_a ? 1 : 0);
  set(made, "transB", op.trans_b ? 1 : 0);
  set_real(made, "alpha", op.alpha);
  set_real(made, "beta", op.beta);
  finish(out, op.act, raw);
}

void write(NodeWriter& out, const MatMul&) { out.op("MatMul", {out.input(0), out.input(1)}, {out.output()}); }

void write(NodeWriter& out, const BatchNorm& op) {
  onnx::NodeProto& made = out.op(
      "BatchNormalization", {out.input(0), out.input(1), out.input(2), out.input(3), out.input(4)}, {out.output()});
  set_real(made, "epsilon", op.epsilon);
  set_real(made, "momentum", op.momentum);
}

void write(NodeWriter& out, const Unary& op) { write_function(out, op.fn, out.input(0), out.output()); }

void write(NodeWriter& out, const PRelu&) { out.op("PRelu", {out.input(0), out.input(1)}, {out.output()}); }

void write(NodeWriter& out, const Binary& op) {
  constexpr std::array<const char*, 7> kNames = {"Add", "Sub", "Mul", "Div", "Max", "Min", "Pow"};
  const std::string raw = before(out, op.act);
  out.op(kNames.at(static_cast<std::size_t>(op.kind)), {out.input(0), out.input(1)}, {raw});
  finish(out, op.act, raw);
}

void write(NodeWriter& out, const Pool& op) {
  const bool max = op.kind == PoolKind::kMax;
  if (!max && op.dilations != std::array<int, 2>{1, 1}) out.unsupported("dilated average pooling needs opset 19");
  onnx::NodeProto& made = out.op(max ? "MaxPool" : "AveragePool", {out.input(0)}, {out.output()});
  set_all(made, "kernel_shape", op.kernel);
  set_all(made, "strides", op.strides);
  set_all(made, "pads", op.pads);
  set(made, "ceil_mode", op.ceil_mode ? 1 : 0);
  if (max)
    set_all(made, "dilations", op.dilations);
  else
    set(made, "count_include_pad", op.count_include_pad ? 1 : 0);
}

void write(NodeWriter& out, const GlobalPool& op) {
  out.op(op.kind == PoolKind::kMax ? "GlobalMaxPool" : "GlobalAveragePool", {out.input(0)}, {out.output()});
}

void write(NodeWriter& out, const Concat& op) {
  std::vector<std::string> inputs;
  for (std::size_t i = 0; i < out.node().inputs.size(); ++i) inputs.push_back(out.input(i));
  set(out.op("Concat", inputs, {out.output()}), "axis", op.axis);
}

void write(NodeWriter& out, const Split& op) {
  std::vector<std::string> outputs;
  for (std::size_t i = 0; i < out.node().outputs.size(); ++i) outputs.push_back(out.output(i));
  set(out.op("Split", {out.input(0), out.integers("sizes", op.sizes)}, outputs), "axis", op.axis);
}

void write(NodeWriter& out, const Slice& op) {
  out.op("Slice",
         {out.input(0), out.integers("starts", op.starts), out.integers("ends", op.ends), out.integers("axes", op.axes),
          out.integers("steps", op.steps)},
         {out.output()});
}

void write(NodeWriter& out, const Reshape& op) {
  out.op("Reshape", {out.input(0), out.integers("shape", op.dims)}, {out.output()});
}

void write(NodeWriter& out, const Flatten& op) {
  set(out.op("Flatten", {out.input(0)}, {out.output()}), "axis", op.axis);
}

void write(NodeWriter& out, const Squeeze& op) {
  out.op("Squeeze", {out.input(0), out.integers("axes", op.axes)}, {out.output()});
}

void write(NodeWriter& out, const Unsqueeze& op) {
  out.op("Unsqueeze", {out.input(0), out.integers("axes", op.axes)}, {out.output()});
}

void write(NodeWriter& out, const Transpose& op) {
  set_all(out.op("Transpose", {out.input(0)}, {out.output()}), "perm", op.perm);
}

/// ReduceSum takes its axes as input since opset 13, the others since 18.
void write(NodeWriter& out, const Reduce& op) {
  constexpr std::array<const char*, 3> kNames = {"ReduceMean", "ReduceSum", "ReduceMax"};
  std::vector<std::string> inputs = {out.input(0)};
  const bool as_input = op.kind == ReduceKind::kSum || out.opset() >= 18;
  if (as_input && !op.axes.empty()) inputs.push_back(out.integers("axes", op.axes));
  onnx::NodeProto& made = out.op(kNames.at(static_cast<std::size_t>(op.kind)), inputs, {out.output()});
  if (!as_input && !op.axes.empty()) set_all(made, "axes", op.axes);
  set(made, "keepdims", op.keep_dims ? 1 : 0);
}

void write(NodeWriter& out, const Softmax& op) {
  set(out.op(op.log ? "LogSoftmax" : "Softmax", {out.input(0)}, {out.output()}), "axis", op.axis);
}

void write(NodeWriter& out, const Pad& op) {
  constexpr std::array<const char*, 4> kModes = {"constant", "reflect", "edge", "wrap"};
  if (op.mode == PadMode::kWrap) out.unsupported("mode wrap needs opset 19");
  std::vector<std::int64_t> pads = op.before;
  pads.insert(pads.end(), op.after.begin(), op.after.end());
  onnx::NodeProto& made =
      out.op("Pad", {out.input(0), out.integers("pads", pads), out.number("value", op.value)}, {out.output()});
  set_text(made, "mode", kModes.at(static_cast<std::size_t>(op.mode)));
}

/// One that changes the type of real numbers is a cast.
void write(NodeWriter& out, const Identity&) {
  const DType from = out.graph().input_of(out.node(), 0).dtype, to = out.graph().value(out.node().outputs[0]).dtype;
  if (from == to) {
    out.op("Identity", {out.input(0)}, {out.output()});
    return;
  }
  if (!is_float(from) || !is_float(to)) out.unsupported("a change of scale that is no quantize or dequantize");
  set(out.op("Cast", {out.input(0)}, {out.output()}), "to", onnx_type_of(to));
}

void write(NodeWriter& out, const Dropout& op) {
  out.op("Dropout", {out.input(0), out.constant("ratio", Tensor::scalar(op.ratio))}, {out.output()});
}

void write(NodeWriter& out, const Cast& op) {
  set(out.op("Cast", {out.input(0)}, {out.output()}), "to", onnx_type_of(op.to));
}

void write(NodeWriter& out, const Quantize& op) {
  set(out.op("QuantizeLinear", {out.input(0), out.input(1), out.input(2)}, {out.output()}), "axis", op.axis);
}

void write(NodeWriter& out, const Dequantize& op) {
  set(out.op("DequantizeLinear", {out.input(0), out.input(1), out.input(2)}, {out.output()}), "axis", op.axis);
}

void write(NodeWriter& out, const Lrn& op) {
  onnx::NodeProto& made = out.op("LRN", {out.input(0)}, {out.output()});
  set(made, "size", op.size);
  set_real(made, "alpha", op.alpha);
  set_real(made, "beta", op.beta);
  set_real(made, "bias", op.bias);
}

/// ONNX normalises the last axes only: others are moved there and back.
void write(NodeWriter& out, const LayerNorm& op) {
  const int rank = out.graph().input_of(out.node(), 0).shape.rank();
  const bool last = op.axes.back() == rank - 1;
  std::vector<std::int64_t> there, back(static_cast<std::size_t>(rank));
  for (int axis = 0; axis < rank; ++axis)
    if (axis < op.axes.front() || axis > op.axes.back()) there.push_back(axis);
  there.insert(there.end(), op.axes.begin(), op.axes.end());
  for (std::size_t i = 0; i < there.size(); ++i)
    back[static_cast<std::size_t>(there[i])] = static_cast<std::int64_t>(i);
  const std::string from = last ? out.input(0) : out.between("moved");
  if (!last) set_all(out.op("Transpose", {out.input(0)}, {from}), "perm", there);
  std::vector<std::int64_t> dims;
  for (const std::int64_t axis : op.axes)
    dims.push_back(out.graph().input_of(out.node(), 0).shape[static_cast<int>(axis)]);
  std::string scale = out.input(1);
  if (scale.empty())
    scale = out.constant(
        "ones", from_f32(broadcast_to(Tensor::scalar(1), Shape(dims)), out.graph().input_of(out.node(), 0).dtype));
  onnx::NodeProto& made =
      out.op("LayerNormalization", {from, scale, out.input(2)}, {last ? out.output() : out.between("normal")});
  set(made, "axis", -static_cast<std::int64_t>(op.axes.size()));
  set_real(made, "epsilon", op.epsilon);
  if (!last) set_all(out.op("Transpose", {out.between("normal")}, {out.output()}), "perm", back);
}

void write(NodeWriter& out, const ChannelShuffle& op) {
  const Shape& x = out.graph().input_of(out.node(), 0).shape;
  const std::string rows = out.between("rows"), columns = out.between("columns");
  out.op("Reshape", {out.input(0), out.integers("rows_shape", {0, op.groups, x[1] / op.groups, -1})}, {rows});
  set_all(out.op("Transpose", {rows}, {columns}), "perm", std::vector<std::int64_t>{0, 2, 1, 3});
  std::vector<std::int64_t> dims = x.dims();
  dims[0] = 0;
  out.op("Reshape", {columns, out.integers("shape", dims)}, {out.output()});
}

void write(NodeWriter& out, const ArgMax& op) {
  onnx::NodeProto& made = out.op("ArgMax", {out.input(0)}, {out.output()});
  set(made, "axis", op.axis);
  set(made, "keepdims", op.keep_dims ? 1 : 0);
  set(made, "select_last_index", op.select_last ? 1 : 0);
}

/// As opset 17 has it: no antialias, and either scales or sizes.
void write(NodeWriter& out, const Resize& op) {
  if (op.antialias) out.unsupported("antialias needs opset 18");
  std::string roi, scales, sizes;
  if (!op.roi.empty()) roi = out.constant("roi", Tensor::of<float>({static_cast<std::int64_t>(op.roi.size())}, op.roi));
  if (!op.sizes.empty()) {
    const Shape& y = out.graph().value(out.node().outputs[0]).shape;
    sizes = out.integers("sizes", y.dims());
  } else {
    scales = out.constant("scales", Tensor::of<float>({static_cast<std::int64_t>(op.scales.size())}, op.scales));
  }
  onnx::NodeProto& made = out.op("Resize", {out.input(0), roi, scales, sizes}, {out.output()});
  set_text(made, "mode", std::string(enum_names(op.mode)[static_cast<std::size_t>(op.mode)]));
  set_text(made, "coordinate_transformation_mode",
           std::string(enum_names(op.place)[static_cast<std::size_t>(op.place)]));
  set_text(made, "nearest_mode", std::string(enum_names(op.rounding)[static_cast<std::size_t>(op.rounding)]));
  set_real(made, "cubic_coeff_a", op.cubic_a);
  set(made, "exclude_outside", op.exclude_outside ? 1 : 0);
  set_real(made, "extrapolation_value", op.outside);
}

/// (pixel · scale − mean) / std in f32, then channels first.
void write(NodeWriter& out, const PixelsToTensor& op) {
  const std::int64_t channels = out.graph().input_of(out.node(), 0).shape[3];
  const auto per_channel = [&](const char* what, const std::array<float, 3>& values) {
    return out.constant(what,
                        Tensor::of<float>({channels}, std::vector<float>(values.begin(), values.begin() + channels)));
  };
  const std::string real = out.between("real"), scaled = out.between("scaled"), centered = out.between("centered"),
                    normal = out.between("normal");
  set(out.op("Cast", {out.input(0)}, {real}), "to", onnx_type_of(DType::kF32));
  out.op("Mul", {real, out.constant("scale", Tensor::of<float>({1}, std::vector<float>{op.scale}))}, {scaled});
  out.op("Sub", {scaled, per_channel("mean", op.mean)}, {centered});
  out.op("Div", {centered, per_channel("std", op.std)}, {normal});
  set_all(out.op("Transpose", {normal}, {out.output()}), "perm", std::vector<std::int64_t>{0, 3, 1, 2});
}

void write(NodeWriter& out, const Region&) { out.unsupported("ONNX has no op for it; export the model itself"); }

}  // namespace

void export_node(const Graph& graph, const Node& node, int opset, onnx::GraphProto& to) {
  NodeWriter out(graph, node, opset, to);
  std::visit([&](const auto& op) { write(out, op); }, node.op);
}

}  // namespace fovea::interop
