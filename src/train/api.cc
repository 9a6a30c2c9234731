#include "train/api.h"

#include "train/eager.h"
#include "train/head.h"
#include "train/trainer.h"
#include "train/version.h"
#include "train/zoo/zoo.h"

namespace fovea::train {
namespace {

class Module final : public Api {
 public:
  std::string version() const override { return torch_version(); }

  std::vector<NetInfo> nets() const override {
    std::vector<NetInfo> infos;
    for (const Net& net : zoo()) infos.push_back({std::string(net.name), std::string(net.description)});
    return infos;
  }

  Graph make_net(const std::string& net, int classes, int size, std::uint64_t seed) const override {
    return train::make_net(net, classes, size, seed);
  }

  Graph replace_head(const Graph& base, int classes, std::uint64_t seed) const override {
    return train::replace_head(base, classes, seed);
  }

  TrainResult train(const Graph& graph, const Dataset& dataset, const DataSplit& split, const PreprocessSpec& spec,
                    const TrainOptions& options) const override {
    return train::train(graph, dataset, split, spec, options);
  }

  std::unique_ptr<Runner> eager(const Graph& graph, const PreprocessSpec& spec, bool logits_out, int threads,
                                const std::string& device) const override {
    return make_eager(graph, spec, logits_out, threads, device);
  }
};

}  // namespace
}  // namespace fovea::train

/// The one symbol that others look up; see open_module().
extern "C" const fovea::train::Api* fovea_train_api();
extern "C" const fovea::train::Api* fovea_train_api() {
  static const fovea::train::Module module;
  return &module;
}
