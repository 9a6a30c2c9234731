#include <array>
#include <string>

#include "graph/builder.h"
#include "train/zoo/zoo.h"

// Sandler et al. 2018, "MobileNetV2: inverted residuals and linear bottlenecks", width 1.0.
namespace fovea::train {
namespace {

struct Stage {
  int expansion, channels, blocks, stride;
};
constexpr std::array kStages = {Stage{1, 16, 1, 1}, Stage{6, 24, 2, 2},  Stage{6, 32, 3, 2}, Stage{6, 64, 4, 2},
                                Stage{6, 96, 3, 1}, Stage{6, 160, 3, 2}, Stage{6, 320, 1, 1}};

ValueId conv_norm(GraphBuilder& net, const std::string& name, ValueId x, std::int64_t channels,
                  const GraphBuilder::ConvOptions& options) {
  return net.batch_norm(name + ".norm", net.conv(name + ".conv", x, channels, options));
}

ValueId relu6(GraphBuilder& net, const std::string& name, ValueId x) {
  return net.unary(name + ".relu6", x, {Function::kClip, 0, 6});
}

ValueId inverted_residual(GraphBuilder& net, const std::string& name, ValueId x, const Stage& stage, int stride) {
  const std::int64_t in = net.graph().value(x).shape[1];
  const int hidden = static_cast<int>(in) * stage.expansion;
  ValueId y = x;
  if (stage.expansion != 1)
    y = relu6(net, name + ".expand", conv_norm(net, name + ".expand", y, hidden, {.kernel = 1}));
  y = conv_norm(net, name + ".depthwise", y, hidden, {.kernel = 3, .stride = stride, .groups = hidden});
  y = conv_norm(net, name + ".project", relu6(net, name + ".depthwise", y), stage.channels, {.kernel = 1});
  return stride == 1 && in == stage.channels ? net.add(name + ".add", y, x) : y;
}

}  // namespace

Graph make_mobilenet_v2(int classes, int size) {
  GraphBuilder net;
  ValueId x = net.input("input", {1, 3, size, size});
  x = relu6(net, "stem", conv_norm(net, "stem", x, 32, {.kernel = 3, .stride = 2}));
  for (std::size_t s = 0; s < kStages.size(); ++s) {
    for (int i = 0; i < kStages[s].blocks; ++i) {
      const std::string name = "stage" + std::to_string(s + 1) + ".block" + std::to_string(i + 1);
      x = inverted_residual(net, name, x, kStages[s], i == 0 ? kStages[s].stride : 1);
    }
  }
  x = relu6(net, "last", conv_norm(net, "last", x, 1280, {.kernel = 1}));
  x = net.flatten("flatten", net.global_average_pool("global_pool", x));
  return net.finish({net.linear("classifier", net.dropout("dropout", x, 0.2F), classes)});
}

}  // namespace fovea::train
