#include "compiler/compiled_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/plain_engine.h"
#include "testing/temp_dir.h"

namespace fovea {
namespace {

/// The CPU, with a library that has compiled something.
class CompilingDevice final : public Device {
 public:
  explicit CompilingDevice(std::vector<Compiled> compiled) : compiled_(std::move(compiled)) {}
  const DeviceInfo& info() const override { return info_; }
  std::unique_ptr<Buffer> allocate(std::size_t bytes) override { return cpu_->allocate(bytes); }
  std::unique_ptr<Stream> make_stream(int threads) override { return cpu_->make_stream(threads); }
  void upload(std::byte* to, std::span<const std::byte> from, Stream& stream) override {
    cpu_->upload(to, from, stream);
  }
  void download(std::span<std::byte> to, const std::byte* from, Stream& stream) override {
    cpu_->download(to, from, stream);
  }
  void evict(std::span<const std::byte> bytes, Stream& stream) override { cpu_->evict(bytes, stream); }
  void adopt(std::span<const Compiled> compiled) override { compiled_.assign(compiled.begin(), compiled.end()); }
  std::vector<Compiled> compiled() const override { return compiled_; }
  void become(std::string description) { info_.description = std::move(description); }

 private:
  std::shared_ptr<Device> cpu_ = cpu_backend_for_tests().open(Isa::kAmx, 0);
  DeviceInfo info_ = cpu_->info();
  std::vector<Compiled> compiled_;
};

Bytes bytes_of(std::string_view text) {
  const auto raw = as_bytes(text);
  return {raw.begin(), raw.end()};
}

TEST(CompiledCache, GivesBackWhatTheSameDeviceCompiled) {
  const TempDir folder;
  const std::vector<Compiled> compiled = {{"conv a", bytes_of("kernel")}, {"conv b", {}}};
  const CompilingDevice device(compiled);
  save_compiled(folder / "times", device);
  CompilingDevice again({});
  adopt_compiled(folder / "times", again);
  EXPECT_EQ(again.compiled(), compiled);
  CompilingDevice other({});
  other.become("another GPU");
  adopt_compiled(folder / "times", other);
  EXPECT_TRUE(other.compiled().empty());
}

TEST(CompiledCache, UsesNothingOfADamagedFile) {
  const TempDir folder;
  save_compiled(folder / "times", CompilingDevice({{"conv a", bytes_of("kernel")}}));
  const Bytes whole = read_file(folder / "times.compiled");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes damaged = whole;
    damaged[i] ^= std::byte{1};
    write_atomic(folder / "times.compiled", damaged);
    CompilingDevice device({});
    adopt_compiled(folder / "times", device);
    EXPECT_TRUE(device.compiled().empty()) << "byte " << i;
    write_atomic(folder / "times.compiled", std::span(whole).first(i));
    adopt_compiled(folder / "times", device);
    EXPECT_TRUE(device.compiled().empty()) << i << " bytes";
  }
}

TEST(CompiledCache, WritesNoFileWhereNothingIsCompiled) {
  const TempDir folder;
  save_compiled(folder / "times", CompilingDevice({}));
  save_compiled("", CompilingDevice({{"conv a", bytes_of("kernel")}}));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  CompilingDevice device({});
  adopt_compiled(folder / "times", device);
  EXPECT_TRUE(device.compiled().empty());
}

}  // namespace
}  // namespace fovea
