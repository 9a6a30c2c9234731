#include "backend/tensorrt/tensorrt_plans.h"

#include "backend/tensorrt/library.h"
#include "backend/tensorrt/listeners.h"
#include "base/cancel.h"
#include "base/error.h"

namespace fovea {
namespace {

using namespace tensorrt;

Bytes copy_of(const nvinfer1::IHostMemory& memory) {
  const auto* data = static_cast<const std::byte*>(memory.data());
  return {data, data + memory.size()};
}

/// One network on its way to a plan; members end in the order that TensorRT wants.
class Compilation {
 public:
  Compilation(const Library& library, const VendorPlanOptions& options)
      : library_(library),
        options_(options),
        builder_(library.make_builder(log_)),
        network_(builder_->createNetworkV2(network_flags())),
        config_(builder_->createBuilderConfig()) {
    require(network_ != nullptr && config_ != nullptr, ErrorKind::kDevice, "[tensorrt] {}", log_.errors());
  }

  VendorPlan run(std::span<const std::byte> onnx) {
    const auto parser = library_.make_parser(*network_, log_);
    if (!parser->parse(onnx.data(), onnx.size())) {
      const char* words = parser->getNbErrors() > 0 ? parser->getError(0)->desc() : "it gives no reason";
      fail(ErrorKind::kUnsupported, "[tensorrt] {} does not take the model: {}", library_.version(), words);
    }
    configure();
    const std::unique_ptr<nvinfer1::IHostMemory> plan(builder_->buildSerializedNetwork(*network_, *config_));
    throw_if_cancelled();
    require(plan != nullptr, ErrorKind::kUnsupported, "[tensorrt] {} makes no plan: {}", library_.version(),
            log_.errors());
    VendorPlan made{copy_of(*plan), {}, log_.warnings(), log_.layers()};
    if (const nvinfer1::ITimingCache* cache = library_.times_tactics() ? config_->getTimingCache() : nullptr) {
      const std::unique_ptr<nvinfer1::IHostMemory> bytes(cache->serialize());
      if (bytes != nullptr) made.timing_cache = copy_of(*bytes);
    }
    return made;
  }

 private:
  void configure() {
    config_->setProgressMonitor(&monitor_);
    config_->setBuilderOptimizationLevel(options_.opt_level);
    config_->setProfilingVerbosity(nvinfer1::ProfilingVerbosity::kDETAILED);
    if (options_.workspace_bytes > 0)
      config_->setMemoryPoolLimit(nvinfer1::MemoryPoolType::kWORKSPACE, options_.workspace_bytes);
    if (options_.refit) config_->setFlag(nvinfer1::BuilderFlag::kREFIT);
    if (library_.times_tactics())
      cache_.reset(config_->createTimingCache(options_.timing_cache.data(), options_.timing_cache.size()));
    if (cache_ != nullptr) config_->setTimingCache(*cache_, false);
    add_profile();
  }

  /// Batches as asked for; every other dimension as the model has it.
  void add_profile() {
    const nvinfer1::ITensor& input = *network_->getInput(0);
    nvinfer1::Dims dims = input.getDimensions();
    if (dims.nbDims == 0 || dims.d[0] >= 0) return;
    nvinfer1::IOptimizationProfile& profile = *builder_->createOptimizationProfile();
    using enum nvinfer1::OptProfileSelector;
    std::size_t i = 0;
    for (const auto which : {kMIN, kOPT, kMAX}) {
      dims.d[0] = options_.batches[i++];
      require(profile.setDimensions(input.getName(), which, dims), ErrorKind::kInvalidArgument,
              "[tensorrt] batch {} is not taken: {}", dims.d[0], log_.errors());
    }
    config_->addOptimizationProfile(&profile);
  }

  const Library& library_;
  const VendorPlanOptions& options_;
  Log log_;
  Monitor monitor_;
  std::unique_ptr<nvinfer1::IBuilder> builder_;
  std::unique_ptr<nvinfer1::INetworkDefinition> network_;
  std::unique_ptr<nvinfer1::IBuilderConfig> config_;
  std::unique_ptr<nvinfer1::ITimingCache> cache_;
};

class TensorRtPlans final : public PlanBuilder {
 public:
  std::string version() const override { return Library::open().version(); }
  VendorPlan build(std::span<const std::byte> onnx, const VendorPlanOptions& options) const override {
    return Compilation(Library::open(), options).run(onnx);
  }
};

}  // namespace

const PlanBuilder& tensorrt_plans() {
  static const TensorRtPlans plans;
  Library::open();
  return plans;
}

}  // namespace fovea
