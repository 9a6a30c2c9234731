#include "eval/paired.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/error.h"
#include "base/random.h"

namespace fovea {
namespace {

/// Percentile interval of the mean of n values of which `lost` are +1, `gained` −1 and the others 0. A resample draws
/// images with replacement; only its counts of the three kinds matter.
std::array<double, 2> bootstrap(int n, int lost, int gained, std::uint64_t seed, int resamples) {
  std::vector<double> drops(static_cast<std::size_t>(resamples));
  const auto images = static_cast<std::uint64_t>(n);
  for (std::size_t r = 0; r < drops.size(); ++r) {
    Random random({seed, r});
    int net = 0;
    for (int i = 0; i < n; ++i) {
      const auto drawn = static_cast<int>(random.below(images));
      net += drawn < lost ? 1 : drawn < lost + gained ? -1 : 0;
    }
    drops[r] = 100.0 * net / n;
  }
  std::sort(drops.begin(), drops.end());
  const auto at = [&](double q) { return drops[static_cast<std::size_t>(q * (resamples - 1) + 0.5)]; };
  return {at(0.025), at(0.975)};
}

/// The most that a rate can be, at 97.5 %, when none of n images showed it (Clopper & Pearson 1934; "rule of three").
double unseen_rate(int n) { return 1 - std::pow(0.025, 1.0 / n); }

/// Resamples never hold what the sample lacks: without a lost image the upper end, without a gained one the lower end
/// leaves out how often that may happen unseen.
void widen_by_the_unseen(PairedDifference& difference) {
  const double unseen = 100 * unseen_rate(difference.images);
  auto& [low, high] = difference.ci95_points;
  if (difference.lost == 0) high = std::max(high, difference.drop_points + unseen);
  if (difference.gained == 0) low = std::min(low, difference.drop_points - unseen);
}

}  // namespace

double mcnemar_exact(int lost, int gained) {
  const int n = lost + gained, least = std::min(lost, gained);
  double tail = 0;
  for (int k = 0; k <= least; ++k)
    tail += std::exp(std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0) - n * std::log(2.0));
  return std::min(1.0, 2 * tail);
}

PairedDifference compare_paired(const EvalResult& before, const EvalResult& after, std::uint64_t seed, int resamples) {
  require(resamples >= 1, ErrorKind::kInvalidArgument, "[paired] {} resamples", resamples);
  std::unordered_map<int, const ImageResult*> others;
  for (const ImageResult& image : after.images) others.emplace(image.sample, &image);
  PairedDifference difference;
  int same = 0;
  for (const ImageResult& image : before.images) {
    const auto other = others.find(image.sample);
    if (other == others.end()) continue;
    const bool was = image.predicted == image.label, is = other->second->predicted == image.label;
    ++difference.images;
    difference.lost += was && !is ? 1 : 0;
    difference.gained += !was && is ? 1 : 0;
    same += image.predicted == other->second->predicted && image.predicted >= 0 ? 1 : 0;
  }
  require(difference.images > 0, ErrorKind::kInvalidArgument, "[paired] the two results have no image in common");
  difference.drop_points = 100.0 * difference.net_lost() / difference.images;
  difference.agreement = static_cast<double>(same) / difference.images;
  difference.mcnemar_p = mcnemar_exact(difference.lost, difference.gained);
  difference.ci95_points = bootstrap(difference.images, difference.lost, difference.gained, seed, resamples);
  widen_by_the_unseen(difference);
  return difference;
}

std::int64_t images_needed(const PairedDifference& difference, double limit_points) {
  const double distance = std::abs(difference.drop_points - limit_points) / 100;
  if (distance == 0) return 0;
  const double n = difference.images;
  if (difference.lost + difference.gained == 0)  // until unseen_rate is the limit
    return static_cast<std::int64_t>(
        std::clamp(std::ceil(std::log(0.025) / std::log1p(-std::min(distance, 0.999))), n, 1e12));
  const double discordant = (difference.lost + difference.gained) / n;
  const double mean = difference.drop_points / 100;
  const double variance = std::max(discordant - mean * mean, 0.0);
  const double needed = std::ceil(1.96 * 1.96 * variance / (distance * distance));
  return static_cast<std::int64_t>(std::clamp(needed, n, 1e12));
}

nlohmann::json to_json(const PairedDifference& difference) {
  return {{"drop_points", difference.drop_points}, {"ci95_points", difference.ci95_points},
          {"images", difference.images},           {"lost", difference.lost},
          {"gained", difference.gained},           {"mcnemar_p", difference.mcnemar_p},
          {"agreement", difference.agreement}};
}

}  // namespace fovea
