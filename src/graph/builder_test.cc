#include "graph/builder.h"

#include <gtest/gtest.h>

#include "graph/text.h"
#include "graph/verify.h"

namespace fovea {
namespace {

TEST(GraphBuilder, MakesASmallNetwork) {
  GraphBuilder builder;
  ValueId x = builder.input("x", {1, 3, 8, 8});
  x = builder.relu("relu1", builder.batch_norm("bn1", builder.conv("conv1", x, 4, {.kernel = 3, .stride = 2})));
  const ValueId y = builder.conv("conv2", x, 4, {.kernel = 1, .groups = 2, .bias = true});
  x = builder.max_pool("pool1", builder.add("add1", x, y), 3, 2, 1);
  x = builder.dropout("drop", builder.flatten("flat", builder.global_average_pool("gap", x)), 0.2F);
  Graph graph = builder.finish({builder.linear("fc", x, 3)});
  graph.compact();
  verify(graph);
  const std::string text = print(graph, {.inline_elements = 0});
  EXPECT_EQ(text.substr(text.find("conv1: ")),
            "conv1: f32 1x4x4x4 = conv2d(x, conv1.weight) strides=2,2 pads=1,1,1,1\n"
            "bn1: f32 1x4x4x4 = batch_norm(conv1, bn1.weight, bn1.bias, bn1.running_mean, bn1.running_var)\n"
            "relu1: f32 1x4x4x4 = unary(bn1) fn=relu\n"
            "conv2: f32 1x4x4x4 = conv2d(relu1, conv2.weight, conv2.bias) groups=2\n"
            "add1: f32 1x4x4x4 = binary(relu1, conv2)\n"
            "pool1: f32 1x4x2x2 = pool(add1) kernel=3,3 strides=2,2 pads=1,1,1,1\n"
            "gap: f32 1x4x1x1 = global_pool(pool1)\n"
            "flat: f32 1x4 = flatten(gap)\n"
            "drop: f32 1x4 = dropout(flat) ratio=0.2\n"
            "fc: f32 1x3 = gemm(drop, fc.weight, fc.bias) trans_b=1\n"
            "return fc\n");
}

}  // namespace
}  // namespace fovea
