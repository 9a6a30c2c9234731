#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace fovea {

/// A read-only mapping of a whole regular file; page-aligned. kNotFound, kInvalidArgument.
class FileMapping {
 public:
  explicit FileMapping(const std::filesystem::path& path);
  ~FileMapping();
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace fovea
