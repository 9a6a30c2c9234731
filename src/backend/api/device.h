#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/file.h"
#include "image/decode.h"

namespace fovea {

class PhotoDecoder;
struct PreprocessSpec;

/// What tactics may rely on, and an engine's fingerprint. CPU: `isa` is the capped instruction set.
enum class Isa : int { kBaseline, kAvx2, kAvx512, kAvx512Vnni, kAvx512Bf16, kAmx };
std::string_view name(Isa isa);            ///< "x86-64", "avx2", "avx512", "avx512_vnni", "avx512_bf16", "amx"
Isa isa_from_name(std::string_view name);  ///< kInvalidArgument listing the names

struct DeviceInfo {
  std::string backend;      ///< "cpu", "cuda", …
  std::string description;  ///< for people: model name, cores
  Isa isa = Isa::kBaseline;
  int compute_capability = 0;          ///< GPUs: 90 is 9.0
  std::vector<std::string> libraries;  ///< "oneDNN 3.2.0": those whose tactics may be used
  std::size_t l2_bytes = 0;
  std::size_t last_level_cache_bytes = 0;
  /// What an engine tuned here needs, one line: "backend=cpu isa=avx512_bf16 lib=oneDNN-3.2.0". Stored in engines.
  std::string fingerprint() const;
  /// Why an engine with that fingerprint can't run here, in words ("the instruction set amx, this machine has avx2");
  /// empty: it can. A wider instruction set than needed is fine; libraries must be the same.
  std::string missing(std::string_view fingerprint) const;
  /// The fingerprint and the machine itself: timings are comparable where this is equal. Keys timing caches.
  std::string tuning_key() const;
};

/// Memory of a device; RAII. `data()` is addressable by the device's steps.
class Buffer {
 public:
  virtual ~Buffer() = default;
  virtual std::byte* data() = 0;
  virtual std::size_t size() const = 0;
};

/// An order of work. CPU: steps run at once on the caller's thread and `threads` of OpenMP's pool. One thread at a
/// time.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void synchronize() = 0;
  int threads = 1;
};

/// What a library compiled for a step: its own bytes, by a key of the problem. Kept in engines and beside timing
/// caches, so that it is compiled once; to be trusted like a program.
struct Compiled {
  std::string key;
  Bytes bytes;
  bool operator==(const Compiled&) const = default;
};

/// Work that was recorded once and runs as one (a CUDA graph). One replay at a time; goes before its device.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual void replay(Stream& stream) = 0;
};

/// Thread-safe.
class Device {
 public:
  virtual ~Device() = default;
  virtual const DeviceInfo& info() const = 0;
  virtual std::unique_ptr<Buffer> allocate(std::size_t bytes) = 0;  ///< kOutOfMemory
  virtual std::unique_ptr<Stream> make_stream(int threads) = 0;
  virtual void upload(std::byte* to, std::span<const std::byte> from, Stream& stream) = 0;
  virtual void download(std::span<std::byte> to, const std::byte* from, Stream& stream) = 0;
  /// Makes the caches forget these bytes, so that the next step finds them in memory: for timing. They stay as they
  /// are.
  virtual void evict(std::span<const std::byte> bytes, Stream& stream) = 0;
  /// Records what `work` puts on the stream; it must have run once before. Null where nothing is gained: run the work
  /// itself then.
  virtual std::unique_ptr<Recording> record(Stream& stream, const std::function<void()>& work);
  /// Steps that are made after this take what an earlier process compiled instead of compiling it again.
  virtual void adopt(std::span<const Compiled> compiled) { static_cast<void>(compiled); }
  /// What was adopted, and what steps that were asked for it compiled (Step::compiled), by key.
  virtual std::vector<Compiled> compiled() const { return {}; }
  /// Null where the device decodes no photos.
  virtual std::unique_ptr<PhotoDecoder> make_photo_decoder(const PreprocessSpec& spec, const DecodeLimits& limits);
  /// How many steps are best made at once: more than one where a library compiles each.
  virtual int makers() const { return 1; }
  /// Microseconds that the work takes, from an idle stream to its end; where launching is no part of it (a GPU), the
  /// work alone.
  virtual double time(Stream& stream, const std::function<void()>& work);
};

}  // namespace fovea
