#include "testing/conformance_cases.h"

namespace fovea {
namespace {

using Case = ConformanceCase;
using Role = ConformanceCase::Role;
using Operand = ConformanceCase::Operand;

Operand constant(Shape shape, float low = -1, float high = 1) {
  return {std::move(shape), Role::kConstant, 0, low, high};
}

struct ConvShape {
  std::int64_t n, c, h, w, k;
  int r, s;
};

Case conv(std::string name, const ConvShape& d, Conv2d op, bool bias = true) {
  Case made{std::move(name), op, {}, static_cast<double>(d.c / op.groups * d.r * d.s)};
  made.operands = {{{d.n, d.c, d.h, d.w}}, {{d.k, d.c / op.groups, d.r, d.s}, Role::kFilter}};
  made.operands.push_back(bias ? constant({d.k}) : Operand{{}, Role::kAbsent});
  if (op.residual) {
    const auto out = [&](std::int64_t size, int kernel, std::size_t axis) {
      const int reach = op.dilations[axis] * (kernel - 1) + 1;
      return (size + op.pads[axis] + op.pads[axis + 2] - reach) / op.strides[axis] + 1;
    };
    made.operands.push_back({{d.n, d.k, out(d.h, d.r, 0), out(d.w, d.s, 1)}});
  }
  return made;
}

void add_convolutions(std::vector<Case>& cases) {
  const std::array<int, 4> same = {1, 1, 1, 1};
  const Activation relu = {Function::kRelu}, relu6 = {Function::kClip, 0, 6};
  cases.push_back(conv("conv 1x1", {1, 32, 7, 7, 48, 1, 1}, {}));
  cases.push_back(conv("conv 1x1 relu residual", {1, 64, 7, 7, 32, 1, 1}, {.act = relu, .residual = true}));
  cases.push_back(conv("conv 1x1 residual no bias", {1, 32, 5, 5, 32, 1, 1}, {.act = {}, .residual = true}, false));
  cases.push_back(conv("conv 1x1 stride 2", {1, 32, 8, 8, 64, 1, 1}, {.strides = {2, 2}, .act = {}}));
  cases.push_back(conv("conv 1x1 deep", {1, 256, 5, 5, 64, 1, 1}, {.act = relu}));
  cases.push_back(conv("conv 1x1 deep stride 2 residual", {2, 128, 9, 9, 64, 1, 1},
                       {.strides = {2, 2}, .act = relu6, .residual = true}));
  cases.push_back(conv("conv 1x1 deepest residual", {1, 512, 5, 4, 128, 1, 1}, {.act = relu, .residual = true}));
  cases.push_back(
      conv("conv 3x3 of 64 residual", {2, 64, 7, 9, 64, 3, 3}, {.pads = same, .act = relu6, .residual = true}));
  cases.push_back(
      conv("conv 3x3 of 64 stride 2", {1, 64, 9, 7, 128, 3, 3}, {.strides = {2, 2}, .pads = {1, 0, 0, 1}, .act = {}}));
  cases.push_back(conv("conv 1x1 odd channels", {1, 24, 5, 5, 20, 1, 1}, {.act = relu6}));
  cases.push_back(conv("conv of one pixel", {3, 32, 1, 1, 48, 1, 1}, {.act = relu}));
  cases.push_back(conv("conv of one pixel odd channels", {1, 20, 1, 1, 7, 1, 1}, {.act = {}}, false));
  cases.push_back(conv("conv 3x3", {2, 16, 9, 9, 32, 3, 3}, {.pads = same, .act = relu}));
  cases.push_back(conv("conv 3x3 no bias", {1, 32, 9, 9, 16, 3, 3}, {.pads = same, .act = {}}, false));
  cases.push_back(
      conv("conv 3x3 residual relu", {1, 32, 6, 6, 32, 3, 3}, {.pads = same, .act = relu, .residual = true}));
  cases.push_back(
      conv("conv 3x3 asymmetric", {1, 16, 9, 8, 16, 3, 3}, {.strides = {2, 2}, .pads = {0, 0, 1, 1}, .act = {}}));
  cases.push_back(
      conv("conv 3x3 dilated", {1, 16, 11, 11, 16, 3, 3}, {.pads = {2, 2, 2, 2}, .dilations = {2, 2}, .act = {}}));
  cases.push_back(
      conv("conv 5x3", {1, 16, 9, 9, 16, 5, 3}, {.pads = {2, 1, 2, 1}, .act = {Function::kLeakyRelu, 0.1F}}));
  cases.push_back(conv("conv first 3x3", {1, 3, 20, 20, 16, 3, 3}, {.strides = {2, 2}, .pads = same, .act = relu6}));
  cases.push_back(
      conv("conv first 7x7", {1, 3, 22, 22, 32, 7, 7}, {.strides = {2, 2}, .pads = {3, 3, 3, 3}, .act = relu}));
  cases.push_back(
      conv("conv first wide", {2, 3, 40, 72, 72, 7, 7}, {.strides = {2, 2}, .pads = {3, 3, 3, 3}, .act = relu}));
  cases.push_back(conv("conv first grey", {1, 1, 12, 20, 8, 5, 5}, {.pads = {2, 2, 2, 2}, .act = {}}));
  cases.push_back(conv("conv depthwise", {1, 32, 9, 9, 32, 3, 3}, {.pads = same, .groups = 32, .act = relu6}));
  cases.push_back(conv("conv depthwise stride 2", {1, 48, 9, 9, 48, 3, 3},
                       {.strides = {2, 2}, .pads = {0, 0, 1, 1}, .groups = 48, .act = relu6}));
  cases.push_back(conv("conv depthwise odd", {1, 24, 7, 7, 24, 5, 5}, {.pads = {2, 2, 2, 2}, .groups = 24, .act = {}}));
  cases.push_back(conv("conv depthwise 5 stride 2", {2, 16, 12, 11, 16, 5, 5},
                       {.strides = {2, 2}, .pads = {2, 2, 2, 2}, .groups = 16, .act = relu}));
  cases.push_back(conv("conv depthwise 7", {1, 8, 10, 9, 8, 7, 7}, {.pads = {3, 3, 3, 3}, .groups = 8, .act = {}}));
  cases.push_back(conv("conv 1x1 ragged", {2, 24, 9, 7, 144, 1, 1}, {.pads = {}, .act = relu6}));
  cases.push_back(conv("conv 1x1 ragged residual", {1, 80, 9, 9, 24, 1, 1}, {.pads = {}, .act = {}, .residual = true}));
  cases.push_back(conv("conv grouped", {1, 32, 7, 7, 64, 3, 3}, {.pads = same, .groups = 2, .act = relu}));
  for (const Function f : {Function::kElu, Function::kSigmoid, Function::kHardSigmoid, Function::kHardSwish,
                           Function::kSilu, Function::kTanh, Function::kGelu, Function::kErf}) {
    const Activation act = {f, f == Function::kHardSigmoid ? 0.2F : 1.0F, 0.5F};
    cases.push_back(conv("conv 1x1 " + std::string(name(f)), {1, 32, 5, 5, 16, 1, 1}, {.act = act}));
    cases.push_back(
        conv("conv residual " + std::string(name(f)), {1, 16, 5, 5, 16, 1, 1}, {.act = act, .residual = true}));
  }
}

void add_matrices(std::vector<Case>& cases) {
  const auto gemm = [&](std::string name, std::int64_t m, std::int64_t k, std::int64_t n, Gemm op, Shape c) {
    const Shape b = op.trans_b ? Shape{n, k} : Shape{k, n};
    cases.push_back(
        {std::move(name), op, {{{m, k}}, {b, Role::kFilter, op.trans_b ? 0 : 1}, constant(std::move(c))}, double(k)});
  };
  gemm("gemm", 1, 64, 10, {.trans_b = true, .act = {}}, {10});
  gemm("gemm batch", 4, 100, 33, {.trans_b = true, .act = {}}, {33});
  gemm("gemm many rows", 70, 192, 37, {.trans_b = true, .act = {Function::kRelu}}, {37});
  gemm("gemm kn", 2, 48, 32, {}, {1, 32});
  gemm("gemm relu alpha beta", 2, 48, 32, {.trans_b = true, .alpha = 0.5F, .beta = 2, .act = {Function::kRelu}}, {32});
  gemm("gemm scalar c", 2, 48, 32, {.trans_b = true, .act = {}}, {});
  gemm("gemm column c", 2, 48, 32, {.trans_b = true, .act = {}}, {2, 1});
  cases.push_back({"matmul", MatMul{}, {{{2, 3, 32}}, {{32, 16}, Role::kFilter, 1}}, 32});
  cases.push_back({"matmul dynamic", MatMul{}, {{{2, 3, 16}}, {{2, 16, 5}}}, 16});
}

void add_windows(std::vector<Case>& cases) {
  const auto pool = [&](std::string name, Shape x, Pool op) {
    const double depth = op.kernel[0] * op.kernel[1];
    cases.push_back({std::move(name), op, {{std::move(x)}}, depth});
  };
  pool("max pool", {1, 32, 9, 9}, {.kernel = {3, 3}, .strides = {2, 2}, .pads = {1, 1, 1, 1}});
  pool("max pool 2x2", {2, 20, 8, 8}, {.kernel = {2, 2}, .strides = {2, 2}});
  pool("max pool ceil", {1, 16, 8, 8}, {.kernel = {3, 3}, .strides = {2, 2}, .ceil_mode = true});
  pool("max pool dilated", {1, 16, 9, 9}, {.kernel = {2, 2}, .dilations = {2, 2}});
  const PoolKind average = PoolKind::kAverage;
  pool("average pool", {1, 32, 9, 9}, {.kind = average, .kernel = {3, 3}, .strides = {2, 2}, .pads = {1, 1, 1, 1}});
  pool("average pool counting", {1, 16, 9, 9},
       {.kind = average, .kernel = {3, 3}, .pads = {1, 1, 1, 1}, .count_include_pad = true});
  pool("average pool ceil", {1, 16, 8, 8}, {.kind = average, .kernel = {3, 3}, .strides = {2, 2}, .ceil_mode = true});
  cases.push_back({"global average", GlobalPool{}, {{{1, 48, 7, 7}}}, 49});
  cases.push_back({"global average odd", GlobalPool{}, {{{2, 20, 5, 3}}}, 15});
  cases.push_back({"global max", GlobalPool{PoolKind::kMax}, {{{1, 32, 7, 7}}}});
  cases.push_back({"reduce mean", Reduce{ReduceKind::kMean, {2, 3}, true}, {{{1, 16, 6, 6}}}, 36});
  cases.push_back({"reduce sum flat", Reduce{ReduceKind::kSum, {1}, false}, {{{3, 20}}}, 20});
  cases.push_back({"reduce max all", Reduce{ReduceKind::kMax, {}, true}, {{{2, 3, 4}}}});
}

void add_elementwise(std::vector<Case>& cases) {
  const auto binary = [&](std::string name, Binary op, Operand a, Operand b) {
    cases.push_back({std::move(name), op, {std::move(a), std::move(b)}});
  };
  const Shape x = {2, 32, 5, 5};
  binary("add", {}, {x}, {x});
  binary("add odd", {}, {{1, 20, 3, 3}}, {{1, 20, 3, 3}});
  binary("add relu", {BinaryKind::kAdd, {Function::kRelu}}, {x}, {x});
  binary("add silu", {BinaryKind::kAdd, {Function::kSilu}}, {x}, {x});
  binary("mul squeeze-excite", {BinaryKind::kMul, {}}, {x}, {{2, 32, 1, 1}});
  binary("mul squeeze-excite odd", {BinaryKind::kMul, {}}, {{1, 20, 5, 5}}, {{1, 20, 1, 1}});
  binary("add per channel", {}, {x}, constant({1, 32, 1, 1}));
  binary("mul per channel", {BinaryKind::kMul, {}}, {x}, constant({32, 1, 1}));
  binary("sub scalar", {BinaryKind::kSub, {}}, {x}, constant({}));
  binary("max", {BinaryKind::kMax, {}}, {x}, {x});
  binary("min", {BinaryKind::kMin, {}}, {x}, {x});
  binary("div", {BinaryKind::kDiv, {}}, {x}, {x, Role::kActivation, 0, 0.5F, 1});
  binary("pow", {BinaryKind::kPow, {}}, {{2, 8}, Role::kActivation, 0, 0.5F, 1}, {{2, 8}});
  binary("add left broadcast", {}, {{1, 16, 1, 1}}, {{1, 16, 3, 3}});
  for (int f = 0; f <= static_cast<int>(Function::kRound); ++f) {
    const auto function = static_cast<Function>(f);
    const bool positive =
        function == Function::kSqrt || function == Function::kLog || function == Function::kReciprocal;
    const float alpha = function == Function::kClip ? -0.3F : 0.2F;
    cases.push_back({"unary " + std::string(name(function)),
                     Unary{{function, alpha, 0.5F}},
                     {{{1, 32, 3, 3}, Role::kActivation, 0, positive ? 0.25F : -2, 2}}});
  }
  cases.push_back({"sigmoid odd", Unary{{Function::kSigmoid}}, {{{1, 20, 3, 3}}}});
  cases.push_back({"prelu", PRelu{}, {{{1, 16, 4, 4}}, constant({16, 1, 1})}});
  cases.push_back({"identity", Identity{}, {{{1, 32, 5, 5}}}});
  cases.push_back({"identity odd", Identity{}, {{{2, 3, 5, 7}}}});
  cases.push_back({"identity flat", Identity{}, {{{2, 37}}}});
  cases.push_back({"dropout", Dropout{}, {{{2, 37}}}});
}

void add_normalisations(std::vector<Case>& cases) {
  cases.push_back({"softmax", Softmax{1}, {{{2, 37}, Role::kActivation, 0, -4, 4}}, 37});
  cases.push_back({"softmax log", Softmax{1, true}, {{{2, 37}}}, 37});
  cases.push_back({"softmax channels", Softmax{1}, {{{1, 32, 3, 3}}}, 32});
  cases.push_back({"lrn", Lrn{}, {{{1, 32, 5, 5}}}, 5});
  const auto channels = [](std::int64_t c) { return constant({c}, 0.5F, 1.5F); };
  cases.push_back({"layer norm rows", LayerNorm{{2}}, {{{2, 5, 40}}, channels(40), channels(40)}, 80});
  cases.push_back({"layer norm two axes", LayerNorm{{1, 2}, 1e-3F}, {{{2, 5, 7}}}, 70});
  cases.push_back({"layer norm channels", LayerNorm{{1}}, {{{2, 48, 5, 5}}, channels(48), channels(48)}, 96});
  cases.push_back({"layer norm odd channels", LayerNorm{{1}}, {{{1, 37, 9, 9}}, channels(37)}, 74});
  cases.push_back({"resize",
                   Resize{.mode = ResizeKind::kLinear, .scales = {1, 1, 2, 0.5F}, .sizes = {}, .roi = {}},
                   {{{1, 3, 4, 6}}},
                   2});
  cases.push_back({"batch norm",
                   BatchNorm{},
                   {{{1, 32, 4, 4}}, constant({32}), constant({32}), constant({32}), constant({32}, 0.5F, 2)}});
}

void add_moves(std::vector<Case>& cases) {
  cases.push_back({"concat channels", Concat{1}, {{{1, 16, 5, 5}}, {{1, 32, 5, 5}}}});
  cases.push_back({"concat odd channels", Concat{1}, {{{2, 5, 4, 4}}, {{2, 20, 4, 4}}, {{2, 3, 4, 4}}}});
  cases.push_back({"concat rows", Concat{2}, {{{1, 16, 2, 5}}, {{1, 16, 3, 5}}}});
  cases.push_back({"concat flat", Concat{0}, {{{2, 5}}, {{1, 5}}}});
  cases.push_back({"flatten", Flatten{1}, {{{2, 20, 3, 3}}}});
  cases.push_back({"flatten 1x1", Flatten{1}, {{{2, 32, 1, 1}}}});
  cases.push_back({"reshape", Reshape{{0, -1}}, {{{2, 4, 6}}}});
  cases.push_back({"squeeze", Squeeze{{2, 3}}, {{{2, 32, 1, 1}}}});
  cases.push_back({"unsqueeze", Unsqueeze{{2, 3}}, {{{2, 32}}}});
  cases.push_back({"transpose", Transpose{{0, 2, 3, 1}}, {{{2, 3, 4, 5}}}});
  cases.push_back({"transpose deep", Transpose{{0, 2, 1, 3, 4}}, {{{2, 2, 20, 3, 4}}}});
  cases.push_back({"transpose reversed", Transpose{{2, 1, 0}}, {{{3, 4, 33}}}});
  cases.push_back({"channel shuffle", ChannelShuffle{2}, {{{2, 20, 3, 5}}}});
  cases.push_back({"channel shuffle of three", ChannelShuffle{3}, {{{1, 48, 4, 4}}}});
  cases.push_back({"slice channels", Slice{{1}, {16}, {100}, {1}}, {{{2, 40, 3, 5}}}});
  cases.push_back({"slice inside", Slice{{2, 3}, {1, -3}, {4, -1}, {2, 1}}, {{{1, 16, 5, 5}}}});
  cases.push_back({"slice backwards", Slice{{3}, {-1}, {-9}, {-1}}, {{{1, 5, 2, 6}}}});
  cases.push_back({"split channels", Split{1, {16, 8, 16}}, {{{2, 40, 3, 3}}}});
  cases.push_back({"slice", Slice{{1, 2}, {1, 4}, {7, 0}, {2, -1}}, {{{1, 8, 5, 5}}}});
  cases.push_back({"split", Split{1, {3, 5}}, {{{2, 8, 3, 3}}}});
  cases.push_back({"pad", Pad{{0, 0, 1, 2}, {0, 0, 0, 1}, PadMode::kConstant, 0.5F}, {{{1, 4, 3, 3}}}});
  cases.push_back({"pad reflect", Pad{{0, 0, 1, 1}, {0, 0, 1, 1}, PadMode::kReflect, 0}, {{{1, 4, 3, 3}}}});
  const PixelsToTensor normalise = {1.0F / 255, {0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  cases.push_back({"pixels rgb", normalise, {{{2, 9, 11, 3}, Role::kPixels}}});
  cases.push_back({"pixels unit", PixelsToTensor{}, {{{1, 8, 40, 3}, Role::kPixels}}});
  cases.push_back(
      {"pixels grey", PixelsToTensor{1.0F / 255, {0.5F, 0, 0}, {0.5F, 1, 1}}, {{{1, 9, 9, 1}, Role::kPixels}}});
}

}  // namespace

std::vector<ConformanceCase> conformance_cases() {
  std::vector<Case> cases;
  add_convolutions(cases);
  add_matrices(cases);
  add_windows(cases);
  add_elementwise(cases);
  add_normalisations(cases);
  add_moves(cases);
  return cases;
}

}  // namespace fovea
