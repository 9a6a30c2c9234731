#include "train/checkpoint.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/io/file.h"
#include "base/io/hash.h"
#include "base/json_text.h"

namespace fovea::train {
namespace {

using nlohmann::json;

constexpr std::string_view kMagic = "FOVEACKP";
constexpr std::uint32_t kVersion = 1;

struct Prefix {
  char magic[8];
  std::uint32_t version, crc;
  std::uint64_t header_bytes;
};
static_assert(sizeof(Prefix) == 24);

json to_json(const EpochFigures& e) {
  return {{"epoch", e.epoch},
          {"loss", e.loss},
          {"accuracy", e.accuracy},
          {"val_loss", e.val_loss},
          {"val_accuracy", e.val_accuracy},
          {"seconds", e.seconds},
          {"images_per_second", e.images_per_second},
          {"learning_rate", e.learning_rate},
          {"observation", e.observation}};
}

EpochFigures figures_from(const json& j) {
  return {j.at("epoch"),        j.at("loss"),    j.at("accuracy"),          j.at("val_loss"),
          j.at("val_accuracy"), j.at("seconds"), j.at("images_per_second"), j.at("learning_rate"),
          j.at("observation")};
}

json header_of(const Checkpoint& checkpoint) {
  json header = {{"fingerprint", checkpoint.fingerprint}};
  header["epochs"] = json::array();
  for (const EpochFigures& e : checkpoint.epochs) header["epochs"].push_back(to_json(e));
  header["skipped"] = json::array();
  for (const SkippedImage& s : checkpoint.skipped) header["skipped"].push_back({s.file.string(), s.reason});
  header["tensors"] = json::array();
  for (const StateTensor& s : checkpoint.state) header["tensors"].push_back({s.name, s.tensor.shape().dims()});
  return header;
}

void append(Bytes& bytes, std::span<const std::byte> more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

std::vector<StateTensor> read_tensors(const json& list, std::span<const std::byte> data) {
  std::vector<StateTensor> state;
  for (const json& entry : list) {
    Tensor tensor(DType::kF32, Shape(entry.at(1).get<std::vector<std::int64_t>>()));
    require(tensor.byte_size() <= data.size(), ErrorKind::kCorruptFile, "[checkpoint] \"{}\" ends beyond the file",
            entry.at(0).get<std::string>());
    if (tensor.byte_size() > 0) std::memcpy(tensor.bytes().data(), data.data(), tensor.byte_size());
    data = data.subspan(tensor.byte_size());
    state.push_back({entry.at(0), std::move(tensor)});
  }
  return state;
}

Checkpoint parse(std::span<const std::byte> header_bytes, std::span<const std::byte> data) {
  const json header = json::parse(as_text(header_bytes));
  Checkpoint checkpoint;
  checkpoint.fingerprint = header.at("fingerprint").get<std::map<std::string, std::string>>();
  for (const json& e : header.at("epochs")) checkpoint.epochs.push_back(figures_from(e));
  for (const json& s : header.at("skipped")) checkpoint.skipped.push_back({s.at(0).get<std::string>(), s.at(1)});
  checkpoint.state = read_tensors(header.at("tensors"), data);
  return checkpoint;
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  const std::string header = json_text(header_of(checkpoint));
  Prefix prefix{{}, kVersion, 0, header.size()};
  std::memcpy(prefix.magic, kMagic.data(), kMagic.size());
  Bytes bytes(sizeof(Prefix));
  append(bytes, as_bytes(header));
  for (const StateTensor& s : checkpoint.state) append(bytes, s.tensor.bytes());
  prefix.crc = crc32(std::span<const std::byte>(bytes).subspan(sizeof(Prefix)));
  std::memcpy(bytes.data(), &prefix, sizeof(Prefix));
  write_atomic(path, bytes);
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  const Bytes bytes = read_file(path);
  Prefix prefix{};
  require(bytes.size() >= sizeof(Prefix), ErrorKind::kCorruptFile, "[checkpoint] {} is no checkpoint: {} bytes",
          path.string(), bytes.size());
  std::memcpy(&prefix, bytes.data(), sizeof(Prefix));
  const auto rest = std::span<const std::byte>(bytes).subspan(sizeof(Prefix));
  const bool known = std::string_view(prefix.magic, sizeof(prefix.magic)) == kMagic && prefix.version == kVersion;
  require(known && prefix.header_bytes <= rest.size(), ErrorKind::kCorruptFile,
          "[checkpoint] {} is no checkpoint of this version", path.string());
  require(crc32(rest) == prefix.crc, ErrorKind::kCorruptFile, "[checkpoint] {} is damaged: its checksum is wrong",
          path.string());
  try {
    return parse(rest.first(prefix.header_bytes), rest.subspan(prefix.header_bytes));
  } catch (const json::exception& error) {
    fail(ErrorKind::kCorruptFile, "[checkpoint] {} has a header that can't be read: {}", path.string(), error.what());
  }
}

void check_fingerprint(const std::filesystem::path& path, const std::map<std::string, std::string>& theirs,
                       const std::map<std::string, std::string>& ours) {
  for (const auto& [name, value] : ours) {
    const auto found = theirs.find(name);
    require(
        found != theirs.end() && found->second == value, ErrorKind::kInvalidArgument,
        "[resume] {} was made with another {} ({}, now {}); give the same options, or leave out --resume to start anew",
        path.string(), name, found == theirs.end() ? "none" : found->second, value);
  }
}

}  // namespace fovea::train
