#include "engine/photo_context.h"

#include "base/parallel/parallel.h"

namespace fovea {

DecodeOn decode_on_from_name(const std::string& name) {
  if (name == "auto") return DecodeOn::kAuto;
  if (name == "cpu") return DecodeOn::kCpu;
  require(name == "device", ErrorKind::kInvalidArgument, "[decode] '{}' given, expected auto, cpu or device", name);
  return DecodeOn::kDevice;
}

PhotoContext::PhotoContext(std::shared_ptr<const Executor> executor, const DecodeLimits& limits, DecodeOn where,
                           int threads)
    : pixels_(std::move(executor), threads), limits_(limits) {
  const EngineInfo& info = pixels_.executor().engine().info;
  if (where != DecodeOn::kCpu && info.pixel_input)
    decoder_ = pixels_.executor().device().make_photo_decoder(info.preprocess, limits);
  require(decoder_ || where != DecodeOn::kDevice, ErrorKind::kUnsupported,
          "[decode] photos are not decoded on the device: {}",
          info.pixel_input ? "it has no decoder, or the preprocessing is none for it" : "the engine takes tensors");
}

std::vector<std::optional<Error>> PhotoContext::run(std::span<const Encoded> photos, std::span<float> probabilities) {
  std::vector<std::optional<Error>> errors(photos.size());
  const auto n = static_cast<std::int64_t>(photos.size());
  if (!decoder_) {
    prepare(photos, std::vector<bool>(photos.size()), errors);
    pixels_.run(prepared_, n, probabilities);
    return errors;
  }
  const std::size_t bytes = pixels_.executor().engine().info.preprocess.pixel_bytes();
  const auto fill = [&](std::byte* input, std::size_t first, std::size_t count, Stream& stream) {
    const auto part = photos.subspan(first, count);
    const std::vector<bool> done = decoder_->run(part, input, stream);
    prepare(part, done, std::span(errors).subspan(first, count));
    for (std::size_t i = 0; i < count; ++i)
      if (!done[i] && !errors[first + i])
        pixels_.executor().device().upload(input + i * bytes,
                                           std::as_bytes(std::span(prepared_).subspan(i * bytes, bytes)), stream);
  };
  pixels_.context().run(fill, n, probabilities);
  return errors;
}

void PhotoContext::prepare(std::span<const Encoded> photos, const std::vector<bool>& done,
                           std::span<std::optional<Error>> errors) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < photos.size(); ++i)
    if (!done[i]) open.push_back(i);
  if (open.empty()) return;
  const PreprocessSpec& spec = pixels_.executor().engine().info.preprocess;
  const std::size_t bytes = spec.pixel_bytes();
  prepared_.resize(photos.size() * bytes);
  const auto one = [&](std::int64_t k) {
    const std::size_t i = open[static_cast<std::size_t>(k)];
    try {
      preprocess_encoded(photos[i], spec, limits_, std::span(prepared_).subspan(i * bytes, bytes));
    } catch (const Error& error) {
      errors[i] = error;
    }
  };
  open.size() == 1 ? one(0) : parallel_for(static_cast<std::int64_t>(open.size()), one);
}

}  // namespace fovea
