#pragma once

#include <filesystem>

namespace fovea {

/// Holds other programs off while a file is read, changed and replaced: an advisory lock (flock) on the file's folder,
/// as the file itself is another one after write_atomic. Waits for its turn. Missing folders are made; where the system
/// has no such locks (some network file systems) it holds nobody off.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& file);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace fovea
