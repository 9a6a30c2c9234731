#include "engine/format.h"

#include <bit>
#include <cstring>
#include <limits>

namespace fovea::engine_format {

double ByteReader::real() { return std::bit_cast<double>(number<std::uint64_t>()); }

std::string ByteReader::text() { return std::string(as_text(take(number<std::uint32_t>()))); }

std::size_t ByteReader::count(std::size_t least_bytes) {
  const auto n = static_cast<std::size_t>(number<std::uint32_t>());
  require(n <= bytes_.size() / least_bytes, ErrorKind::kCorruptFile, "[engine] {}: {} entries in {} bytes", where_, n,
          bytes_.size());
  return n;
}

std::span<const std::byte> ByteReader::take(std::uint64_t bytes) {
  require(bytes <= bytes_.size(), ErrorKind::kCorruptFile, "[engine] {}: ends {} bytes early", where_,
          bytes - bytes_.size());
  const std::span<const std::byte> taken = bytes_.first(static_cast<std::size_t>(bytes));
  bytes_ = bytes_.subspan(static_cast<std::size_t>(bytes));
  return taken;
}

void ByteReader::finish() const {
  require(bytes_.empty(), ErrorKind::kCorruptFile, "[engine] {}: {} bytes too many", where_, bytes_.size());
}

void ByteWriter::real(double value) { number(std::bit_cast<std::uint64_t>(value)); }

void ByteWriter::text(std::string_view text) {
  count(text.size());
  raw(as_bytes(text));
}

void ByteWriter::raw(std::span<const std::byte> bytes) {
  const std::size_t at = out_.size();
  out_.resize(at + bytes.size());
  if (!bytes.empty()) std::memcpy(out_.data() + at, bytes.data(), bytes.size());
}

void ByteWriter::count(std::size_t n) {
  require(n <= std::numeric_limits<std::uint32_t>::max(), ErrorKind::kInvalidArgument,
          "[engine] {} entries do not fit into the file format", n);
  number(static_cast<std::uint32_t>(n));
}

}  // namespace fovea::engine_format
