#include "base/io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/memory_error.h"

namespace fovea {
namespace fs = std::filesystem;
namespace {

class FileHandle {
 public:
  explicit FileHandle(int fd) : fd_(fd) {}
  ~FileHandle() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

template <typename Container>
Container read_as(const fs::path& path, std::uint64_t max_bytes) {
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) fail(ErrorKind::kNotFound, "cannot open {}: {}", path.string(), std::strerror(errno));
  struct stat info = {};
  if (::fstat(file.get(), &info) != 0)
    fail(ErrorKind::kNotFound, "cannot stat {}: {}", path.string(), std::strerror(errno));
  require(S_ISREG(info.st_mode), ErrorKind::kInvalidArgument, "{} is not a regular file", path.string());
  const auto size = static_cast<std::uint64_t>(info.st_size);
  require(size <= max_bytes, ErrorKind::kInvalidArgument, "{} has {} bytes, the limit is {}", path.string(), size,
          max_bytes);
  Container content;
  with_memory_errors("file", [&] { content.resize(static_cast<std::size_t>(size)); });
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(file.get(), reinterpret_cast<char*>(content.data()) + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(ErrorKind::kInvalidArgument, "cannot read {}: {}", path.string(), std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
  return content;
}

void write_all(int fd, std::span<const std::byte> bytes, const fs::path& path) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail(ErrorKind::kInvalidArgument, "cannot write {}: {}", path.string(), std::strerror(errno));
    done += static_cast<std::size_t>(put);
  }
}

/// A device or a FIFO can't be replaced, only written to: a rename over /dev/null would end it.
bool is_special(const fs::path& path) {
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

/// What a symbolic link stands for is replaced, not the link.
fs::path behind_links(const fs::path& path) {
  std::error_code code;
  if (!fs::is_symlink(path, code)) return path;
  const fs::path target = fs::canonical(path, code);
  return code ? path : target;
}

void write_special(const fs::path& path, std::span<const std::byte> bytes) {
  FileHandle file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) fail(ErrorKind::kInvalidArgument, "cannot open {}: {}", path.string(), std::strerror(errno));
  write_all(file.get(), bytes, path);
}

}  // namespace

Bytes read_file(const fs::path& path, std::uint64_t max_bytes) { return read_as<Bytes>(path, max_bytes); }

std::string read_text(const fs::path& path, std::uint64_t max_bytes) { return read_as<std::string>(path, max_bytes); }

void write_atomic(const fs::path& given, std::span<const std::byte> bytes) {
  static std::atomic<unsigned> counter{0};
  if (is_special(given)) return write_special(given, bytes);
  const fs::path path = behind_links(given);
  std::error_code code;
  require(!fs::is_directory(path, code), ErrorKind::kInvalidArgument, "cannot write {}: it is a folder", path.string());
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), code);
  fs::path temporary = path;
  temporary += fmt::format(".{}.{}.tmp", ::getpid(), counter.fetch_add(1));
  try {
    FileHandle file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.get() < 0) fail(ErrorKind::kInvalidArgument, "cannot create {}: {}", path.string(), std::strerror(errno));
    write_all(file.get(), bytes, path);
    if (::fsync(file.get()) != 0 && errno != EINVAL)
      fail(ErrorKind::kInvalidArgument, "cannot write {}: {}", path.string(), std::strerror(errno));
    if (::rename(temporary.c_str(), path.c_str()) != 0)
      fail(ErrorKind::kInvalidArgument, "cannot replace {}: {}", path.string(), std::strerror(errno));
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

void write_atomic(const fs::path& path, std::string_view text) { write_atomic(path, as_bytes(text)); }

}  // namespace fovea
