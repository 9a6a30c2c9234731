#include "base/io/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "base/error.h"
#include "testing/temp_dir.h"
#include "testing/thrown.h"

namespace fovea {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

/// A file system of 64 KiB, where this process may mount one.
class TinyDisk {
 public:
  explicit TinyDisk(fs::path at) : at_(std::move(at)) {
    fs::create_directory(at_);
    mounted_ = ::mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=64k") == 0;
  }
  ~TinyDisk() {
    if (mounted_) ::umount(at_.c_str());
  }
  TinyDisk(const TinyDisk&) = delete;
  TinyDisk& operator=(const TinyDisk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  fs::path at_;
  bool mounted_ = false;
};

TEST(File, WhatWasWrittenIsReadAgain) {
  const TempDir dir;
  const Bytes bytes = {std::byte{0}, std::byte{255}, std::byte{'\n'}, std::byte{0}};
  write_atomic(dir / "a.bin", bytes);
  EXPECT_EQ(read_file(dir / "a.bin"), bytes);
  write_atomic(dir / "a.bin", std::string_view("text"));
  EXPECT_EQ(read_text(dir / "a.bin"), "text");
  write_atomic(dir / "empty", std::string_view());
  EXPECT_TRUE(read_file(dir / "empty").empty());
}

TEST(File, MissingParentFoldersAreMade) {
  const TempDir dir;
  write_atomic(dir / "x/y/z.txt", std::string_view("deep"));
  EXPECT_EQ(read_text(dir / "x/y/z.txt"), "deep");
}

TEST(File, ReadRefusesWhatIsTooLargeOrNoFile) {
  const TempDir dir;
  write_atomic(dir / "ten", std::string_view("0123456789"));
  EXPECT_EQ(read_text(dir / "ten", 10).size(), 10U);
  EXPECT_EQ(kind_of([&] { read_text(dir / "ten", 9); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of([&] { read_file(dir.path()); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of([&] { read_file("/dev/zero"); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of([&] { read_file(dir / "absent"); }), ErrorKind::kNotFound);
}

TEST(File, APipeWithoutAWriterDoesNotHang) {
  const TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(kind_of([&] { read_file(dir / "pipe"); }), ErrorKind::kInvalidArgument);
}

TEST(File, LimitIsCheckedBeforeAnythingIsAllocated) {
  const TempDir dir;
  write_atomic(dir / "sparse", std::string_view("x"));
  fs::resize_file(dir / "sparse", std::uintmax_t{1} << 40);  // a terabyte of holes
  EXPECT_EQ(kind_of([&] { read_file(dir / "sparse"); }), ErrorKind::kInvalidArgument);
}

TEST(File, MessageNamesThePathAndTheReason) {
  const TempDir dir;
  try {
    read_file(dir / "absent.onnx");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("absent.onnx"));
    EXPECT_THAT(error.message(), HasSubstr("No such file"));
  }
}

TEST(File, AFailedWriteLeavesTheOldFileAndNothingElse) {
  const TempDir dir;
  fs::create_directory(dir / "taken");
  EXPECT_EQ(kind_of([&] { write_atomic(dir / "taken", std::string_view("x")); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(names_in(dir.path()), std::vector<std::string>{"taken"});
  EXPECT_EQ(kind_of([&] { write_atomic("/proc/no/file", std::string_view("x")); }), ErrorKind::kInvalidArgument);
}

TEST(File, AFullDiskLeavesTheOldFileAndNothingElse) {
  const TempDir dir;
  const TinyDisk disk(dir / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  write_atomic(dir / "disk/kept", std::string_view("old"));
  try {
    write_atomic(dir / "disk/kept", Bytes(1 << 20));
    FAIL() << "a mebibyte fitted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_THAT(error.message(), HasSubstr("No space left"));
  }
  EXPECT_EQ(read_text(dir / "disk/kept"), "old");
  EXPECT_EQ(names_in(dir / "disk"), std::vector<std::string>{"kept"});
}

TEST(File, AFifoIsWrittenToAndALinkStaysALink) {
  TempDir dir;
  const fs::path fifo = dir / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  std::string read;
  std::thread reader([&] {
    std::FILE* file = std::fopen(fifo.c_str(), "r");
    char part[16];
    while (const std::size_t got = std::fread(part, 1, sizeof part, file)) read.append(part, got);
    std::fclose(file);
  });
  write_atomic(fifo, "through");
  reader.join();
  EXPECT_EQ(read, "through");
  EXPECT_TRUE(fs::is_fifo(fifo));
  write_atomic(dir / "target", "old");
  fs::create_symlink(dir / "target", dir / "link");
  write_atomic(dir / "link", "new");
  EXPECT_TRUE(fs::is_symlink(dir / "link"));
  EXPECT_EQ(read_text(dir / "target"), "new");
  fs::create_directories(dir / "folder");
  EXPECT_EQ(kind_of([&] { write_atomic(dir / "folder", "x"); }), ErrorKind::kInvalidArgument);
}

TEST(File, ReadersNeverSeeHalfAFile) {
  const TempDir dir;
  const fs::path path = dir / "swapped";
  write_atomic(path, std::string(50000, 'a'));
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 1; i < 40; ++i) write_atomic(path, std::string(50000, static_cast<char>('a' + i % 26)));
    stop = true;
  });
  while (!stop) {
    const std::string seen = read_text(path);
    EXPECT_EQ(seen, std::string(50000, seen.empty() ? '?' : seen.front()));
  }
  writer.join();
  EXPECT_EQ(names_in(dir.path()).size(), 1U);
}

}  // namespace
}  // namespace fovea
