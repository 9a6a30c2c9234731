#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/name_index.h"
#include "graph/op.h"
#include "tensor/tensor.h"

namespace fovea {

using ValueId = std::int32_t;
inline constexpr ValueId kNoValue = -1;  ///< an optional input that is left out

/// real = (q − zero_point) · scale; one entry per tensor, or one per index along `axis`.
struct Quantization {
  std::vector<float> scale;
  std::vector<std::int32_t> zero_point;
  int axis = -1;  ///< −1: per tensor
  bool operator==(const Quantization&) const = default;
};

/// Logical shapes are ONNX's (n c h w; filters k c r s). Layout is no property of a value: it exists in plans only.
struct Value {
  std::string name;  ///< unique in its graph, not empty
  DType dtype = DType::kF32;
  Shape shape;
  std::optional<Quantization> quant;  ///< of s8/u8/s32/f8 values that stand for real numbers
  Tensor constant;                    ///< empty unless constant and at hand
  std::string constant_hash;          ///< of a constant whose contents are elsewhere (an engine's packed weights)
  bool is_constant() const { return !constant.empty() || !constant_hash.empty(); }
};

struct Node {
  std::string name;  ///< unique in its graph, not empty
  Op op;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
};

/// A network: nodes in topological order over values in single assignment. A plain data structure with value semantics
/// (constants are shared); not thread-safe to change. Ids of values stay valid until compact().
class Graph {
 public:
  ValueId add_input(std::string name, DType dtype, Shape shape);
  ValueId add_constant(std::string name, Tensor tensor);
  /// A constant known by its content hash only; infers as any other, but cannot be computed with.
  ValueId add_constant(std::string name, DType dtype, Shape shape, std::string content_hash);
  /// Appends a node, infers the types of its outputs (quantised types are set by the caller afterwards) and returns the
  /// first output. Names are made unique by a suffix. kInvalidArgument from the op's rule, with the node's name.
  ValueId add_node(Op op, std::vector<ValueId> inputs, std::string name, std::vector<std::string> output_names = {});
  /// As add_node, but before node `index`, as a pass needs it.
  ValueId insert_node(std::size_t index, Op op, std::vector<ValueId> inputs, std::string name);
  void set_outputs(std::vector<ValueId> outputs) { outputs_ = std::move(outputs); }

  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  std::vector<Node>& nodes() { return nodes_; }
  const std::vector<Value>& values() const { return values_; }
  const Value& value(ValueId id) const { return values_.at(static_cast<std::size_t>(id)); }
  Value& value(ValueId id) { return values_.at(static_cast<std::size_t>(id)); }
  const Value& input_of(const Node& node, std::size_t i) const { return value(node.inputs.at(i)); }
  bool has_input(const Node& node, std::size_t i) const { return i < node.inputs.size() && node.inputs[i] != kNoValue; }
  void rename_value(ValueId id, std::string_view wish);  ///< to unique_value_name(wish)
  ValueId find_value(std::string_view name) const;       ///< kNoValue when there is none
  const Node* find_node(std::string_view name) const;

  /// Every use of `from` (graph outputs too) becomes a use of `to`.
  void replace_uses(ValueId from, ValueId to);
  /// Removes nodes whose outputs nobody uses, then values nobody names (never an input), sorts topologically, renumbers
  /// values: inputs, constants, outputs of the nodes in order, as print() writes them. True if it changed. kInternal
  /// when the nodes form a cycle.
  bool compact();
  /// Types of all values again, from the inputs on (after a shape changed). Quantised and narrowed dtypes are kept.
  void infer_types();
  /// The same network for another batch: dimension 0 of every input. kInvalidArgument where a node has the batch built
  /// in. On an error the graph is unchanged.
  void set_batch(std::int64_t batch);
  std::int64_t batch() const { return value(inputs_.at(0)).shape[0]; }

  /// `wish`, or with a suffix "_1", "_2", … when it is taken. Constant time for values renamed by rename_value() only.
  std::string unique_value_name(std::string_view wish) const;
  std::string unique_node_name(std::string_view wish) const;

 private:
  ValueId add_value(std::string_view wish, Value value);
  ValueId place_node(std::size_t index, Node node, const std::vector<std::string>& output_names);
  void sync_node_names();
  std::vector<ValueId> inputs_, outputs_;
  std::vector<Node> nodes_;
  std::vector<Value> values_;
  NameIndex value_names_, node_names_;
};

/// Inputs of a node as the ops' rules see them: a quantised value stands for real numbers (f32), except where quantize
/// and dequantize work on the integers. kInvalidArgument for an id that does not exist.
std::vector<OperandType> operand_types(const Graph& graph, const Node& node);
/// True where a value of this stored dtype and quantisation may hold what the rule infers: the same, or f32 narrowed.
bool may_store(const Value& value, DType inferred);

/// Who makes and who reads each value, as indices of nodes; a snapshot, made anew after a change. Graph outputs count
/// as one use each in use_count().
class GraphIndex {
 public:
  explicit GraphIndex(const Graph& graph);
  int producer(ValueId id) const { return producer_[static_cast<std::size_t>(id)]; }  ///< −1: input or constant
  const std::vector<int>& consumers(ValueId id) const { return consumers_[static_cast<std::size_t>(id)]; }
  int use_count(ValueId id) const { return uses_[static_cast<std::size_t>(id)]; }

 private:
  std::vector<int> producer_, uses_;
  std::vector<std::vector<int>> consumers_;
};

/// Multiply–accumulates of a node at its shapes (convolution, gemm, matmul; 0 for others) and of the graph.
std::int64_t macs(const Graph& graph, const Node& node);
std::int64_t macs(const Graph& graph);
std::int64_t parameter_count(const Graph& graph);  ///< elements of all constants

}  // namespace fovea
