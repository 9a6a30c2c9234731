#include "base/io/hash.h"

#include <gtest/gtest.h>

#include <set>

#include "base/io/file.h"

namespace fovea {
namespace {

TEST(Hash, Crc32HasThePublishedCheckValue) {
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xcbf43926U);  // the check value of CRC-32/ISO-HDLC
  EXPECT_EQ(crc32({}), 0U);
  EXPECT_EQ(crc32(as_bytes(std::string_view("\0", 1))), 0xd202ef8dU);
}

TEST(Hash, Xxh3HasThePublishedValuesOfTheEmptyInput) {
  EXPECT_EQ(hash64({}), 0x2d06800538d394c2ULL);
  EXPECT_EQ(content_hash({}), "99aa06d3014798d86001c324468d497f");
}

TEST(Hash, EveryBitCounts) {
  std::string text(300, 'x');
  std::set<std::uint64_t> narrow{hash64(as_bytes(text))};
  std::set<std::string> wide{content_hash(as_bytes(text))};
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    narrow.insert(hash64(as_bytes(changed)));
    wide.insert(content_hash(as_bytes(changed)));
  }
  EXPECT_EQ(narrow.size(), 8 * text.size() + 1);
  EXPECT_EQ(wide.size(), 8 * text.size() + 1);
  EXPECT_NE(hash64(as_bytes(text), 1), hash64(as_bytes(text), 2));
}

TEST(Hash, ContentHashIs32HexadecimalDigits) {
  const std::string hash = content_hash(as_bytes("photo"));
  EXPECT_EQ(hash.size(), 32U);
  EXPECT_EQ(hash.find_first_not_of("0123456789abcdef"), std::string::npos);
}

}  // namespace
}  // namespace fovea
