#include "data/split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_set>

#include "base/error.h"
#include "base/io/file.h"
#include "base/io/hash.h"
#include "base/random.h"

namespace fovea {
namespace {

/// A seed-dependent order that depends on content only, never on file names.
void shuffle_by_content(std::vector<std::string>& hashes, std::uint64_t seed) {
  std::ranges::sort(hashes, {}, [&](const std::string& hash) { return std::pair(hash64(as_bytes(hash), seed), hash); });
}

/// How many images of each class validate: the fraction of each, rounded so that the sum is the fraction of all
/// (largest remainders first, then the lower class). A class keeps at least one image for training.
std::map<int, std::size_t> validation_shares(const std::map<int, std::vector<std::string>>& by_class, double fraction) {
  std::map<int, std::size_t> shares;
  std::vector<std::pair<double, int>> remainders;
  std::size_t images = 0;
  std::size_t given = 0;
  for (const auto& [label, hashes] : by_class) {
    const double exact = fraction * static_cast<double>(hashes.size());
    shares[label] = std::min(static_cast<std::size_t>(exact + 1e-9), hashes.size() - 1);
    remainders.emplace_back(static_cast<double>(shares[label]) - exact, label);
    images += hashes.size();
    given += shares[label];
  }
  std::ranges::sort(remainders);
  const auto wanted = static_cast<std::size_t>(std::lround(fraction * static_cast<double>(images)));
  for (const auto& [remainder, label] : remainders) {
    if (given >= wanted) break;
    if (shares[label] + 1 >= by_class.at(label).size()) continue;
    ++shares[label];
    ++given;
  }
  return shares;
}

DataSplit own_split(const Dataset& dataset, std::uint64_t seed) {
  std::set<std::string> val;
  for (const int i : dataset.own_val) val.insert(dataset.samples[static_cast<std::size_t>(i)].hash);
  std::set<std::string> train;
  for (const Sample& sample : dataset.samples)
    if (!val.contains(sample.hash)) train.insert(sample.hash);
  const double fraction =
      static_cast<double>(val.size()) / static_cast<double>(std::max<std::size_t>(1, val.size() + train.size()));
  return {seed, fraction, {train.begin(), train.end()}, {val.begin(), val.end()}};
}

}  // namespace

DataSplit make_split(const Dataset& dataset, double fraction, std::uint64_t seed) {
  require(fraction >= 0.0 && fraction < 1.0, ErrorKind::kInvalidArgument,
          "[split] validation fraction is {}, expected 0 ≤ fraction < 1", fraction);
  if (dataset.has_own_split) return own_split(dataset, seed);
  // The same content below two classes counts for the first: it must not stand on both sides.
  std::map<int, std::vector<std::string>> by_class;
  std::unordered_set<std::string> seen;
  for (const Sample& sample : dataset.samples)
    if (seen.insert(sample.hash).second) by_class[sample.label].push_back(sample.hash);
  // Where no class has two images there is nothing to stratify: they are one pool.
  const bool stratified = std::ranges::any_of(by_class, [](const auto& entry) { return entry.second.size() > 1; });
  if (!stratified) {
    std::vector<std::string> pool;
    for (const auto& [label, hashes] : by_class) pool.insert(pool.end(), hashes.begin(), hashes.end());
    by_class = {{0, std::move(pool)}};
  }
  const std::map<int, std::size_t> shares = validation_shares(by_class, fraction);
  DataSplit split{seed, fraction, {}, {}};
  for (auto& [label, hashes] : by_class) {
    shuffle_by_content(hashes, seed);
    const auto middle = hashes.begin() + static_cast<std::ptrdiff_t>(shares.at(label));
    split.val.insert(split.val.end(), hashes.begin(), middle);
    split.train.insert(split.train.end(), middle, hashes.end());
  }
  std::ranges::sort(split.train);
  std::ranges::sort(split.val);
  return split;
}

DataSplit extend_split(const Dataset& dataset, const DataSplit& known, double fraction, std::uint64_t seed) {
  std::unordered_set<std::string> seen(known.train.begin(), known.train.end());
  seen.insert(known.val.begin(), known.val.end());
  Dataset unknown;
  unknown.classes = dataset.classes;
  unknown.has_own_split = dataset.has_own_split;
  const std::set<int> own_val(dataset.own_val.begin(), dataset.own_val.end());
  for (std::size_t i = 0; i < dataset.samples.size(); ++i) {
    if (seen.contains(dataset.samples[i].hash)) continue;
    if (own_val.contains(static_cast<int>(i))) unknown.own_val.push_back(static_cast<int>(unknown.samples.size()));
    unknown.samples.push_back(dataset.samples[i]);
  }
  DataSplit split = known;
  if (unknown.samples.empty()) return split;
  const DataSplit added = make_split(unknown, fraction, seed);
  split.train.insert(split.train.end(), added.train.begin(), added.train.end());
  split.val.insert(split.val.end(), added.val.begin(), added.val.end());
  std::ranges::sort(split.train);
  std::ranges::sort(split.val);
  return split;
}

std::string to_json_text(const DataSplit& split) {
  return nlohmann::json{{"seed", split.seed}, {"fraction", split.fraction}, {"train", split.train}, {"val", split.val}}
      .dump();
}

DataSplit split_from_json_text(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  try {
    return {json.at("seed").get<std::uint64_t>(), json.at("fraction").get<double>(),
            json.at("train").get<std::vector<std::string>>(), json.at("val").get<std::vector<std::string>>()};
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::kCorruptFile, "[split] expected {{seed, fraction, train, val}}: {}", error.what());
  }
}

std::vector<int> part_of(const Dataset& dataset, const DataSplit& split, Part part) {
  std::unordered_set<std::string> wanted;
  if (part == Part::kTrain) wanted.insert(split.train.begin(), split.train.end());
  if (part == Part::kVal) wanted.insert(split.val.begin(), split.val.end());
  std::vector<int> found;
  for (std::size_t i = 0; i < dataset.samples.size(); ++i)
    if (part == Part::kAll || wanted.contains(dataset.samples[i].hash)) found.push_back(static_cast<int>(i));
  return found;
}

bool knows_any(const Dataset& dataset, const DataSplit& split) {
  return !part_of(dataset, split, Part::kTrain).empty() || !part_of(dataset, split, Part::kVal).empty();
}

std::vector<int> draw(const Dataset& dataset, const std::vector<int>& from, int count, std::uint64_t seed) {
  std::map<int, std::vector<int>> by_class;
  for (const int i : from) by_class[dataset.samples[static_cast<std::size_t>(i)].label].push_back(i);
  std::vector<std::vector<int>*> classes;
  for (auto& [label, samples] : by_class) {
    std::ranges::sort(samples, {}, [&](int i) {
      const std::string& hash = dataset.samples[static_cast<std::size_t>(i)].hash;
      return std::pair(hash64(as_bytes(hash), seed), i);
    });
    classes.push_back(&samples);
  }
  // Which classes give one more when the count does not divide evenly is drawn too.
  Random random{seed, 0x636c6173};
  for (std::size_t i = classes.size(); i > 1; --i) std::swap(classes[i - 1], classes[random.below(i)]);
  std::vector<int> drawn;
  for (std::size_t round = 0; static_cast<int>(drawn.size()) < count; ++round) {
    const std::size_t before = drawn.size();
    for (const std::vector<int>* samples : classes)
      if (round < samples->size() && static_cast<int>(drawn.size()) < count) drawn.push_back((*samples)[round]);
    if (drawn.size() == before) break;
  }
  std::ranges::sort(drawn);
  return drawn;
}

}  // namespace fovea
