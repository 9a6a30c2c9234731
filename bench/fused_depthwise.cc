// What oneDNN's fusion of a pointwise with the depthwise convolution behind it is worth: fused_depthwise [RUNS]
// The pairs of MobileNetV2 at 224 × 224, ReLU6 behind both, one image, one thread: two primitives, best of blocked and
// nhwc, against one with append_dw, best of both, in turns; least microseconds of each, and who ran the fused one.
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using dnnl::convolution_forward;
using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

struct Pair {
  memory::dim channels, expanded, side, stride;
};
constexpr Pair kPairs[] = {{16, 96, 112, 2}, {24, 144, 56, 1}, {24, 144, 56, 2}, {32, 192, 28, 1},
                           {64, 384, 14, 1}, {96, 576, 14, 1}, {96, 576, 14, 2}, {160, 960, 7, 1}};

const dnnl::engine& cpu() {
  static const dnnl::engine kEngine(dnnl::engine::kind::cpu, 0);
  return kEngine;
}

memory zeros(const memory::desc& desc) {
  memory made(desc, cpu());
  std::fill_n(static_cast<unsigned char*>(made.get_data_handle()), desc.get_size(), static_cast<unsigned char>(0));
  return made;
}

void append_relu6(dnnl::post_ops& ops) { ops.append_eltwise(dnnl::algorithm::eltwise_clip, 0.0F, 6.0F); }

class Primitive {
 public:
  Primitive(const memory::desc& x, const memory::desc& w, const memory::desc& y, memory::dim stride, memory::dim pad,
            const dnnl::post_ops& ops, const memory& from, const memory& to) {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    attr.set_post_ops(ops);
    const memory::desc bias({w.get_dims()[0] * (w.get_ndims() == 5 ? w.get_dims()[1] : 1)}, Type::f32, Tag::a);
    const convolution_forward::primitive_desc desc(cpu(), dnnl::prop_kind::forward_inference,
                                                   dnnl::algorithm::convolution_direct, x, w, bias, y, {stride, stride},
                                                   {pad, pad}, {stride == 1 ? pad : 0, stride == 1 ? pad : 0}, attr);
    primitive_ = convolution_forward(desc);
    name = desc.impl_info_str();
    constexpr int kDepthwise = DNNL_ARG_ATTR_POST_OP_DW;
    args_ = {{DNNL_ARG_SRC, from},
             {DNNL_ARG_DST, to ? to : zeros(desc.dst_desc())},
             {DNNL_ARG_WEIGHTS, zeros(desc.weights_desc())},
             {DNNL_ARG_BIAS, zeros(bias)},
             {DNNL_ARG_SCRATCHPAD, zeros(desc.scratchpad_desc())}};
    const memory::desc second = desc.query_md(dnnl::query::exec_arg_md, kDepthwise | DNNL_ARG_WEIGHTS);
    if (second.get_size() == 0) return;
    args_[kDepthwise | DNNL_ARG_WEIGHTS] = zeros(second);
    args_[kDepthwise | DNNL_ARG_BIAS] = zeros(bias);
  }
  void run(dnnl::stream& stream) const { primitive_.execute(stream, args_); }
  const memory& output() const { return args_.at(DNNL_ARG_DST); }

  std::string name;

 private:
  convolution_forward primitive_;
  std::unordered_map<int, memory> args_;
};

/// One layout's two primitives and fused one.
struct Contest {
  std::vector<Primitive> apart, fused;
  double best_apart = 1e300, best_fused = 1e300;
};

Contest contest(const Pair& pair, Type type, Tag tag) {
  const memory::dim out = pair.side / pair.stride;
  const memory::desc x({1, pair.channels, pair.side, pair.side}, type, tag);
  const memory::desc middle({1, pair.expanded, pair.side, pair.side}, type, tag);
  const memory::desc y({1, pair.expanded, out, out}, type, tag);
  const memory::desc point({pair.expanded, pair.channels, 1, 1}, type, Tag::any);
  const memory::desc depthwise({pair.expanded, 1, 1, 3, 3}, type, Tag::any);
  Contest made;
  dnnl::post_ops relu6, both;
  append_relu6(relu6);
  made.apart.emplace_back(x, point, middle, 1, 0, relu6, zeros(x), memory());
  made.apart.emplace_back(middle, depthwise, y, pair.stride, 1, relu6, made.apart[0].output(), memory());
  append_relu6(both);
  both.append_dw(type, Type::f32, type, 3, pair.stride, 1);
  append_relu6(both);
  made.fused.emplace_back(x, point, middle, 1, 0, both, zeros(x), memory());
  return made;
}

double microseconds(const std::vector<Primitive>& primitives, dnnl::stream& stream) {
  const auto start = std::chrono::steady_clock::now();
  for (const Primitive& primitive : primitives) primitive.run(stream);
  stream.wait();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

void compare(const Pair& pair, Type type, int runs) {
  dnnl::stream stream(cpu());
  std::vector<Contest> contests = {contest(pair, type, Tag::nChw16c), contest(pair, type, Tag::nhwc)};
  for (int i = 0; i < runs; ++i)
    for (Contest& c : contests) {
      c.best_apart = std::min(c.best_apart, microseconds(c.apart, stream));
      c.best_fused = std::min(c.best_fused, microseconds(c.fused, stream));
    }
  const auto apart = std::ranges::min_element(contests, {}, &Contest::best_apart);
  const auto fused = std::ranges::min_element(contests, {}, &Contest::best_fused);
  std::printf("%s %ld -> %ld, %ld x %ld, stride %ld: %.1f us apart, %.1f us fused (%s)\n",
              type == Type::f32 ? "f32" : "bf16", static_cast<long>(pair.channels), static_cast<long>(pair.expanded),
              static_cast<long>(pair.side), static_cast<long>(pair.side), static_cast<long>(pair.stride),
              apart->best_apart, fused->best_fused, fused->fused[0].name.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 200;
  omp_set_num_threads(1);
  try {
    for (const Type type : {Type::f32, Type::bf16})
      for (const Pair& pair : kPairs) compare(pair, type, runs);
  } catch (const dnnl::error& error) {
    return std::fprintf(stderr, "error: %s\n", error.what()), 1;
  }
  return 0;
}
