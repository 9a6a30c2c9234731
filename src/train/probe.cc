#include "train/probe.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/cancel.h"

namespace fovea::train {
namespace {

constexpr std::array kPenalties = {1e-2, 3e-3, 1e-3, 3e-4};  ///< each fit starts from the last
constexpr int kSteps = 150;
constexpr std::int64_t kFewImages = 4000;  ///< up to here every fold is held out once, above only the first
constexpr std::int64_t kFolds = 5;

/// Centred features of one deviation each and a norm of 1 on average, so that one list of penalties suits every net.
struct Scaling {
  explicit Scaling(const at::Tensor& x) : mean(x.mean(0)) {
    const at::Tensor deviation = (x - mean).square().mean(0).sqrt();
    const double floor = std::max(1e-3 * deviation.mean().item<double>(), 1e-12);
    factor = (deviation + floor).reciprocal() / std::sqrt(static_cast<double>(x.size(1)));
  }
  at::Tensor operator()(const at::Tensor& x) const { return (x - mean) * factor; }
  at::Tensor mean, factor;
};

struct Linear {
  at::Tensor weight, bias;  ///< [d, k], [k]
  at::Tensor operator()(const at::Tensor& x) const { return at::addmm(bias, x, weight); }
};

double largest_curvature(const at::Tensor& x) {
  at::Tensor v = at::ones({x.size(1)}, x.options());
  double length = 1;
  for (int i = 0; i < 15; ++i) {
    v = x.t().mv(x.mv(v));
    length = v.norm().item<double>();
    v = v / std::max(length, 1e-30);
  }
  return 0.5 * (1.05 * length / static_cast<double>(x.size(0)) + 1);  // 1: the bias
}

void descend(Linear& at_best, const at::Tensor& x, const at::Tensor& targets, double penalty, double curvature) {
  const double rate = 1 / (curvature + penalty), n = static_cast<double>(x.size(0));
  Linear ahead = at_best;
  double t = 1;
  for (int i = 0; i < kSteps; ++i) {
    const at::Tensor error = (at::softmax(ahead(x), 1) - targets) / n;
    const Linear next = {ahead.weight * (1 - rate * penalty) - rate * x.t().mm(error),
                         ahead.bias - rate * error.sum(0)};
    const double t_next = (1 + std::sqrt(1 + 4 * t * t)) / 2, push = (t - 1) / t_next;
    ahead = {next.weight + push * (next.weight - at_best.weight), next.bias + push * (next.bias - at_best.bias)};
    at_best = next;
    t = t_next;
  }
}

at::Tensor smoothed(const at::Tensor& labels, const ProbeData& data) {
  const double rest = data.label_smoothing / static_cast<double>(data.classes);
  return at::one_hot(labels, data.classes).to(at::kFloat) * (1 - data.label_smoothing) + rest;
}

Linear nothing(const at::Tensor& x, std::int64_t classes) {
  return {at::zeros({x.size(1), classes}), at::zeros({classes})};
}

/// Hits among the held-out images for each penalty.
std::vector<double> held_out_hits(const ProbeData& data, const at::Tensor& held) {
  const at::Tensor kept = held.logical_not();
  const at::Tensor seen = data.features.index({kept});
  const Scaling scaling(seen);
  const at::Tensor x = scaling(seen), targets = smoothed(data.labels.index({kept}), data);
  const at::Tensor probe_x = scaling(data.features.index({held})), expected = data.labels.index({held});
  const double curvature = largest_curvature(x);
  Linear linear = nothing(x, data.classes);
  std::vector<double> hits;
  for (const double penalty : kPenalties) {
    throw_if_cancelled();
    descend(linear, x, targets, penalty, curvature);
    hits.push_back((linear(probe_x).argmax(1) == expected).sum().item<double>());
  }
  return hits;
}

/// Index of the best penalty, the strongest where several are equal, and the accuracy there.
std::pair<std::size_t, double> choose_penalty(const ProbeData& data) {
  const std::int64_t n = data.features.size(0), images = n / data.views;
  const at::Tensor fold = at::arange(n).remainder(images).remainder(kFolds);
  std::vector<double> total(kPenalties.size(), 0);
  double asked = 0;
  for (std::int64_t f = 0; f < (images <= kFewImages ? kFolds : 1); ++f) {
    const at::Tensor held = fold == f;
    const double count = held.sum().item<double>();
    if (count == 0 || count == static_cast<double>(n)) continue;
    const std::vector<double> hits = held_out_hits(data, held);
    std::ranges::transform(total, hits, total.begin(), std::plus<>());
    asked += count;
  }
  std::size_t best = 0;
  for (std::size_t i = 1; i < total.size(); ++i)
    if (total[i] > total[best]) best = i;
  return {best, asked > 0 ? total[best] / asked : 0};
}

}  // namespace

Probe fit_probe(const ProbeData& data) {
  const at::NoGradGuard no_gradients;
  const auto [chosen, accuracy] = choose_penalty(data);
  const Scaling scaling(data.features);
  const at::Tensor x = scaling(data.features), targets = smoothed(data.labels, data);
  const double curvature = largest_curvature(x);
  Linear linear = nothing(x, data.classes);
  for (std::size_t i = 0; i <= chosen; ++i) {
    throw_if_cancelled();
    descend(linear, x, targets, kPenalties[i], curvature);
  }
  const at::Tensor weight = linear.weight.t() * scaling.factor;
  return {weight.contiguous(), linear.bias - weight.mv(scaling.mean), kPenalties[chosen], accuracy};
}

}  // namespace fovea::train
