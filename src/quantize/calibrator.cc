#include "quantize/calibrator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/error.h"

namespace fovea {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"max", "entropy", "percentile", "mse"};
constexpr int kCandidates = 128;

/// The distribution of magnitudes: for one-sided data the positive half, else both halves folded together.
std::vector<double> magnitudes(const Histogram& histogram) {
  constexpr int kHalf = Histogram::kBins / 2;
  std::vector<double> folded(kHalf);
  for (int i = 0; i < kHalf; ++i)
    folded[static_cast<std::size_t>(i)] =
        static_cast<double>(histogram.bins()[static_cast<std::size_t>(kHalf + i)]) +
        static_cast<double>(histogram.bins()[static_cast<std::size_t>(kHalf - 1 - i)]);
  return folded;
}

Range range_of(const Histogram& histogram, double magnitude) {
  const auto bound = static_cast<float>(magnitude);
  return {std::max(-bound, histogram.low()), std::min(bound, histogram.high())};
}

double largest(const Histogram& histogram) { return static_cast<double>(std::max(-histogram.low(), histogram.high())); }

Range range_by_max(const Histogram& histogram) { return range_of(histogram, largest(histogram)); }

Range range_by_percentile(const Histogram& histogram) {
  constexpr double kKept = 0.9999;
  const std::vector<double> counts = magnitudes(histogram);
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  double seen = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    seen += counts[i];
    if (seen >= kKept * total)
      return range_of(histogram, std::min(largest(histogram), static_cast<double>(i + 1) * histogram.bin_width()));
  }
  return range_by_max(histogram);
}

/// Tries magnitudes from 1/4 of the largest to all of it and keeps the one of least cost.
template <typename Cost>
Range range_by_search(const Histogram& histogram, const Cost& cost) {
  const double most = largest(histogram);
  double best = most;
  double best_cost = std::numeric_limits<double>::infinity();
  for (int i = kCandidates / 4; i <= kCandidates; ++i) {
    const double magnitude = most * i / kCandidates;
    const double found = cost(magnitude);
    if (found < best_cost) {
      best_cost = found;
      best = magnitude;
    }
  }
  return range_of(histogram, best);
}

/// Σ count · (x − quantised(x))², with the rounding error inside a step taken at the bin's centre.
Range range_by_mse(const Histogram& histogram) {
  const std::vector<double> counts = magnitudes(histogram);
  const double steps = histogram.low() >= 0 ? 255 : 127;
  const double width = histogram.bin_width();
  return range_by_search(histogram, [&](double magnitude) {
    const double scale = magnitude / steps;
    double error = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      const double x = (static_cast<double>(i) + 0.5) * width;
      // Bins wider than a step hide the rounding error: its expectation is scale²/12.
      const double rounding = width >= scale ? scale * scale / 12 : std::pow(x - std::nearbyint(x / scale) * scale, 2);
      error += counts[i] * (x > magnitude ? std::pow(x - magnitude, 2) : rounding);
    }
    return error;
  });
}

/// KL(P ‖ Q): P clips to the magnitude (outliers join its last bin), Q spreads each quantisation step over the bins of
/// P that are not empty.
double divergence(const std::vector<double>& counts, std::size_t kept, int steps) {
  std::vector<double> p(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(kept));
  p.back() += std::accumulate(counts.begin() + static_cast<std::ptrdiff_t>(kept), counts.end(), 0.0);
  std::vector<double> q(kept);
  for (int step = 0; step < steps; ++step) {
    const std::size_t begin = kept * static_cast<std::size_t>(step) / static_cast<std::size_t>(steps);
    const std::size_t end = kept * static_cast<std::size_t>(step + 1) / static_cast<std::size_t>(steps);
    double sum = 0;
    int filled = 0;
    for (std::size_t i = begin; i < end; ++i) {
      sum += counts[i];
      filled += p[i] > 0 ? 1 : 0;
    }
    for (std::size_t i = begin; i < end; ++i)
      if (p[i] > 0) q[i] = sum / filled;
  }
  const double p_total = std::accumulate(p.begin(), p.end(), 0.0);
  const double q_total = std::accumulate(q.begin(), q.end(), 0.0);
  if (p_total == 0 || q_total == 0) return std::numeric_limits<double>::infinity();
  constexpr double kFloor = 1e-9;  // an empty Q under a filled P: heavily, not infinitely, bad
  double sum = 0;
  for (std::size_t i = 0; i < kept; ++i)
    if (p[i] > 0) sum += p[i] / p_total * std::log(p[i] / p_total / std::max(q[i] / q_total, kFloor));
  return sum;
}

Range range_by_entropy(const Histogram& histogram) {
  const std::vector<double> counts = magnitudes(histogram);
  const int steps = histogram.low() >= 0 ? 255 : 127;
  return range_by_search(histogram, [&](double magnitude) {
    const auto kept = static_cast<std::size_t>(std::ceil(magnitude / histogram.bin_width()));
    if (kept < static_cast<std::size_t>(steps)) return std::numeric_limits<double>::infinity();
    return divergence(counts, std::min(kept, counts.size()), steps);
  });
}

}  // namespace

std::string_view name(Calibration method) { return kNames.at(static_cast<std::size_t>(method)); }

Calibration calibration_from_name(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name);
  require(found != kNames.end(), ErrorKind::kInvalidArgument,
          "unknown calibration \"{}\", expected max, entropy, percentile or mse", name);
  return static_cast<Calibration>(found - kNames.begin());
}

Range choose_range(const Histogram& histogram, Calibration method) {
  if (histogram.count() == 0) return {0, 0};
  constexpr std::array kMethods = {range_by_max, range_by_entropy, range_by_percentile, range_by_mse};
  return kMethods.at(static_cast<std::size_t>(method))(histogram);
}

}  // namespace fovea
