#pragma once

#include <string>
#include <string_view>

#include "graph/graph.h"

namespace fovea {

/// The text form: what people and pass tests read, and what an engine stores of a plan's nodes. One line per input,
/// constant, node and output; grammar in docs/GRAPH_TEXT.md, for instance
///     input x: f32 1x3x8x8
///     const w: f32 4x3x3x3 {0.5, -1, …}       (small ones inline; `#HASH` stands for contents elsewhere)
///     y: s8 1x4x8x8 @0.02 = conv2d(x, w, b) name="conv1" pads=1,1,1,1 act=relu
///     return y
/// parse ∘ print is the identity; of a compacted graph it keeps the ids of values too. Constants with `#` come back
/// without contents, but as constants: Value::constant_hash holds the hash. Parsing is strict: kCorruptFile with line
/// number, for hostile text too; memory stays proportional to the text.
struct TextOptions {
  std::int64_t inline_elements = 64;  ///< constants up to this size are written out, larger ones by content hash
};
std::string print(const Graph& graph, const TextOptions& options = {});
Graph parse_graph(std::string_view text);

/// One op's attributes as "key=value …" (empty when all are the defaults), and back.
std::string print_attributes(const Op& op);
Op parse_op(std::string_view op_name, std::string_view attributes);

}  // namespace fovea
