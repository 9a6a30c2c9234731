#include "engine/dot.h"

#include <fmt/format.h>

namespace fovea {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

}  // namespace

std::string dot_of(const GraphPicture& picture) {
  std::string text = "digraph fovea {\n  node [shape=box, style=\"rounded,filled\", fontname=Helvetica];\n";
  for (std::size_t n = 0; n < picture.boxes.size(); ++n) {
    const GraphPicture::Box& box = picture.boxes[n];
    const std::string label =
        escaped(box.name) + "\\n" + escaped(box.op) + (box.detail.empty() ? "" : "\\n" + escaped(box.detail));
    text += fmt::format("  n{} [label=\"{}\", fillcolor=\"{}\"{}];\n", n, label, color_of_precision(box.precision),
                        box.idle ? ", style=\"rounded,dashed\"" : "");
  }
  for (const GraphPicture::Arrow& arrow : picture.arrows)
    text += fmt::format("  n{} -> n{} [label=\"{}\"];\n", arrow.from, arrow.to, escaped(arrow.value));
  return text + "}\n";
}

}  // namespace fovea
