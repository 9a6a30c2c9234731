#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "train/api.h"
#include "train/learner.h"

// Internal: what an interrupted run needs to go on as if nothing had happened.
namespace fovea::train {

struct Checkpoint {
  std::map<std::string, std::string> fingerprint;  ///< see recipe.h
  std::vector<EpochFigures> epochs;                ///< those that are done
  std::vector<SkippedImage> skipped;
  std::vector<StateTensor> state;
};

/// Little-endian: magic "FOVEACKP", u32 version, u32 CRC-32 of the rest, u64 length of a JSON header (fingerprint,
/// epochs, skipped, names and shapes), the header, the tensors as f32 one after the other. Replaced as a whole
/// (write_atomic).
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);
/// kNotFound, kCorruptFile.
Checkpoint read_checkpoint(const std::filesystem::path& path);
/// kInvalidArgument naming the first option that differs.
void check_fingerprint(const std::filesystem::path& path, const std::map<std::string, std::string>& theirs,
                       const std::map<std::string, std::string>& ours);

}  // namespace fovea::train
