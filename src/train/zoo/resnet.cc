#include <array>
#include <string>

#include "graph/builder.h"
#include "train/zoo/zoo.h"

// He et al. 2015, "Deep residual learning for image recognition"; the bottleneck's stride sits in its 3 × 3
// convolution.
namespace fovea::train {
namespace {

struct Layout {
  std::array<int, 4> blocks;
  bool bottleneck;
};

ValueId conv_norm(GraphBuilder& net, const std::string& name, ValueId x, int channels, int kernel, int stride) {
  x = net.conv(name + ".conv", x, channels, {.kernel = kernel, .stride = stride});
  return net.batch_norm(name + ".norm", x);
}

ValueId block(GraphBuilder& net, const std::string& name, ValueId x, int width, int stride, bool bottleneck) {
  const int out = bottleneck ? 4 * width : width;
  ValueId y = x;
  if (bottleneck) {
    y = net.relu(name + ".a.relu", conv_norm(net, name + ".a", y, width, 1, 1));
    y = net.relu(name + ".b.relu", conv_norm(net, name + ".b", y, width, 3, stride));
    y = conv_norm(net, name + ".c", y, out, 1, 1);
  } else {
    y = net.relu(name + ".a.relu", conv_norm(net, name + ".a", y, width, 3, stride));
    y = conv_norm(net, name + ".b", y, out, 3, 1);
  }
  if (stride != 1 || net.graph().value(x).shape[1] != out) x = conv_norm(net, name + ".shortcut", x, out, 1, stride);
  return net.relu(name + ".relu", net.add(name + ".add", y, x));
}

Graph make_resnet(const Layout& layout, int classes, int size) {
  GraphBuilder net;
  ValueId x = net.input("input", {1, 3, size, size});
  x = net.relu("stem.relu", conv_norm(net, "stem", x, 64, 7, 2));
  x = net.max_pool("pool", x, 3, 2, 1);
  for (int stage = 0; stage < 4; ++stage) {
    for (int i = 0; i < layout.blocks[static_cast<std::size_t>(stage)]; ++i) {
      const std::string name = "stage" + std::to_string(stage + 1) + ".block" + std::to_string(i + 1);
      x = block(net, name, x, 64 << stage, i == 0 && stage > 0 ? 2 : 1, layout.bottleneck);
    }
  }
  x = net.flatten("flatten", net.global_average_pool("global_pool", x));
  return net.finish({net.linear("classifier", x, classes)});
}

}  // namespace

Graph make_resnet18(int classes, int size) { return make_resnet({{2, 2, 2, 2}, false}, classes, size); }
Graph make_resnet50(int classes, int size) { return make_resnet({{3, 4, 6, 3}, true}, classes, size); }

}  // namespace fovea::train
