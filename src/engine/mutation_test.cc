#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <cstdlib>

#include "base/error.h"
#include "base/random.h"
#include "engine/executor.h"
#include "engine/restore_checksums.h"
#include "testing/plain_engine.h"

namespace fovea {
namespace {

using namespace engine_format;

/// 10,000, or what the environment says (sanitizers are slower).
int rounds() {
  const char* wanted = std::getenv("FOVEA_MUTATIONS");
  return wanted != nullptr ? std::atoi(wanted) : 10'000;
}

std::uint64_t odd_number(Random& random) {
  constexpr std::array<std::uint64_t, 12> kOdd = {0,
                                                  1,
                                                  2,
                                                  3,
                                                  63,
                                                  64,
                                                  0x7fffffff,
                                                  0x80000000,
                                                  0xffffffff,
                                                  0x7fffffffffffffff,
                                                  0x8000000000000000,
                                                  0xffffffffffffffff};
  return random.chance(0.7) ? kOdd[random.below(kOdd.size())] : random.below(5000);
}

std::size_t section_entry(const Bytes& file, std::uint32_t id) {
  for (std::size_t i = 0; i < peek(file, 12, 4); ++i)
    if (peek(file, kHeaderBytes + i * kSectionBytes, 4) == id) return kHeaderBytes + i * kSectionBytes;
  return kHeaderBytes;
}

std::size_t anywhere_in(const Bytes& file, std::size_t entry, Random& random) {
  const std::uint64_t size = peek(file, entry + 16, 8);
  return static_cast<std::size_t>(peek(file, entry + 8, 8) + (size == 0 ? 0 : random.below(size)));
}

void flip_bytes(Bytes& file, Random& random) {
  for (std::uint64_t n = 1 + random.below(4); n > 0; --n)
    file[random.below(file.size())] = static_cast<std::byte>(random.below(256));
}

void cut_or_grow(Bytes& file, Random& random) {
  file.resize(random.chance(0.7) ? random.below(file.size()) : file.size() + random.below(300));
}

void change_table(Bytes& file, Random& random) {
  constexpr std::array<std::pair<int, std::size_t>, 3> kFields = {{{0, 4}, {8, 8}, {16, 8}}};
  const std::size_t entry = kHeaderBytes + random.below(peek(file, 12, 4)) * kSectionBytes;
  const auto [at, bytes] = kFields[random.below(kFields.size())];
  const std::uint64_t old = peek(file, entry + static_cast<std::size_t>(at), bytes);
  poke(file, entry + static_cast<std::size_t>(at), bytes, random.chance(0.5) ? old + 64 : odd_number(random));
  if (random.chance(0.1)) poke(file, 12, 4, odd_number(random));
}

void change_content(Bytes& file, Random& random) {
  const std::size_t entry = kHeaderBytes + random.below(peek(file, 12, 4)) * kSectionBytes;
  file[std::min(file.size() - 1, anywhere_in(file, entry, random))] ^= static_cast<std::byte>(1U << random.below(8));
}

/// A number somewhere in the plans: node, blob, offset, count, length.
void change_plan_number(Bytes& file, Random& random) {
  const std::size_t at = anywhere_in(file, section_entry(file, kPlans), random);
  const std::size_t bytes = random.chance(0.5) ? 4 : 8;
  if (at + bytes <= file.size()) poke(file, at, bytes, odd_number(random));
}

/// A token of the first plan's graph: a digit, a word against another, with the text's length kept.
void change_plan_text(Bytes& file, Random& random) {
  constexpr std::size_t kTextAt = 4 + 8 + 4 + 8 + 8;  // behind the count and four numbers
  const auto begin = static_cast<std::size_t>(peek(file, section_entry(file, kPlans) + 8, 8)) + kTextAt;
  const auto length = static_cast<std::size_t>(peek(file, begin, 4));
  char* const text = reinterpret_cast<char*>(file.data()) + begin + 4;
  constexpr std::string_view kLetters = "0123456789-x,.=#@ \n(){}abcdf";
  for (std::uint64_t n = 1 + random.below(2); n > 0; --n) {
    std::size_t at = random.below(length);
    if (random.chance(0.7))  // numbers matter most
      for (std::size_t tries = 0; tries < length && std::isdigit(static_cast<unsigned char>(text[at])) == 0; ++tries)
        at = (at + 1) % length;
    text[at] = random.chance(0.6) ? static_cast<char>('0' + random.below(10)) : kLetters[random.below(kLetters.size())];
  }
  if (random.chance(0.2)) std::swap(text[random.below(length)], text[random.below(length)]);
}

using Mutation = void (*)(Bytes&, Random&);
constexpr std::array<Mutation, 2> kBlind = {flip_bytes, cut_or_grow};
constexpr std::array<Mutation, 5> kAware = {change_table, change_content, change_plan_number, change_plan_text,
                                            change_plan_text};

bool is_small(const Engine& engine) {
  constexpr std::uint64_t kSmall = 1 << 16;
  if (input_bytes_per_image(engine) > kSmall) return false;
  for (const Plan& plan : engine.plans)
    if (plan.arena_bytes > kSmall || plan.batch > 8 || macs(plan.graph) > (1 << 18) || plan.threads > 4) return false;
  return true;
}

/// True when the bytes were a valid engine. Anything but a valid engine or the three kinds of refusal fails the test.
bool survives(const Bytes& bytes, bool& executed) {
  try {
    Engine engine = deserialize(bytes);
    if (!is_small(engine)) return true;
    const std::size_t input_bytes = input_bytes_per_image(engine),
                      classes = static_cast<std::size_t>(output_classes(engine));
    engine.info.isa = Isa::kAmx;  // one limit per process
    ExecutionContext context(make_executor(std::move(engine), cpu_backend_for_tests()));
    const std::vector<std::byte> input(2 * input_bytes, std::byte{9});
    std::vector<float> output(2 * classes);
    context.run(input, 2, output);
    executed = true;
    return true;
  } catch (const Error& error) {
    const bool allowed = error.kind() == ErrorKind::kCorruptFile || error.kind() == ErrorKind::kUnsupported ||
                         error.kind() == ErrorKind::kWrongDevice;
    EXPECT_TRUE(allowed) << name(error.kind()) << ": " << error.message();
    return false;
  }
}

TEST(EngineMutations, NeverCrash) {
  const Backend& backend = cpu_backend_for_tests();
  const auto device = backend.open(Isa::kAmx, 0);
  const auto file = [&](const std::string& tactic) {
    const PlainEngineOptions options{{1, 2}, 1, tactic, {"a", "b", "c"}};
    Engine engine = plain_engine(tiny_classifier(3, 1, 6), backend, *device, options);
    engine.compiled = {{"conv a", Bytes(7, std::byte{1})}, {"conv b", {}}};
    return serialize(engine);
  };
  const Bytes reference = file("reference"), tuned = file("");  // the latter with vendors' tactics, slower to make
  int valid = 0, executed = 0;
  for (int round = 0; round < rounds(); ++round) {
    Random random({42, static_cast<std::uint64_t>(round)});
    Bytes bytes = round % 10 >= 8 ? tuned : reference;
    if (round % 2 == 0) {
      kBlind[random.below(kBlind.size())](bytes, random);
    } else {
      kAware[random.below(kAware.size())](bytes, random);
      restore_checksums(bytes);
    }
    bool ran = false;
    valid += survives(bytes, ran) ? 1 : 0;
    executed += ran ? 1 : 0;
  }
  RecordProperty("valid", valid);
  RecordProperty("executed", executed);
  EXPECT_LT(valid, rounds());
  EXPECT_GT(executed, 0);  // changed weights are still an engine: those must run
}

}  // namespace
}  // namespace fovea
