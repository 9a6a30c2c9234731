#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/graph.h"

namespace fovea::interop {

/// The state of one import, and what a handler of an ONNX op sees: the node at hand, its inputs as values of the graph,
/// its attributes; it answers with emit(). Errors name node and op.
class Importer {
 public:
  Importer(Graph& graph, std::filesystem::path folder, std::int64_t max_filled)
      : graph_(graph), folder_(std::move(folder)), max_filled_(max_filled) {}

  void bind(const std::string& name, ValueId value) { values_[name] = value; }
  ValueId lookup(
      const std::string& name) const;  ///< kCorruptFile when nothing made it, kUnsupported when its node makes it not
  bool knows(const std::string& name) const { return values_.contains(name); }
  void import_node(const onnx::NodeProto& node, int opset);
  /// Who reads which value, before the first node is imported.
  void learn_readers(const onnx::GraphProto& graph);

  // For handlers.
  Graph& graph() { return graph_; }
  int opset() const { return opset_; }
  std::int64_t max_filled() const { return max_filled_; }  ///< ImportOptions'
  const onnx::NodeProto& node() const { return *node_; }
  int input_count() const { return node_->input_size(); }
  bool has_input(int i) const { return i < node_->input_size() && !node_->input(i).empty(); }
  ValueId input(int i) const;          ///< error when it is left out
  ValueId input_or_none(int i) const;  ///< kNoValue when it is left out
  const Value& value(int i) const { return graph_.value(input(i)); }
  const Shape& shape(int i) const { return value(i).shape; }
  int rank(int i) const { return shape(i).rank(); }
  const Tensor* constant(int i) const;                                     ///< null unless known at import
  std::vector<std::int64_t> integers(int i, std::string_view what) const;  ///< of a constant; unsupported otherwise
  float number(int i, std::string_view what) const;                        ///< of a constant with one element

  /// The ops of the ONNX nodes that read a value; "" for the graph's output.
  std::vector<std::string_view> readers(const std::string& name) const;

  const onnx::AttributeProto* attribute(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  float real(std::string_view name, float otherwise) const;
  std::string text(std::string_view name, std::string otherwise) const;
  std::vector<std::int64_t> integers(std::string_view name) const;
  std::vector<std::int64_t> integers_or_input(std::string_view name, int i) const;  ///< attribute or constant input
  Tensor tensor(std::string_view name) const;

  /// Adds a node, or its result as a constant where all inputs are small constants, and returns the first output.
  ValueId add(Op op, std::vector<ValueId> inputs);
  ValueId add_constant(Tensor tensor);
  /// add() for the ONNX node's outputs.
  void emit(Op op, std::vector<ValueId> inputs);
  void emit_value(ValueId value, int output = 0);  ///< the output is a value that is there already
  void emit_constant(Tensor tensor) { emit_value(add_constant(std::move(tensor))); }
  [[noreturn]] void unsupported(std::string_view reason) const;

 private:
  std::string where() const;
  std::vector<ValueId> add_all(Op op, std::vector<ValueId> inputs, std::size_t outputs);

  Graph& graph_;
  std::filesystem::path folder_;
  std::int64_t max_filled_;
  std::unordered_map<std::string, ValueId> values_;
  std::unordered_map<std::string, std::string>
      unmade_;  ///< outputs that no handler makes (masks, statistics) → who would
  std::unordered_map<std::string, std::vector<std::string_view>> readers_;
  const onnx::NodeProto* node_ = nullptr;
  int opset_ = 0;
};

using Handler = void (*)(Importer&);
struct HandlerRow {
  std::string_view op;
  Handler handler;
};

/// The tables of the ops_*.cc files; find_handler searches those of the domain. Null: the op is not there.
std::span<const HandlerRow> layer_handlers();        // ops_layers.cc: convolution, gemm, pooling
std::span<const HandlerRow> normalize_handlers();    // ops_normalize.cc: batch, layer, instance and group norm
std::span<const HandlerRow> quantized_handlers();    // ops_quantized.cc: Q/DQ, QLinear…, …Integer
std::span<const HandlerRow> elementwise_handlers();  // ops_elementwise.cc
std::span<const HandlerRow> shape_handlers();        // ops_shape.cc: reshape, slice, concat, …
std::span<const HandlerRow> reduce_handlers();       // ops_reduce.cc
std::span<const HandlerRow> resize_handlers();       // ops_resize.cc
std::span<const HandlerRow> constant_handlers();     // ops_constant.cc: evaluated at import: Shape, Range, …
std::span<const HandlerRow> microsoft_handlers();    // ops_quantized.cc: com.microsoft
void gather_constants(Importer& in);                 ///< Gather where all is known
void expand_constant(Importer& in);                  ///< Expand of a constant
Handler find_handler(std::string_view domain, std::string_view op);

}  // namespace fovea::interop
