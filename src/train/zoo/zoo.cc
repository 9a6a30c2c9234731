#include "train/zoo/zoo.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.h"
#include "train/zoo/initialize.h"

namespace fovea::train {
namespace {

constexpr std::array kNets = {
    Net{"small", "9 layers, 32 to 256 channels, 0.34 GFLOP at 224 x 224: the default", make_small},
    Net{"resnet18", "ResNet-18 (He 2015), 3.6 GFLOP", make_resnet18},
    Net{"resnet50", "ResNet-50 (He 2015, stride in the 3 x 3), 8.2 GFLOP", make_resnet50},
    Net{"mobilenet_v2", "MobileNetV2 (Sandler 2018), 0.6 GFLOP", make_mobilenet_v2},
};

}  // namespace

std::span<const Net> zoo() { return kNets; }

Graph make_net(const std::string& name, int classes, int size, std::uint64_t seed) {
  std::vector<std::string_view> names;
  for (const Net& net : kNets) names.push_back(net.name);
  const auto net = std::find_if(kNets.begin(), kNets.end(), [&](const Net& n) { return n.name == name; });
  require(net != kNets.end(), ErrorKind::kInvalidArgument, "[net] no net is called \"{}\"; there are {}", name,
          fmt::join(names, ", "));
  require(classes >= 2, ErrorKind::kInvalidArgument, "[net] {} classes given, expected at least 2", classes);
  require(size >= 32, ErrorKind::kInvalidArgument, "[net] input size {} given, expected at least 32", size);
  Graph graph = net->make(classes, size);
  initialize(graph, seed);
  return graph;
}

}  // namespace fovea::train
