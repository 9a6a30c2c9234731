#include "data/synth.h"

#include <fmt/format.h>

#include <array>
#include <memory>

#include "base/cancel.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/log/progress.h"
#include "base/parallel/parallel.h"
#include "data/synth/animals.h"
#include "data/synth/camera.h"
#include "data/synth/scene.h"
#include "image/encode.h"

namespace fovea {
namespace {

using namespace synth;

struct Species {
  const char* name;
  std::unique_ptr<Animal> (*make)(Dice&);
};
constexpr std::array<Species, 3> kSpecies = {{{"bird", make_bird}, {"cat", make_cat}, {"dog", make_dog}}};

/// One stream per part of the picture, so that a part can change without changing the others.
enum Stream : std::uint64_t { kScene, kAnimal, kPlace, kPerch, kForeground, kCamera, kQuality };

/// Where the animal goes: the box it must fit, in pixels, drawn alike for all species.
Frame place(const Animal& animal, const Scene& scene, Dice& dice, int size) {
  const Box box = animal.extent();
  const float side = as_float(size);
  const float share = dice.range(0.85F, 1.12F);
  // Between fitting the longer side and equal area: neither long nor tall animals stay small.
  const float longest = std::max(box.width(), box.height());
  const float scale = share * side / mix(longest, std::sqrt(box.width() * box.height()), 0.2F);
  const Vec2 extent = Vec2{box.width(), box.height()} * scale;
  const float room = side - extent.x;
  const float left = room * 0.5F + (0.5F * std::abs(room) + 0.05F * side) * dice.range(-1, 1);
  // The head stays in the picture; feet may be cut off.
  const float lowest = std::max(extent.y, 0.98F * side);
  float bottom = dice.range(extent.y, lowest);
  if (animal.grounded() && scene.floor < 1) bottom = std::max(bottom, std::min((scene.floor + 0.08F) * side, lowest));
  const bool mirror = dice.chance(0.5F);
  const float x = mirror ? left + box.high.x * scale : left - box.low.x * scale;
  return {{x, bottom + box.low.y * scale}, scale, animal.tilt() + dice.range(-0.04F, 0.04F), mirror};
}

void paint_ground_shadow(Painter& painter, const Frame& frame, const Box& box) {
  Surface shadow = Surface::plain({0.05F, 0.05F, 0.06F});
  shadow.opacity = 0.4F;
  shadow.softness = 0.12F * frame.scale();
  const float half = box.width() * 0.5F;
  painter.fill(Shape(frame).ellipse({box.low.x + half, box.low.y}, {half * 0.85F, 0.07F}), shadow);
}

std::filesystem::path picture(const std::filesystem::path& out, const std::string& species, std::uint64_t index) {
  return out / species / fmt::format("{}_{:04}.jpg", species, index + 1);
}

/// Pictures of an earlier, larger set would be taken for this one's.
void remove_older(const SynthOptions& options) {
  for (std::size_t s = 0; s < kSpecies.size(); ++s) {
    const auto own = static_cast<std::uint64_t>(options.images) + kSpecies.size() - 1 - s;
    std::error_code code;
    for (std::uint64_t i = own / kSpecies.size();
         std::filesystem::remove(picture(options.out, kSpecies[s].name, i), code);)
      ++i;
  }
}

}  // namespace

const std::vector<std::string>& synth_classes() {
  static const std::vector<std::string> classes = [] {
    std::vector<std::string> names;
    for (const Species& species : kSpecies) names.emplace_back(species.name);
    return names;
  }();
  return classes;
}

Image synth_image(int class_index, int size, std::uint64_t seed, std::uint64_t index) {
  require(class_index >= 0 && class_index < static_cast<int>(kSpecies.size()), ErrorKind::kInvalidArgument,
          "[synth] class {} of {}", class_index, kSpecies.size());
  require(size >= 32 && size <= 2048, ErrorKind::kInvalidArgument, "[synth] size {}, expected 32 to 2048", size);
  const auto key = static_cast<std::uint64_t>(class_index);
  const auto dice_for = [&](Stream stream) { return Dice{seed, index, key, stream}; };

  Dice dice = dice_for(kScene);
  Scene scene = draw_scene(dice, size);
  dice = dice_for(kAnimal);
  const std::unique_ptr<Animal> animal = kSpecies[static_cast<std::size_t>(class_index)].make(dice);
  dice = dice_for(kPlace);
  const Frame frame = place(*animal, scene, dice, size);

  Painter ground(scene.backdrop, scene.light);
  const Vec2 feet = frame.to_pixels({0, animal->extent().low.y});
  dice = dice_for(kPerch);
  if (scene.floor > 1 && animal->grounded()) {
    paint_perch(ground, dice, frame.to_pixels({0, 0}).y, feet.x, size);
  } else if (animal->grounded()) {
    paint_ground_shadow(ground, frame, animal->extent());
  } else if (scene.floor > 1 && dice.chance(0.5F)) {
    paint_perch(ground, dice, dice.range(0.3F, 0.95F) * as_float(size), feet.x, size);
  }
  Canvas layer(size, size);
  Painter painter(layer, scene.light);
  animal->paint(painter, frame);
  scene.backdrop.over(layer);
  dice = dice_for(kForeground);
  paint_foreground(ground, dice, size);
  dice = dice_for(kCamera);
  return photograph(scene.backdrop, dice);
}

SynthResult synthesize(const SynthOptions& options) {
  const int classes = static_cast<int>(kSpecies.size());
  require(!options.out.empty(), ErrorKind::kInvalidArgument, "[synth] no folder given to write to");
  require(options.images >= classes, ErrorKind::kInvalidArgument,
          "[synth] {} images, expected at least one for each of {} classes", options.images, classes);
  require(options.size >= 32 && options.size <= 2048, ErrorKind::kInvalidArgument,
          "[synth] size {}, expected 32 to 2048", options.size);
  remove_older(options);
  Progress progress("synth", options.images, "images");
  const auto draw = [&](std::int64_t i) {
    throw_if_cancelled();
    const int class_index = static_cast<int>(i % classes);
    const auto index = static_cast<std::uint64_t>(i / classes);
    const Image image = synth_image(class_index, options.size, options.seed, index);
    Dice dice{options.seed, index, static_cast<std::uint64_t>(class_index), kQuality};
    const std::string& name = synth_classes()[static_cast<std::size_t>(class_index)];
    write_atomic(picture(options.out, name, index), encode_jpeg(image, 60 + dice.below(36)));
    progress.advance();
  };
  parallel_for(options.images, draw, options.threads);
  return {synth_classes(), options.images};
}

}  // namespace fovea
