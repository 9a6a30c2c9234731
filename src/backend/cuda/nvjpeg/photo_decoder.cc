#include "backend/cuda/nvjpeg/photo_decoder.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include "backend/cuda/check.h"
#include "backend/cuda/device.h"
#include "backend/cuda/kernels/resize.h"
#include "backend/cuda/nvjpeg/library.h"
#include "base/log/log.h"
#include "image/placement.h"
#include "image/plain_jpeg.h"

namespace fovea::cuda::nvjpeg {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::size_t round_up(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// Memory that grows and is kept from batch to batch.
class Room {
 public:
  std::byte* of(std::size_t bytes) {
    if (!buffer_ || buffer_->size() < bytes) {
      buffer_.reset();
      buffer_ = std::make_unique<CudaBuffer>(bytes + bytes / 4);
    }
    return buffer_->data();
  }

 private:
  std::unique_ptr<CudaBuffer> buffer_;
};

/// The host's, page-locked: copies from it need not wait.
class PinnedRoom {
 public:
  ~PinnedRoom() { cudaFreeHost(data_); }
  std::byte* of(std::size_t bytes) {
    if (size_ >= bytes) return data_;
    FOVEA_CUDA(cudaFreeHost(data_));
    data_ = nullptr;
    size_ = 0;
    void* memory = nullptr;
    FOVEA_CUDA(cudaMallocHost(&memory, bytes * 2));
    data_ = static_cast<std::byte*>(memory);
    size_ = bytes * 2;
    return data_;
  }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// One axis's taps as the kernel reads them: positions, then weights.
Bytes packed(const Taps& taps) {
  std::vector<DeviceTap> positions;
  for (const Taps::Position& position : taps.positions)
    positions.push_back({position.first, position.count, static_cast<int>(position.weights)});
  const std::size_t head = positions.size() * sizeof(DeviceTap), tail = taps.weights.size() * sizeof(std::int32_t);
  Bytes bytes(round_up(head + tail));
  std::memcpy(bytes.data(), positions.data(), head);
  std::memcpy(bytes.data() + head, taps.weights.data(), tail);
  return bytes;
}

/// How photos of one size become pixels.
struct Recipe {
  Placement placed;
  int first_row = 0, rows = 0;
  Bytes across, down;
};

Recipe make_recipe(const JpegSize& size, const PreprocessSpec& spec) {
  Recipe recipe;
  recipe.placed = place(size.width, size.height, spec);
  const auto& [box, window, left, top] = recipe.placed;
  const Taps across =
      make_taps({size.width, box.x, box.width, box.out_width, window.x, window.width}, spec.filter, spec.antialias);
  const Taps down =
      make_taps({size.height, box.y, box.height, box.out_height, window.y, window.height}, spec.filter, spec.antialias);
  recipe.first_row = down.begin();
  recipe.rows = down.end() - down.begin();
  recipe.across = packed(across);
  recipe.down = packed(down);
  return recipe;
}

class NvJpegDecoder final : public PhotoDecoder {
 public:
  NvJpegDecoder(const PreprocessSpec& spec, const DecodeLimits& limits) : spec_(spec), limits_(limits) {
    output_ = {spec.width, spec.height, spec.channels(), spec.color == ColorOrder::kBgr, {}};
    std::copy(spec.fill.begin(), spec.fill.end(), output_.fill);
  }

  std::vector<bool> run(std::span<const Encoded> photos, std::byte* pixels, Stream& stream) override {
    std::vector<bool> taken(photos.size());
    std::vector<Work> batch;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < photos.size(); ++i) {
      const auto size = plain_jpeg(photos[i], limits_);
      if (!size || !affordable(bytes, *size)) continue;
      batch.push_back({photos[i], *size, pixels + i * spec_.pixel_bytes(), nullptr});
      taken[i] = true;
    }
    if (batch.empty()) return taken;
    try {
      decode(batch, stream_of(stream));
    } catch (const Error& error) {  // one photo that nvJPEG refuses is enough: decode() says which and why
      log_debug("{} photos are decoded by the CPU: {}", batch.size(), error.message());
      initialized_ = 0;
      cudaStreamSynchronize(stream_of(stream));
      return std::vector<bool>(photos.size());
    }
    resize(batch, stream_of(stream));
    return taken;
  }

 private:
  struct Work {
    Encoded encoded;
    JpegSize size;
    std::byte* pixels;
    std::uint8_t* decoded;
    std::size_t pitch() const { return round_up(static_cast<std::size_t>(size.width) * 3); }
    std::size_t bytes() const { return pitch() * static_cast<std::size_t>(size.height); }
  };

  /// Whether a photo's decoded form fits beside the others'; what does not goes through the CPU one by one.
  static bool affordable(std::size_t& sum, const JpegSize& size) {
    constexpr std::size_t kMostDecoded = std::size_t{4} << 30;
    const std::size_t bytes = Work{{}, size, nullptr, nullptr}.bytes();
    if (sum + bytes > kMostDecoded) return false;
    sum += bytes;
    return true;
  }

  void decode(std::vector<Work>& batch, cudaStream_t stream) {
    std::size_t sum = 0;
    for (const Work& work : batch) sum += work.bytes();
    auto* to = reinterpret_cast<std::uint8_t*>(decoded_.of(sum));
    std::vector<const unsigned char*> data;
    std::vector<std::size_t> lengths;
    std::vector<Destination> destinations;
    for (Work& work : batch) {
      work.decoded = to;
      to += work.bytes();
      data.push_back(reinterpret_cast<const unsigned char*>(work.encoded.data()));
      lengths.push_back(work.encoded.size());
      destinations.push_back({{work.decoded}, {work.pitch()}});
    }
    constexpr int kThreads = 4;  // of a fallback that reads Huffman codes on the host
    if (initialized_ != batch.size())
      FOVEA_NVJPEG(
          initialize(handle_.get(), handle_.state(), static_cast<int>(batch.size()), kThreads, kInterleavedRgb));
    initialized_ = batch.size();
    FOVEA_NVJPEG(decode(handle_.get(), handle_.state(), data.data(), lengths.data(), destinations.data(), stream));
  }

  const Recipe& recipe(const JpegSize& size) {
    constexpr std::size_t kMostRecipes = 256;
    const std::pair key{size.width, size.height};
    if (recipes_.size() >= kMostRecipes && !recipes_.contains(key)) recipes_.clear();
    const auto known = recipes_.find(key);
    return known != recipes_.end() ? known->second : recipes_.emplace(key, make_recipe(size, spec_)).first->second;
  }

  /// Jobs, then the taps of each photo; one copy for the batch. Sizes that recur are computed once.
  void resize(const std::vector<Work>& batch, cudaStream_t stream) {
    std::size_t bytes = round_up(batch.size() * sizeof(ResizeJob)), between = 0;
    int most_rows = 0;
    for (const Work& work : batch) {
      const Recipe& how = recipe(work.size);
      bytes += how.across.size() + how.down.size();
      between += narrowed_bytes(how);
      most_rows = std::max(most_rows, how.rows);
    }
    std::byte* const staged = staging_.of(bytes);
    std::byte* const uploaded = tables_.of(bytes);
    auto* narrowed = reinterpret_cast<std::uint8_t*>(narrowed_.of(between));
    std::size_t at = round_up(batch.size() * sizeof(ResizeJob));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Recipe& how = recipe(batch[i].size);
      const auto put = [&](const Bytes& taps) {
        std::memcpy(staged + at, taps.data(), taps.size());
        const std::byte* const there = uploaded + at;
        at += taps.size();
        return there;
      };
      const ResizeJob job = job_of(batch[i], how, narrowed, put(how.across), put(how.down));
      std::memcpy(staged + i * sizeof(ResizeJob), &job, sizeof(job));
      narrowed += narrowed_bytes(how);
    }
    FOVEA_CUDA(cudaMemcpyAsync(uploaded, staged, bytes, cudaMemcpyHostToDevice, stream));
    launch_resize(reinterpret_cast<const ResizeJob*>(uploaded), static_cast<int>(batch.size()), most_rows, output_,
                  stream);
    FOVEA_CUDA(cudaGetLastError());
  }

  static std::size_t narrowed_bytes(const Recipe& how) {
    return round_up(static_cast<std::size_t>(how.rows) * static_cast<std::size_t>(how.placed.window.width) * 3);
  }

  static ResizeJob job_of(const Work& work, const Recipe& how, std::uint8_t* narrowed, const std::byte* across,
                          const std::byte* down) {
    const CropWindow& window = how.placed.window;
    const auto weights = [](const std::byte* taps, int positions) {
      return reinterpret_cast<const std::int32_t*>(taps + static_cast<std::size_t>(positions) * sizeof(DeviceTap));
    };
    return {work.decoded,
            narrowed,
            reinterpret_cast<std::uint8_t*>(work.pixels),
            reinterpret_cast<const DeviceTap*>(across),
            reinterpret_cast<const DeviceTap*>(down),
            weights(across, window.width),
            weights(down, window.height),
            static_cast<int>(work.pitch()),
            how.first_row,
            how.rows,
            window.width,
            window.height,
            how.placed.left,
            how.placed.top};
  }

  PreprocessSpec spec_;
  DecodeLimits limits_;
  ResizeOutput output_{};
  Handle handle_;
  std::size_t initialized_ = 0;  ///< photos that nvJPEG was told to expect
  std::map<std::pair<int, int>, Recipe> recipes_;
  Room decoded_, narrowed_, tables_;
  PinnedRoom staging_;
};

}  // namespace

std::unique_ptr<PhotoDecoder> make_photo_decoder(const PreprocessSpec& spec, const DecodeLimits& limits) {
  if (spec.scaled_decode) return nullptr;  // decoding at a fraction is the CPU's
  if (library() == nullptr) {
    static std::once_flag said;
    std::call_once(said, [] { log_info("no libnvjpeg on the loader's path: photos are decoded by the CPU"); });
    return nullptr;
  }
  return std::make_unique<NvJpegDecoder>(spec, limits);
}

}  // namespace fovea::cuda::nvjpeg
