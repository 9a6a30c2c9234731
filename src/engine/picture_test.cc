#include "engine/picture.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/dot.h"
#include "engine/layered.h"
#include "engine/svg.h"
#include "testing/plain_engine.h"

namespace fovea {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Picture, ShowsEveryNodeAndEveryEdge) {
  const std::shared_ptr<Device> device = cpu_backend_for_tests().open(Isa::kAmx, 0);
  const Engine engine = plain_engine(tiny_classifier(4, 1), cpu_backend_for_tests(), *device);
  const Plan& plan = engine.plans[0];
  for (const GraphPicture& picture : {picture_of(plan.graph), picture_of(plan)}) {
    ASSERT_EQ(picture.boxes.size(), plan.graph.nodes().size());
    EXPECT_GE(picture.arrows.size() + 1, picture.boxes.size());  // all but the first node are fed by another
    for (const std::string& text : {dot_of(picture), svg_of(picture)})
      for (const Node& node : plan.graph.nodes()) EXPECT_NE(text.find(node.name), std::string::npos);
    EXPECT_NE(dot_of(picture).find("n0 -> n1"), std::string::npos);
    EXPECT_EQ(count(svg_of(picture), "marker-end"), picture.arrows.size());
  }
  EXPECT_NE(svg_of(picture_of(plan)).find(plan.steps[0].tactic), std::string::npos);
}

TEST(Picture, EscapesNames) {
  GraphPicture picture;
  picture.boxes.push_back({.name = "a<b>&\"c\"\n", .op = "relu", .detail = {}, .shape = "1", .precision = "fp32"});
  const std::string svg = svg_of(picture);
  EXPECT_NE(svg.find("a&lt;b&gt;&amp;&quot;c&quot;"), std::string::npos);
  EXPECT_EQ(svg.find("a<b>"), std::string::npos);
  EXPECT_NE(dot_of(picture).find("a<b>&\\\"c\\\"\\n"), std::string::npos);
}

// 0 → 1 → 3, 0 → 2 → 3, and 0 → 3 past the row between.
TEST(Layered, PutsABranchSideBySideAndALongArrowBetweenTheBoxes) {
  const LayeredDrawing drawing = layered_drawing(4, {{0, 1}, {0, 2}, {1, 3}, {2, 3}, {0, 3}});
  EXPECT_EQ(drawing.rows, 3);
  EXPECT_EQ(drawing.nodes[1].row, drawing.nodes[2].row);
  EXPECT_GE(std::abs(drawing.nodes[1].x - drawing.nodes[2].x), 1.0);
  ASSERT_EQ(drawing.arrows[4].size(), 3U);
  const double lane = drawing.arrows[4][1].x;
  EXPECT_GT(std::abs(lane - drawing.nodes[1].x), 0.5 - 1e-9);  // outside of both boxes, half as wide as their pitch
  EXPECT_GT(std::abs(lane - drawing.nodes[2].x), 0.5 - 1e-9);
}

TEST(Layered, AChainIsAStraightColumn) {
  std::vector<std::pair<int, int>> arrows;
  for (int i = 0; i < 9; ++i) arrows.emplace_back(i, i + 1);
  const LayeredDrawing drawing = layered_drawing(10, arrows);
  EXPECT_EQ(drawing.rows, 10);
  for (const LayeredPoint& at : drawing.nodes) EXPECT_EQ(at.x, drawing.nodes[0].x);
}

TEST(Layered, NoTwoBoxesOfARowOverlap) {
  std::vector<std::pair<int, int>> arrows;
  for (int to = 1; to < 60; ++to)
    for (int from = 0; from < to; ++from)
      if ((from * 7 + to * 13) % 11 == 0) arrows.emplace_back(from, to);
  const LayeredDrawing drawing = layered_drawing(60, arrows);
  for (const auto& [from, to] : arrows)
    EXPECT_LT(drawing.nodes[static_cast<std::size_t>(from)].row, drawing.nodes[static_cast<std::size_t>(to)].row);
  for (std::size_t a = 0; a < 60; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      if (drawing.nodes[a].row != drawing.nodes[b].row) continue;
      EXPECT_GE(std::abs(drawing.nodes[a].x - drawing.nodes[b].x), 1 - 1e-9);
    }
  }
}

}  // namespace
}  // namespace fovea
