#include "compiler/plan_runner.h"

#include "base/error.h"
#include "base/log/clock.h"
#include "engine/blobs.h"
#include "engine/liveness.h"

namespace fovea {

struct PlanRunner::Bound {
  struct Call {
    std::unique_ptr<Step> step;
    std::vector<const std::byte*> inputs;
    std::vector<std::byte*> outputs;
    std::byte* scratch;
  };
  Blobs blobs;
  std::unique_ptr<Buffer> arena, input, output;
  std::unique_ptr<Stream> stream;
  std::vector<Call> calls;
  std::unique_ptr<Recording> recording;
  void launch() const {
    for (const Call& call : calls) call.step->run({call.inputs, call.outputs, call.scratch}, *stream);
  }
};

namespace {

std::unique_ptr<Buffer> zeros(Device& device, Stream& stream, std::uint64_t bytes) {
  auto buffer = device.allocate(std::max<std::uint64_t>(bytes, 64));
  device.upload(buffer->data(), Bytes(buffer->size()), stream);
  return buffer;
}

}  // namespace

PlanRunner::PlanRunner(const Plan& plan, const std::vector<Bytes>& blobs, const Backend& backend, Device& device)
    : bound_(std::make_unique<Bound>()) {
  Bound& bound = *bound_;
  bound.blobs = Blobs(blobs);
  bound.stream = device.make_stream(plan.threads);
  bound.arena = zeros(device, *bound.stream, plan.arena_bytes);
  bound.input = zeros(device, *bound.stream, value_bytes(plan, plan.graph.inputs()[0]));
  bound.output = zeros(device, *bound.stream, value_bytes(plan, plan.graph.outputs()[0]));
  const auto place = [&](ValueId id) -> std::byte* {
    if (id == kNoValue) return nullptr;
    const ValuePlan& at = plan.values[static_cast<std::size_t>(id)];
    if (at.place == Place::kInput) return bound.input->data();
    if (at.place == Place::kOutput) return bound.output->data();
    return at.place == Place::kArena ? bound.arena->data() + at.offset : nullptr;
  };
  for (const PlanStep& step : plan.steps) {
    const Tactic* tactic = find_tactic(backend, step.tactic);
    require(tactic != nullptr, ErrorKind::kInternal, "[compile] no tactic {}", step.tactic);
    const auto packed = step.blob < 0 ? std::span<const std::byte>() : bound.blobs[static_cast<std::size_t>(step.blob)];
    Bound::Call call{tactic->make(step_view(plan, step), step.config, packed, device),
                     {},
                     {},
                     bound.arena->data() + step.scratch_offset};
    const Node& node = plan.graph.nodes()[static_cast<std::size_t>(step.node)];
    for (const ValueId id : node.inputs) call.inputs.push_back(place(id));
    for (const ValueId id : node.outputs) call.outputs.push_back(place(id));
    bound.calls.push_back(std::move(call));
  }
  if (device.info().backend == "cpu") return;
  bound.launch();
  bound.stream->synchronize();
  bound.recording = device.record(*bound.stream, [&] { bound.launch(); });
}

PlanRunner::~PlanRunner() = default;

double PlanRunner::run(int times) {
  const Stopwatch watch;
  for (int i = 0; i < times; ++i) {
    if (bound_->recording)
      bound_->recording->replay(*bound_->stream);
    else
      bound_->launch();
  }
  bound_->stream->synchronize();
  return watch.seconds() * 1e6 / times;
}

}  // namespace fovea
