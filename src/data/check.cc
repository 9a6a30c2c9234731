#include "data/check.h"

#include <algorithm>
#include <set>

#include "base/cancel.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/log/clock.h"
#include "base/log/log.h"
#include "base/log/progress.h"
#include "base/parallel/parallel.h"

namespace fovea {
namespace {

struct Seen {
  int width = 0, height = 0;
  std::string failure;
};

Seen look_at(const Sample& sample, const DecodeLimits& limits) {
  try {
    const Image image = decode(read_file(sample.file, limits.max_bytes), limits);
    return {image.width, image.height, {}};
  } catch (const Error& error) {
    return {0, 0, error.message()};
  }
}

/// Keeps the samples without a failure; own_val keeps pointing at the same images.
void keep_decodable(Dataset& dataset, const std::vector<Seen>& seen) {
  const std::set<int> val(dataset.own_val.begin(), dataset.own_val.end());
  std::vector<Sample> kept;
  dataset.own_val.clear();
  for (std::size_t i = 0; i < seen.size(); ++i) {
    Sample& sample = dataset.samples[i];
    if (!seen[i].failure.empty()) {
      log_warning("skipped {}: {}", sample.file.string(), seen[i].failure);
      dataset.skipped.push_back({sample.file, seen[i].failure});
      continue;
    }
    if (val.contains(static_cast<int>(i))) dataset.own_val.push_back(static_cast<int>(kept.size()));
    kept.push_back(std::move(sample));
  }
  dataset.samples = std::move(kept);
}

}  // namespace

ImageFigures drop_undecodable(Dataset& dataset, const DecodeLimits& limits) {
  const Stopwatch watch;
  std::vector<Seen> seen(dataset.samples.size());
  Progress progress("reading", static_cast<std::int64_t>(seen.size()), "images");
  parallel_for(
      static_cast<std::int64_t>(seen.size()),
      [&](std::int64_t i) {
        throw_if_cancelled();
        seen[static_cast<std::size_t>(i)] = look_at(dataset.samples[static_cast<std::size_t>(i)], limits);
        progress.advance();
      },
      0, 4);
  keep_decodable(dataset, seen);
  require(!dataset.samples.empty(), ErrorKind::kInvalidArgument, "[data] none of the {} images of {} can be decoded",
          seen.size(), dataset.root.string());
  std::set<int> labels;
  for (const Sample& sample : dataset.samples) labels.insert(sample.label);
  require(labels.size() >= 2, ErrorKind::kInvalidArgument, "[data] images of {} decode for one class only ({})",
          dataset.root.string(), dataset.classes[static_cast<std::size_t>(*labels.begin())]);
  ImageFigures figures;
  for (const Seen& image : seen) {
    if (!image.failure.empty()) continue;
    const auto smaller = [](int a, int b) { return a == 0 ? b : std::min(a, b); };
    figures.smallest_width = smaller(figures.smallest_width, image.width);
    figures.smallest_height = smaller(figures.smallest_height, image.height);
    figures.largest_width = std::max(figures.largest_width, image.width);
    figures.largest_height = std::max(figures.largest_height, image.height);
  }
  figures.seconds = watch.seconds();
  return figures;
}

}  // namespace fovea
