#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/error.h"
#include "base/parallel/parallel.h"
#include "engine/bound_plan.h"
#include "engine/executor.h"
#include "engine/layout.h"
#include "engine/liveness.h"

namespace fovea {

struct ExecutionContext::State {
  State(std::shared_ptr<const Executor> loaded, int thread_count);
  void run_plan(std::size_t index, const std::byte* input, std::int64_t images, float* output);
  void run_filled(std::size_t index, std::int64_t images, float* output);
  void check_output(std::int64_t batch, std::span<const float> output) const;
  /// Calls run(plan, images before it, its images) for the parts that cover a batch.
  template <typename Run>
  void in_parts(std::size_t images, const Run& run);
  void run_steps(std::size_t index, std::size_t first);
  void launch(std::size_t index, std::size_t first);
  void run_watched(std::size_t index, std::size_t first);
  void show(const BoundPlan& bound, std::size_t step) const;

  std::shared_ptr<const Executor> executor;
  int threads;
  std::unique_ptr<Stream> stream;
  ContextBuffers buffers;
  std::vector<BoundPlan> bound;
  std::vector<std::unique_ptr<Recording>> recordings;  ///< by plan; null: steps are run one by one
  std::size_t input_bytes;
  std::size_t classes;
  bool on_host;
  Observer observer;
  bool timed = false;
  std::vector<StepTiming> timings;
};

namespace {

/// A library of another version may want more scratch than was recorded, so the steps are asked again.
std::size_t arena_bytes(const Executor& executor) {
  std::uint64_t most = 0;
  for (std::size_t p = 0; p < executor.engine().plans.size(); ++p) {
    const Plan& plan = executor.engine().plans[p];
    most = std::max(most, plan.arena_bytes);
    for (std::size_t s = 0; s < plan.steps.size(); ++s)
      most =
          std::max(most, BoundPlan::scratch_offset(plan, s, executor.step(p, s)) + executor.step(p, s).scratch_bytes());
  }
  return static_cast<std::size_t>(most);
}

int most_threads(const Engine& engine) {
  int most = 1;
  for (const Plan& plan : engine.plans) most = std::max(most, plan.threads);
  return most;
}

OperandView view_of(const Plan& plan, ValueId id) {
  const Value& value = plan.graph.value(id);
  return {value.dtype, value.shape, plan.values[static_cast<std::size_t>(id)].layout, value.quant, false, true};
}

bool is_aligned(const std::byte* address) { return reinterpret_cast<std::uintptr_t>(address) % 64 == 0; }

}  // namespace

ExecutionContext::State::State(std::shared_ptr<const Executor> loaded, int thread_count)
    : executor(std::move(loaded)), threads(thread_count) {
  const Engine& engine = executor->engine();
  Device& device = executor->device();
  input_bytes = input_bytes_per_image(engine);
  classes = static_cast<std::size_t>(output_classes(engine));
  on_host = device.info().backend == "cpu";
  stream = device.make_stream(threads > 0 ? threads : most_threads(engine));
  const auto largest = static_cast<std::size_t>(engine.plans.back().batch);
  const std::size_t image_bytes = std::max(input_bytes, classes * sizeof(float));
  require(largest <= kMostInputBytes / std::max<std::size_t>(1, image_bytes), ErrorKind::kUnsupported,
          "[engine] a batch of {} images of {} bytes is more than {} GiB", largest, image_bytes, kMostInputBytes >> 30);
  buffers.arena = device.allocate(arena_bytes(*executor));
  buffers.input = device.allocate(largest * input_bytes);
  buffers.output = device.allocate(largest * classes * sizeof(float));
  const std::vector<std::byte> zeros(largest * input_bytes);  // rows that pad a batch are defined from the start
  device.upload(buffers.input->data(), zeros, *stream);
  bound.reserve(engine.plans.size());
  for (std::size_t p = 0; p < engine.plans.size(); ++p) bound.emplace_back(*executor, p, buffers);
  recordings.resize(bound.size());
  if (on_host) return;
  for (std::size_t p = 0; p < bound.size(); ++p) {
    launch(p, 0);
    stream->synchronize();
    recordings[p] = device.record(*stream, [&] { launch(p, 0); });
  }
}

/// Aligned input of a full batch is read where it is; all else goes through the staging buffer.
void ExecutionContext::State::run_plan(std::size_t index, const std::byte* input, std::int64_t images, float* output) {
  const Plan& plan = bound[index].plan();
  const bool in_place = on_host && images == plan.batch && is_aligned(input);
  if (!in_place)
    executor->device().upload(buffers.input->data(), {input, static_cast<std::size_t>(images) * input_bytes}, *stream);
  bound[index].set_input(in_place ? input : buffers.input->data());
  run_filled(index, images, output);
}

void ExecutionContext::State::run_filled(std::size_t index, std::int64_t images, float* output) {
  const Plan& plan = bound[index].plan();
  stream->threads = threads > 0 ? threads : std::min(plan.threads, default_threads());
  run_steps(index, 0);
  const std::span<float> result(output, static_cast<std::size_t>(images) * classes);
  executor->device().download(std::as_writable_bytes(result), buffers.output->data(), *stream);
}

void ExecutionContext::State::check_output(std::int64_t batch, std::span<const float> output) const {
  require(output.size() / classes == static_cast<std::size_t>(batch) && output.size() % classes == 0,
          ErrorKind::kInvalidArgument, "[engine] output of {} numbers, expected {} x {}", output.size(), batch,
          classes);
}

template <typename Run>
void ExecutionContext::State::in_parts(std::size_t images, const Run& run) {
  timings.clear();
  for (std::size_t done = 0; done < images;) {
    const std::size_t index = executor->cover().next(static_cast<std::int64_t>(images - done));
    const auto part = std::min(images - done, static_cast<std::size_t>(bound[index].plan().batch));
    run(index, done, part);
    done += part;
  }
}

void ExecutionContext::State::run_steps(std::size_t index, std::size_t first) {
  if (observer || timed) return run_watched(index, first);
  if (first == 0 && recordings[index])
    recordings[index]->replay(*stream);
  else
    launch(index, first);
  stream->synchronize();
}

void ExecutionContext::State::launch(std::size_t index, std::size_t first) {
  for (std::size_t i = first; i < bound[index].size(); ++i) bound[index].run_step(i, *stream);
}

void ExecutionContext::State::run_watched(std::size_t index, std::size_t first) {
  const BoundPlan& plan = bound[index];
  for (std::size_t i = first; i < plan.size(); ++i) {
    const auto step = [&] { plan.run_step(i, *stream); };
    if (timed) timings.push_back({index, i, executor->device().time(*stream, step)});
    if (!timed) step();
    stream->synchronize();
    if (observer) show(plan, i);
  }
}

void ExecutionContext::State::show(const BoundPlan& plan, std::size_t step) const {
  for (const ValueId id : plan.made_by(step)) {
    const OperandView view = view_of(plan.plan(), id);
    std::vector<std::byte> copy(byte_size(view));
    executor->device().download(copy, plan.address(id), *stream);
    observer(plan.plan(), id, to_plain(copy, view));
  }
}

ExecutionContext::ExecutionContext(std::shared_ptr<const Executor> executor, int threads)
    : state_(std::make_unique<State>(std::move(executor), threads)) {}
ExecutionContext::~ExecutionContext() = default;
ExecutionContext::ExecutionContext(ExecutionContext&&) noexcept = default;
ExecutionContext& ExecutionContext::operator=(ExecutionContext&&) noexcept = default;

void ExecutionContext::run(std::span<const std::byte> input, std::int64_t batch, std::span<float> output) {
  State& state = *state_;
  const auto images = static_cast<std::size_t>(batch);
  require(batch >= 1 && input.size() / state.input_bytes == images && input.size() % state.input_bytes == 0,
          ErrorKind::kInvalidArgument, "[engine] input of {} bytes, expected {} x {}", input.size(), batch,
          state.input_bytes);
  state.check_output(batch, output);
  state.in_parts(images, [&](std::size_t index, std::size_t done, std::size_t part) {
    state.run_plan(index, input.data() + done * state.input_bytes, static_cast<std::int64_t>(part),
                   output.data() + done * state.classes);
  });
}

void ExecutionContext::run(const Fill& fill, std::int64_t batch, std::span<float> output) {
  State& state = *state_;
  require(batch >= 1, ErrorKind::kInvalidArgument, "[engine] a batch of {}", batch);
  state.check_output(batch, output);
  std::byte* const input = state.buffers.input->data();
  state.in_parts(static_cast<std::size_t>(batch), [&](std::size_t index, std::size_t done, std::size_t part) {
    fill(input, done, part, *state.stream);
    state.bound[index].set_input(input);
    state.run_filled(index, static_cast<std::int64_t>(part), output.data() + done * state.classes);
  });
}

void ExecutionContext::observe(Observer observer) { state_->observer = std::move(observer); }

void ExecutionContext::time_steps(bool on) {
  state_->timed = on;
  state_->timings.clear();
}

const std::vector<StepTiming>& ExecutionContext::timings() const { return state_->timings; }

void ExecutionContext::rerun(std::size_t plan, std::size_t first_step, ValueId id, const Tensor& value) {
  State& state = *state_;
  require(plan < state.bound.size() && first_step <= state.bound[plan].size(), ErrorKind::kInvalidArgument,
          "[engine] no step {} in plan {}", first_step, plan);
  BoundPlan& bound = state.bound[plan];
  bound.set_input(state.buffers.input->data());  // the last run's may be gone
  const auto& values = bound.plan().graph.values();
  require(id >= 0 && static_cast<std::size_t>(id) < values.size() && bound.address(id) != nullptr,
          ErrorKind::kInvalidArgument, "[engine] no value {} in plan {}", id, plan);
  const OperandView view = view_of(bound.plan(), id);
  require(value.dtype() == view.dtype && value.shape() == view.shape, ErrorKind::kInvalidArgument,
          "[engine] value {} is {} {}, given {} {}", values[static_cast<std::size_t>(id)].name, name(view.dtype),
          view.shape.str(), name(value.dtype()), value.shape().str());
  std::vector<std::byte> stored(byte_size(view));
  from_plain(value, view, stored);
  state.executor->device().upload(bound.address(id), stored, *state.stream);
  state.timings.clear();
  state.run_steps(plan, first_step);
}

}  // namespace fovea
