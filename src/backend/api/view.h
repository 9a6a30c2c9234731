#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace fovea {

/// Order of a value's elements in memory. Exists in views and plans only. Values of rank ≠ 4 are always plain.
/// plain: row-major in logical order (n c h w). nhwc: channels last. blocked16: n, c/16, h, w, 16 with c padded by
/// zeros.
enum class Layout : std::uint8_t { kPlain, kNhwc, kBlocked16 };
std::string_view name(Layout layout);  ///< "plain", "nhwc", "blocked16"
std::optional<Layout> layout_from_name(std::string_view name);

/// One input or output as a tactic sees it.
struct OperandView {
  DType dtype = DType::kF32;
  Shape shape;  ///< logical
  Layout layout = Layout::kPlain;
  std::optional<Quantization> quant;  ///< activations: per tensor
  bool constant = false;
  bool present = true;  ///< false: an optional input that is left out
};

/// Bytes that a value takes in a layout.
std::size_t byte_size(DType dtype, const Shape& shape, Layout layout);
inline std::size_t byte_size(const OperandView& view) { return byte_size(view.dtype, view.shape, view.layout); }

/// A node with one concrete choice of types and layouts. All that a tactic may look at: value semantics, no graph
/// behind it.
struct NodeView {
  std::string name;
  Op op;
  std::vector<OperandView> inputs;
  std::vector<OperandView> outputs;
  int threads = 1;
};

/// The constants among a node's inputs, by input index (an empty Tensor elsewhere). At build time only.
struct Weights {
  std::vector<Tensor> tensors;
};

/// A constant as real numbers, f32.
Tensor real_values(const OperandView& view, const Tensor& stored);

/// The view of `node` with every value plain, and its constants.
NodeView plain_view(const Graph& graph, const Node& node, int threads);
Weights weights_of(const Graph& graph, const Node& node);

}  // namespace fovea
