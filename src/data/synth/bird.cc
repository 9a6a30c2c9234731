#include <array>

#include "data/synth/animals.h"
#include "data/synth/face.h"
#include "data/synth/plumage.h"

namespace fovea::synth {
namespace {

enum class Posture { kSide, kFront, kFlap, kSoar };

class Bird final : public Animal {
 public:
  explicit Bird(Dice& dice)
      : plumage_(draw_plumage(dice)),
        posture_(dice.pick(std::array{Posture::kSide, Posture::kSide, Posture::kSide, Posture::kSide, Posture::kFront,
                                      Posture::kFlap, Posture::kFlap, Posture::kSoar})),
        slope_(dice.range(0.25F, 0.75F)),
        plump_(dice.range(0.28F, 0.38F)),
        head_(dice.range(0.2F, 0.26F)),
        legs_(dice.range(0.12F, 0.34F)),
        tail_(dice.range(0.35F, 0.7F)),
        lift_(dice.range(0.5F, 1.1F)),
        look_(dice.range(-0.3F, 0.3F)),
        roll_(dice.range(-0.45F, 0.45F)),
        turned_(dice.chance(0.25F)) {}

  bool grounded() const override { return posture_ == Posture::kSide || posture_ == Posture::kFront; }
  float tilt() const override { return grounded() ? 0 : roll_; }

  Box extent() const override {
    if (posture_ == Posture::kFlap) return {{-0.95F, -0.4F}, {0.85F, 0.95F}};
    if (posture_ == Posture::kSoar) return {{-1.05F, -0.75F}, {1.05F, 0.65F}};
    const float y = body().y;
    if (posture_ == Posture::kFront) return {{-0.42F, 0}, {0.42F, y + 0.45F + 1.9F * head_}};
    const Vec2 head = side_head();
    return {{-0.45F - tail_ * std::cos(slope_), std::min(0.0F, y - 0.35F - tail_ * std::sin(slope_))},
            {head.x + 2 * head_, head.y + 1.2F * head_}};
  }

  void paint(Painter& painter, const Frame& frame) const override {
    switch (posture_) {
      case Posture::kSide:
        return paint_side(painter, frame);
      case Posture::kFront:
        return paint_front(painter, frame);
      case Posture::kFlap:
        return paint_flap(painter, frame);
      case Posture::kSoar:
        return paint_soar(painter, frame);
    }
  }

 private:
  Vec2 body() const { return {0, legs_ + plump_ * 0.95F + 0.08F * slope_}; }
  Vec2 side_head() const { return body() + direction(slope_) * 0.42F + Vec2{0.03F, 0.14F}; }

  void paint_belly(Painter& painter, const Frame& frame, Vec2 at, Vec2 radii, float angle) const {
    if (!plumage_.belly) return;
    Surface pale = plumage_.coat.pale;
    pale.atop = true;
    pale.round = 0.3F;
    pale.softness = 0.08F * frame.scale();
    painter.fill(Shape(frame).ellipse(at, radii, angle), pale);
  }

  void paint_side(Painter& painter, const Frame& frame) const {
    const Vec2 b = body();
    const Vec2 forward = direction(slope_);
    const float back = slope_ + 3.14159F;
    for (const float x : {0.08F, -0.06F})
      paint_foot(painter, frame, b + Vec2{x, -plump_ * 0.6F}, {x + 0.04F, 0.02F}, plumage_);
    const Vec2 rump = b + forward * -0.33F;
    paint_fan(painter, frame,
              {rump, rump + Vec2{0.02F, 0.05F}, back + 0.12F, back - 0.1F, tail_ * 0.92F, tail_ * 1.05F, 0.05F, 4},
              plumage_.wing, plumage_.quill);
    const Vec2 head = side_head();
    Surface skin = plumage_.coat.body;
    skin.grain_angle = slope_;
    painter.fill(Shape(frame, 0.16F)
                     .ellipse(b, {0.46F, plump_}, slope_)
                     .limb(b + forward * 0.25F, head, plump_ * 0.72F, head_)
                     .limb(b, rump + forward * -0.1F, plump_ * 0.7F, 0.09F),
                 skin);
    paint_belly(painter, frame, b + Vec2{0.16F, -0.13F}, {0.38F, plump_ * 0.6F}, slope_ + 0.15F);
    const Vec2 elbow = b + forward * 0.16F + Vec2{-0.05F, 0.05F};
    paint_fan(painter, frame,
              {elbow + forward * -0.2F + Vec2{0, -0.05F}, elbow + forward * -0.12F + Vec2{0, 0.04F}, back + 0.2F,
               back + 0.02F, 0.34F, 0.56F, 0.055F, 6},
              plumage_.wing, plumage_.quill);
    Surface cover = plumage_.wing;
    cover.pattern_angle = slope_;
    painter.fill(Shape(frame, 0.05F).ellipse(elbow + forward * -0.1F, {0.3F, plump_ * 0.52F}, slope_ + 0.1F), cover);
    paint_bird_head(painter, turned_ ? turned_frame(frame, head) : frame, turned_ ? Vec2{} : head, head_, plumage_);
  }

  /// The same head looking over its shoulder.
  static Frame turned_frame(const Frame& frame, Vec2 head) {
    return {frame.to_pixels(head), frame.scale(), 0, !frame.mirrored()};
  }

  void paint_front(Painter& painter, const Frame& frame) const {
    const Vec2 b = body() + Vec2{0, 0.06F};
    const Vec2 head = b + Vec2{look_ * 0.15F, 0.44F};
    paint_fan(painter, frame, {b + Vec2{-0.03F, -0.2F}, b + Vec2{0.03F, -0.2F}, -1.7F, -1.45F, 0.38F, 0.38F, 0.05F, 3},
              plumage_.wing, plumage_.quill);
    painter.fill(Shape(frame, 0.2F).ellipse(b, {plump_ * 1.08F, 0.4F}).circle(head, head_ * 1.1F), plumage_.coat.body);
    paint_belly(painter, frame, b + Vec2{0, -0.06F}, {plump_ * 0.7F, 0.32F}, 0);
    Surface cover = plumage_.wing;
    for (const float side : {-1.0F, 1.0F})
      painter.fill(Shape(frame).tube(b + Vec2{side * plump_ * 0.78F, 0.22F}, b + Vec2{side * plump_ * 1.25F, 0},
                                     b + Vec2{side * plump_ * 0.85F, -0.36F}, 0.1F, 0.03F),
                   cover);
    for (const float x : {-0.1F, 0.1F}) paint_foot(painter, frame, b + Vec2{x, -0.34F}, {x, 0.02F}, plumage_);
    const Face face{frame.child(head, head_ * 1.1F), look_};
    for (const float side : {-1.0F, 1.0F})
      paint_eye(painter, face.frame, {face.at(side * 0.5F, 0.2F), {0.18F, 0.18F}, {0.1F, 0.06F, 0.04F}, {0.12F, 0.12F}},
                plumage_.ring);
    Surface horn = Surface::plain(plumage_.beak);
    horn.round = 0.15F;
    horn.shadow = 0.2F;
    const float l = 0.35F + 0.25F * plumage_.beak_length;
    painter.fill(Shape(face.frame)
                     .polygon(std::array<Vec2, 4>{face.at(-0.24F, 0, 0.9F), face.at(0, 0.16F, 0.9F),
                                                  face.at(0.24F, 0, 0.9F), face.at(0, -l, 1.4F)},
                              0.04F),
                 horn);
  }

  void paint_wing(Painter& painter, const Frame& frame, Vec2 root, float angle, float span, const Surface& skin) const {
    const Vec2 arm = direction(angle);
    const Vec2 wrist = root + arm * (span * 0.45F);
    const float sweep = angle > 1.57F ? 1.0F : -1.0F;  // trailing edge
    paint_fan(painter, frame,
              {root, wrist, angle + sweep * 1.5F, angle + sweep * 0.75F, span * 0.42F, span * 0.5F, 0.06F, 6}, skin,
              plumage_.quill);
    paint_fan(painter, frame,
              {wrist, wrist + arm * (span * 0.1F), angle + sweep * 0.7F, angle + sweep * 0.05F, span * 0.5F,
               span * 0.55F, 0.055F, 6},
              skin, plumage_.quill);
    Surface cover = skin;
    cover.pattern_angle = angle;
    painter.fill(
        Shape(frame, 0.04F).limb(root, wrist, 0.14F, 0.11F).limb(wrist, wrist + arm * (span * 0.18F), 0.11F, 0.05F),
        cover);
  }

  void paint_flap(Painter& painter, const Frame& frame) const {
    Surface far = plumage_.wing;
    far.base = far.base * 0.7F;
    far.mark = far.mark * 0.7F;
    const float beat = 0.9F + 0.5F * lift_;
    paint_wing(painter, frame, {0.12F, 0.1F}, beat - 0.25F + 0.9F, 0.85F, far);
    paint_fan(painter, frame, {{-0.36F, -0.02F}, {-0.36F, 0.04F}, 3.4F, 2.95F, tail_, tail_, 0.05F, 6}, plumage_.wing,
              plumage_.quill);
    const Vec2 head{0.52F, 0.12F};
    painter.fill(Shape(frame, 0.14F)
                     .ellipse({0, 0}, {0.46F, plump_ * 0.75F}, 0.1F)
                     .limb({0.2F, 0.03F}, head, plump_ * 0.55F, head_ * 0.9F)
                     .limb({-0.1F, 0}, {-0.42F, 0.01F}, plump_ * 0.5F, 0.08F),
                 plumage_.coat.body);
    paint_belly(painter, frame, {0.05F, -0.12F}, {0.42F, plump_ * 0.45F}, 0.1F);
    paint_wing(painter, frame, {0.1F, 0.08F}, beat + 0.9F, 0.95F, plumage_.wing);
    paint_bird_head(painter, frame, head, head_ * 0.9F, plumage_);
  }

  void paint_soar(Painter& painter, const Frame& frame) const {
    paint_fan(painter, frame, {{-0.05F, -0.25F}, {0.05F, -0.25F}, -2.05F, -1.1F, 0.42F, 0.42F, 0.055F, 6},
              plumage_.wing, plumage_.quill);
    paint_wing(painter, frame, {0.1F, 0.1F}, 0.25F + 0.2F * lift_, 0.95F, plumage_.wing);
    paint_wing(painter, frame, {-0.1F, 0.1F}, 3.14159F - 0.25F - 0.2F * lift_, 0.95F, plumage_.wing);
    const Vec2 head{0.06F, 0.4F};
    painter.fill(Shape(frame, 0.12F).ellipse({0, 0}, {plump_ * 0.62F, 0.42F}).circle(head, head_ * 0.8F),
                 plumage_.coat.body);
    paint_belly(painter, frame, {0, -0.08F}, {plump_ * 0.4F, 0.3F}, 0);
    const Frame neck = frame.child(head, 1, 0.9F);
    paint_bird_head(painter, neck, {}, head_ * 0.8F, plumage_);
  }

  Plumage plumage_;
  Posture posture_;
  float slope_, plump_, head_, legs_, tail_, lift_, look_, roll_;
  bool turned_;
};

}  // namespace

std::unique_ptr<Animal> make_bird(Dice& dice) { return std::make_unique<Bird>(dice); }

}  // namespace fovea::synth
