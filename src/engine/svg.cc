#include "engine/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/markup.h"
#include "engine/layered.h"

namespace fovea {
namespace {

constexpr double kBoxWidth = 250, kBoxHeight = 56, kColumn = 290, kRow = 84, kMargin = 20, kLegend = 34;
constexpr std::size_t kMostLetters = 32;

constexpr const char* kStyle =
    "text{font:12px Helvetica,Arial,sans-serif;fill:#1c2733;text-anchor:middle}.n{font-weight:bold}.s{fill:#52606d}"
    "rect{stroke:#8595a6}.v{fill:#fff;stroke-dasharray:4 3}path{fill:none;stroke:#8595a6;stroke-width:1.5}";

/// The end says most: "/features/features.0/Conv". Cut between letters of UTF-8.
std::string shortened(const std::string& text) {
  if (text.size() <= kMostLetters) return text;
  std::size_t begin = text.size() - kMostLetters + 1;
  while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) ++begin;
  return "…" + text.substr(begin);
}

std::string line(double x, double y, const char* kind, const std::string& text) {
  return fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" class=\"{}\">{}</text>", x, y, kind,
                     markup_escaped(shortened(text)));
}

std::string box_of(const GraphPicture::Box& box, double x, double y) {
  std::string text = fmt::format(
      "<g><title>{}: {} {} {} {}</title><rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\" rx=\"6\" "
      "{}/>",
      markup_escaped(box.name), markup_escaped(box.op), box.precision, markup_escaped(box.shape),
      markup_escaped(box.detail), x - kBoxWidth / 2, y, kBoxWidth, kBoxHeight,
      box.idle ? std::string("class=\"v\"") : fmt::format("fill=\"{}\"", color_of_precision(box.precision)));
  text += line(x, y + 17, "n", box.name) + line(x, y + 33, "", box.op + "  " + box.shape);
  return text + line(x, y + 49, "s", box.detail.empty() ? box.precision : box.detail) + "</g>\n";
}

struct Frame {
  double left = 0;
  double x(const LayeredPoint& at) const { return kMargin + kBoxWidth / 2 + (at.x - left) * kColumn; }
  static double y(const LayeredPoint& at) { return kLegend + kMargin + at.row * kRow; }
};

/// From the lower edge of a box, down through the rows between, to the upper edge of another.
std::string arrow_of(const std::vector<LayeredPoint>& points, const Frame& frame, const std::string& value) {
  double x = frame.x(points.front()), y = Frame::y(points.front()) + kBoxHeight;
  std::string path = fmt::format("M{:.0f} {:.0f}", x, y);
  for (std::size_t i = 1; i < points.size(); ++i) {
    const double to_x = frame.x(points[i]), to_y = Frame::y(points[i]), middle = (y + to_y) / 2;
    path += fmt::format("C{:.0f} {:.0f} {:.0f} {:.0f} {:.0f} {:.0f}", x, middle, to_x, middle, to_x, to_y);
    x = to_x;
    y = to_y;
    if (i + 1 == points.size()) break;
    y += kBoxHeight;  // straight past the boxes of the row
    path += fmt::format("L{:.0f} {:.0f}", x, y);
  }
  return fmt::format("<path d=\"{}\" marker-end=\"url(#a)\"><title>{}</title></path>\n", path, markup_escaped(value));
}

std::string legend_of(const GraphPicture& picture) {
  std::set<std::string> precisions;
  for (const GraphPicture::Box& box : picture.boxes)
    if (!box.idle) precisions.insert(box.precision);
  std::string text;
  double x = kMargin;
  for (const std::string& precision : precisions) {
    text += fmt::format("<rect x=\"{:.0f}\" y=\"12\" width=\"60\" height=\"22\" rx=\"4\" fill=\"{}\"/>", x,
                        color_of_precision(precision));
    text += line(x + 30, 27, "", precision);
    x += 70;
  }
  return text + "\n";
}

}  // namespace

std::string svg_of(const GraphPicture& picture) {
  std::vector<std::pair<int, int>> ends;
  for (const GraphPicture::Arrow& arrow : picture.arrows) ends.emplace_back(arrow.from, arrow.to);
  const LayeredDrawing drawing = layered_drawing(static_cast<int>(picture.boxes.size()), ends);
  const Frame frame{drawing.left};
  const double width = 2 * kMargin + kBoxWidth + (drawing.right - drawing.left) * kColumn;
  const double height = kLegend + 2 * kMargin + drawing.rows * kRow;
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
      "{1:.0f}\">\n"
      "<style>{2}</style><defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
      "markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" "
      "style=\"fill:#8595a6;stroke:none\"/></marker></defs>\n"
      "<rect width=\"100%\" height=\"100%\" style=\"fill:#fff;stroke:none\"/>\n",
      width, height, kStyle);
  text += legend_of(picture);
  for (std::size_t i = 0; i < picture.arrows.size(); ++i)
    text += arrow_of(drawing.arrows[i], frame, picture.arrows[i].value);
  for (std::size_t n = 0; n < picture.boxes.size(); ++n)
    text += box_of(picture.boxes[n], frame.x(drawing.nodes[n]), Frame::y(drawing.nodes[n]));
  return text + "</svg>\n";
}

}  // namespace fovea
