#include "engine/mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace fovea {

FileMapping::FileMapping(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  require(fd >= 0, ErrorKind::kNotFound, "cannot open {}: {}", path.string(), std::strerror(errno));
  struct stat info = {};
  const bool regular = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;
  const auto size = regular ? static_cast<std::size_t>(info.st_size) : 0;
  void* const memory = regular ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
  ::close(fd);
  require(memory != MAP_FAILED, ErrorKind::kInvalidArgument, "cannot map {}", path.string());
  bytes_ = {static_cast<const std::byte*>(memory), size};
}

FileMapping::~FileMapping() { ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size()); }

}  // namespace fovea
