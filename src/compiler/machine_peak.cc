#include "compiler/machine_peak.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/log/clock.h"
#include "base/parallel/parallel.h"
#include "compiler/candidates.h"
#include "compiler/time_tactic.h"

namespace fovea {
namespace {

constexpr std::int64_t kChannels = 64, kSide = 28;
constexpr int kRounds = 30;

/// A convolution that keeps every multiplier busy: 9 · 64 products for each result, all operands in the caches.
NodeView busy_convolution(DType dtype, int threads, Tensor& weights) {
  const bool bytes = dtype == DType::kU8;
  Conv2d op;
  op.pads = {1, 1, 1, 1};
  OperandView image{dtype, {1, kChannels, kSide, kSide}, Layout::kPlain, std::nullopt};
  OperandView filter{bytes ? DType::kS8 : dtype, {kChannels, kChannels, 3, 3}, Layout::kPlain, std::nullopt, true};
  if (bytes) {
    image.quant = Quantization{{0.02F}, {0}, -1};
    filter.quant = Quantization{{0.01F}, {0}, -1};
  }
  weights = Tensor::zeros(filter.dtype, filter.shape);
  OperandView absent;
  absent.present = false;
  return {.name = "peak", .op = op, .inputs = {image, filter, absent}, .outputs = {image}, .threads = threads};
}

double gmacs_per_second(const Backend& backend, Device& device, DType dtype, int threads) {
  Tensor weights;
  const NodeView view = busy_convolution(dtype, threads, weights);
  std::vector<TimedCandidate> candidates;
  for (const Candidate& candidate : find_candidates(view, backend, device.info(), 1).all)
    if (candidate.tactic && candidate.tactic->name.find("conv") != std::string_view::npos)
      candidates.push_back(
          {candidate.tactic, candidate.config, with_layouts(view, candidate.inputs, candidate.outputs)});
  TacticTimer timer(device, threads);
  const Weights given{{Tensor(), weights, Tensor()}};
  std::vector<double> times = timer.time(candidates, given);
  if (times.empty()) return 0;
  const auto best = static_cast<std::size_t>(std::ranges::min_element(times) - times.begin());
  if (!std::isfinite(times[best])) return 0;
  for (int round = 0; round < kRounds; ++round)  // others may use the machine: the least of many runs is the machine's
    times[best] = std::min(times[best], timer.time({candidates[best]}, given)[0]);
  const auto macs = static_cast<double>(kChannels * kChannels * 9 * kSide * kSide);
  return macs / times[best] / 1e3;
}

double gbytes_per_second(std::size_t cache_bytes, int threads) {
  const auto count = static_cast<std::int64_t>(std::min<std::size_t>(4 * cache_bytes, std::size_t{256} << 20) / 8);
  const std::vector<std::uint64_t> memory(static_cast<std::size_t>(count), 1);
  double best = 1e300;
  std::atomic<std::uint64_t> sink = 0;
  for (int round = 0; round < 3; ++round) {
    const Stopwatch watch;
    parallel_ranges(count, threads, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      std::uint64_t sum = 0;
      for (std::int64_t i = begin; i < end; ++i) sum += memory[static_cast<std::size_t>(i)];
      sink += sum;
    });
    best = std::min(best, watch.seconds());
  }
  return static_cast<double>(count) * 8 / best / 1e9;
}

}  // namespace

MachinePeak measure_peak(const Backend& backend, Device& device, DType dtype, int threads) {
  return {gmacs_per_second(backend, device, dtype, threads),
          gbytes_per_second(device.info().last_level_cache_bytes, threads)};
}

}  // namespace fovea
