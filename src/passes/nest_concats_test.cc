#include "passes/nest_concats.h"

#include <gtest/gtest.h>

#include "testing/rewrite_case.h"

namespace fovea {
namespace {

const std::string kFeatures =
    "input a: f32 1x2x2x2\n"
    "input b: f32 1x1x2x2\n"
    "input c: f32 1x1x2x2\n";

TEST(NestConcats, OfADenseBlock) {
  expect_rewrite(nest_concats,
                 kFeatures +
                     "ab: f32 1x3x2x2 = concat(a, b)\n"
                     "abc: f32 1x4x2x2 = concat(a, b, c)\n"
                     "all: f32 1x6x2x2 = concat(a, b, c, a)\n"
                     "return ab, abc, all\n",
                 kFeatures +
                     "ab: f32 1x3x2x2 = concat(a, b)\n"
                     "abc: f32 1x4x2x2 = concat(ab, c)\n"
                     "all: f32 1x6x2x2 = concat(abc, a)\n"
                     "return ab, abc, all\n");
}

TEST(NestConcats, OnlyWhatBeginsAlikeAlongTheSameAxisInTheSameType) {
  expect_untouched(nest_concats, kFeatures +
                                     "bc: f32 1x2x2x2 = concat(b, c)\n"
                                     "abc: f32 1x4x2x2 = concat(a, b, c)\n"
                                     "rows: f32 1x1x4x2 = concat(b, c) axis=2\n"
                                     "more: f32 1x1x2x6 = concat(b, c, b) axis=3\n"
                                     "return bc, abc, rows, more\n");
  expect_untouched(nest_concats,
                   "input a: u8 1x1x2x2 @ 0.5\n"
                   "ab: u8 1x2x2x2 @ 0.5 = concat(a, a)\n"
                   "abc: u8 1x3x2x2 @ 0.25 = concat(a, a, a)\n"
                   "return ab, abc\n");
}

}  // namespace
}  // namespace fovea
