#include <array>
#include <string>

#include "graph/builder.h"
#include "train/zoo/zoo.h"

namespace fovea::train {
namespace {

ValueId conv_norm_relu(GraphBuilder& net, const std::string& name, ValueId x, int channels, int stride) {
  x = net.conv(name + ".conv", x, channels, {.kernel = 3, .stride = stride});
  return net.relu(name + ".relu", net.batch_norm(name + ".norm", x));
}

struct Stage {
  int channels, convolutions;
};
constexpr std::array kStages = {Stage{32, 1}, Stage{64, 2}, Stage{128, 2}, Stage{256, 2}};

}  // namespace

/// Max-pooling halves the image before each stage: with a few hundred photos and five epochs that learns faster than
/// strides and shortcuts. Widths are multiples of 32 without depthwise convolutions, so that every layer fills the
/// vector units in INT8 and bf16 as well as in fp32. Ends convolution → global pool → fully connected, for
/// class-activation maps.
Graph make_small(int classes, int size) {
  GraphBuilder net;
  ValueId x = net.input("input", {1, 3, size, size});
  x = conv_norm_relu(net, "stem", x, 32, 2);
  for (std::size_t s = 0; s < kStages.size(); ++s) {
    const std::string stage = "stage" + std::to_string(s + 1);
    x = net.max_pool(stage + ".pool", x, 3, 2, 1);
    for (int i = 0; i < kStages[s].convolutions; ++i) {
      x = conv_norm_relu(net, stage + "." + std::string(1, static_cast<char>('a' + i)), x, kStages[s].channels, 1);
    }
  }
  x = net.flatten("flatten", net.global_average_pool("global_pool", x));
  return net.finish({net.linear("classifier", x, classes)});
}

}  // namespace fovea::train
