#include "engine/executor.h"

#include <algorithm>

#include "base/log/log.h"
#include "base/parallel/parallel.h"
#include "engine/format.h"
#include "engine/validate.h"

namespace fovea {
namespace {

void check_device(const EngineInfo& info, const Device& device) {
  const DeviceInfo& here = device.info();
  const std::string missing =
      info.backend == here.backend ? here.missing(info.fingerprint) : fmt::format("the backend {}", info.backend);
  require(missing.empty(), ErrorKind::kWrongDevice, "[engine] needs {}: build the engine again on this device",
          missing);
}

class LoadedExecutor final : public Executor {
 public:
  LoadedExecutor(std::shared_ptr<const Engine> engine, const Backend& backend, std::shared_ptr<Device> device)
      : engine_(std::move(engine)), device_(std::move(device)), cover_(engine_->plans) {
    device_->adopt(engine_->compiled);
    for (const Plan& plan : engine_->plans) {
      std::vector<std::unique_ptr<Step>>& steps = steps_.emplace_back(plan.steps.size());
      const auto make = [&](std::int64_t i) {
        const auto at = static_cast<std::size_t>(i);
        steps[at] = make_step(plan, plan.steps[at], backend);
      };
      parallel_for(static_cast<std::int64_t>(steps.size()), make, device_->makers());
    }
  }
  const Engine& engine() const override { return *engine_; }
  Device& device() const override { return *device_; }
  const Step& step(std::size_t plan, std::size_t index) const override { return *steps_.at(plan).at(index); }
  const BatchCover& cover() const override { return cover_; }

 private:
  std::unique_ptr<Step> make_step(const Plan& plan, const PlanStep& step, const Backend& backend) const {
    const Node& node = plan.graph.nodes()[static_cast<std::size_t>(step.node)];
    const Tactic* tactic = find_tactic(backend, step.tactic);
    require(tactic != nullptr, ErrorKind::kCorruptFile, "[engine] node {}: {} has no tactic {}", node.name,
            backend.name(), step.tactic);
    const NodeView view = step_view(plan, step);
    return engine_format::read_or_corrupt(node.name, [&] {
      const Support support = tactic->supports(view, device_->info());
      require(support.ok, ErrorKind::kCorruptFile, "[engine] node {}: tactic {} does not run it: {}", node.name,
              step.tactic, support.reason);
      const auto packed =
          step.blob < 0 ? std::span<const std::byte>() : engine_->blobs[static_cast<std::size_t>(step.blob)];
      auto made = tactic->make(view, step.config, packed, *device_);
      require(made != nullptr, ErrorKind::kCorruptFile, "[engine] node {}: tactic {} made nothing", node.name,
              step.tactic);
      return made;
    });
  }

  std::shared_ptr<const Engine> engine_;
  std::shared_ptr<Device> device_;
  BatchCover cover_;
  std::vector<std::vector<std::unique_ptr<Step>>> steps_;  ///< by plan; destroyed before device and blobs
};

}  // namespace

std::shared_ptr<const Executor> Executor::make(std::shared_ptr<const Engine> engine, const Backend& backend,
                                               std::shared_ptr<Device> device) {
  validate(*engine);
  check_device(engine->info, *device);
  if (const std::string narrow = too_few_threads(*engine); !narrow.empty()) log_warning("{}", narrow);
  return std::make_shared<LoadedExecutor>(std::move(engine), backend, std::move(device));
}

std::shared_ptr<const Executor> make_executor(Engine engine, const Backend& backend, int device_index) {
  require(engine.info.backend == backend.name(), ErrorKind::kWrongDevice, "[engine] built for {}, not for {}",
          engine.info.backend, backend.name());
  std::shared_ptr<Device> device = backend.open(engine.info.isa, device_index);
  return Executor::make(std::make_shared<const Engine>(std::move(engine)), backend, std::move(device));
}

std::string too_few_threads(const Engine& engine, int available) {
  int most = 1;
  for (const Plan& plan : engine.plans) most = std::max(most, plan.threads);
  if (most <= available) return "";
  return fmt::format("the engine was tuned for {} threads and runs on the {} that there are: build it here to be fast",
                     most, available);
}

std::size_t input_bytes_per_image(const Engine& engine) {
  const Plan& plan = engine.plans.at(0);
  const Value& input = plan.graph.value(plan.graph.inputs().at(0));
  return byte_size(input.dtype, input.shape, Layout::kPlain) / static_cast<std::size_t>(plan.batch);
}

int output_classes(const Engine& engine) {
  const Graph& graph = engine.plans.at(0).graph;
  const std::int64_t classes = graph.value(graph.outputs().at(0)).shape[1];
  require(classes >= 1 && classes <= kMostClasses, ErrorKind::kUnsupported, "[engine] {} classes, expected 1 to {}",
          classes, kMostClasses);
  return static_cast<int>(classes);
}

}  // namespace fovea
