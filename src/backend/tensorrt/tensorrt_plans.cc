#include "backend/tensorrt/tensorrt_plans.h"

#include <algorithm>

#include "backend/tensorrt/device.h"
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
    add_profiles();
  }

  /// TensorRT-RTX chooses kernels when it runs, for the batch at hand. Where a profile fixes the batch, its plan holds
  /// buffers of zeros for every image of it (MobileNetV2 in INT8: 7.4 MB an image), so the batch is left open.
  std::array<std::int64_t, 3> range_of(std::array<std::int64_t, 3> batches) const {
    if (library_.times_tactics() || batches[0] != batches[2]) return batches;
    std::int64_t most = 2;
    for (const auto& profile : options_.profiles) most = std::max(most, profile[2]);
    return {1, batches[1], most};
  }

  /// Batches as asked for; every other dimension as the model has it.
  void add_profiles() {
    const nvinfer1::ITensor& input = *network_->getInput(0);
    nvinfer1::Dims dims = input.getDimensions();
    if (dims.nbDims == 0 || dims.d[0] >= 0) return;
    using enum nvinfer1::OptProfileSelector;
    for (const auto& asked : options_.profiles) {
      require(std::ranges::is_sorted(asked), ErrorKind::kInvalidArgument,
              "[tensorrt] batches {}, {} and {}: the least, the usual and the most were expected", asked[0], asked[1],
              asked[2]);
      const std::array<std::int64_t, 3> batches = range_of(asked);
      nvinfer1::IOptimizationProfile& profile = *builder_->createOptimizationProfile();
      std::size_t i = 0;
      for (const auto which : {kMIN, kOPT, kMAX}) {
        dims.d[0] = batches.at(i++);
        require(profile.setDimensions(input.getName(), which, dims), ErrorKind::kInvalidArgument,
                "[tensorrt] batch {} is not taken: {}", dims.d[0], log_.errors());
      }
      require(profile.isValid() && config_->addOptimizationProfile(&profile) >= 0, ErrorKind::kInvalidArgument,
              "[tensorrt] batches {}, {} and {} are not taken: {}", batches[0], batches[1], batches[2], log_.errors());
    }
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
    if (options.refit) require_device(Library::open(), 0);  // TensorRT-RTX too compiles such plans on a GPU only
    return Compilation(Library::open(), options).run(onnx);
  }
  std::string fingerprint() const override {
    const Library& library = Library::open();
    DeviceInfo wanted;
    wanted.backend = "tensorrt";
    wanted.libraries = {library.name()};
    if (library.capabilities().empty()) {
      require_device(library, 0);
      wanted.compute_capability = capability_of(0);
      return wanted.fingerprint();
    }
    wanted.compute_capability = 1;  // stands where the list goes
    std::string text = wanted.fingerprint();
    const std::string place = "cc=1";
    return text.replace(text.find(place), place.size(), fmt::format("cc={}", library.capabilities()));
  }
  Bytes refit(std::span<const std::byte> plan, std::span<const std::byte> onnx) const override {
    const Library& library = Library::open();
    TensorRtDevice device(0);
    const std::shared_ptr<const LoadedPlan> loaded = device.load(plan);
    require(loaded->engine().isRefittable(), ErrorKind::kUnsupported,
            "[tensorrt] the plan's weights are fixed: build the engine with --refittable");
    const auto refitter = library.make_refitter(loaded->engine(), loaded->log());
    const auto parser = library.make_parser_refitter(*refitter, loaded->log());
    require(parser->refitFromBytes(onnx.data(), onnx.size()) && refitter->refitCudaEngine(), ErrorKind::kUnsupported,
            "[tensorrt] the new weights are not taken: {}", loaded->log().errors());
    const std::unique_ptr<nvinfer1::ISerializationConfig> config(loaded->engine().createSerializationConfig());
    config->clearFlag(nvinfer1::SerializationFlag::kEXCLUDE_WEIGHTS);
    const std::unique_ptr<nvinfer1::IHostMemory> bytes(loaded->engine().serializeWithConfig(*config));
    require(bytes != nullptr, ErrorKind::kDevice, "[tensorrt] the plan is not written: {}", loaded->log().errors());
    return copy_of(*bytes);
  }
};

}  // namespace

const PlanBuilder& tensorrt_plans() {
  static const TensorRtPlans plans;
  Library::open();
  return plans;
}

}  // namespace fovea
