#include "train/observation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fovea::train {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

EpochFigures epoch(int number, double loss, double accuracy, double val_accuracy) {
  EpochFigures figures;
  figures.epoch = number;
  figures.loss = loss;
  figures.accuracy = accuracy;
  figures.val_loss = loss;
  figures.val_accuracy = val_accuracy;
  return figures;
}

std::string last(std::initializer_list<EpochFigures> epochs) { return observe(std::vector<EpochFigures>(epochs), 3); }

TEST(Observation, SaysWhenNothingIsLearned) {
  EXPECT_THAT(last({epoch(1, 1.10, 0.34, 0.33)}), HasSubstr("guessing among 3"));
}

TEST(Observation, ComparesTheFirstLossWithGuessing) {
  EXPECT_THAT(last({epoch(1, 0.55, 0.8, 0.8)}), HasSubstr("50 % below"));
}

TEST(Observation, StatesTheFallOfTheLoss) {
  EXPECT_THAT(last({epoch(1, 1.0, 0.5, 0.5), epoch(2, 0.75, 0.7, 0.7)}), HasSubstr("Loss fell 25 % to 0.75"));
}

TEST(Observation, StatesARise) {
  EXPECT_THAT(last({epoch(1, 0.5, 0.8, 0.8), epoch(2, 0.6, 0.7, 0.7)}), HasSubstr("rose 20 %"));
}

TEST(Observation, CallsAFlatLossAPlateau) {
  EXPECT_THAT(last({epoch(1, 0.5, 0.8, 0.8), epoch(2, 0.499, 0.8, 0.8)}), HasSubstr("plateau"));
}

TEST(Observation, WarnsOfOverfittingOnlyWhenThereIsAGap) {
  EXPECT_THAT(last({epoch(1, 0.2, 0.95, 0.75)}), HasSubstr("20 points ahead of validation, a sign of over-fitting"));
  EXPECT_THAT(last({epoch(1, 0.5, 0.80, 0.79)}), Not(HasSubstr("over-fitting")));
}

TEST(Observation, DoesNotCallAnUnsettledNetOverfitted) {
  EXPECT_THAT(last({epoch(1, 0.8, 0.70, 0.45)}), AllOf(HasSubstr("25 points behind"), Not(HasSubstr("over-fitting"))));
}

TEST(Observation, CallsARisingValidationLossWithAGapOverfitting) {
  auto before = epoch(1, 0.8, 0.70, 0.60), after = epoch(2, 0.6, 0.80, 0.60);
  after.val_loss = before.val_loss + 0.1;
  EXPECT_THAT(last({before, after}), HasSubstr("over-fitting"));
}

TEST(Observation, ComparesValidationWithItsBest) {
  const auto a = epoch(1, 0.9, 0.7, 0.70), b = epoch(2, 0.6, 0.8, 0.85), c = epoch(3, 0.5, 0.8, 0.80);
  EXPECT_THAT(last({a, b}), HasSubstr("15.0 points above its best so far"));
  EXPECT_THAT(last({a, b, c}), HasSubstr("5.0 points below epoch 2"));
}

TEST(Observation, DependsOnFiguresNotOnTheNumberOfTheEpoch) {
  std::string first = last({epoch(1, 1.0, 0.5, 0.5), epoch(2, 0.75, 0.7, 0.7)});
  std::string later = last({epoch(8, 1.0, 0.5, 0.5), epoch(9, 0.75, 0.7, 0.7)});
  EXPECT_EQ(first, later);
}

}  // namespace
}  // namespace fovea::train
