// Every text of a report, in English and Chinese. {0}, {1}, ... are filled in; the English texts
// show with what.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "apps/churn/explanation/reasons.h"

namespace ebb::churn {

struct Texts {
  const char* language;
  const char* default_title;
  const char* contents;
  const char* made_by;
  const char* left_out;
  const char* from;
  const char* to;

  const char* summary;
  const char* measured_test_rows;
  const char* measured_whole;
  const char* measured_seen_rows;
  const char* rows;
  const char* base_rate_sentence;
  const char* auc_sentence;
  const char* auc_interval;
  const char* flagged_sentence;
  const char* flagged_right;
  const char* lift_sentence;
  const char* one_class_sentence;

  const char* customers;
  const char* base_rate;
  const char* threshold;

  const char* metrics;
  const char* metrics_caption;
  const char* metrics_intervals;
  const char* metric;
  const char* value;
  const char* meaning;

  const char* ranking;
  const char* ranking_intro;
  const char* roc_title;
  const char* roc_description;
  const char* roc_x;
  const char* roc_y;
  const char* pr_title;
  const char* pr_description;
  const char* gain_title;
  const char* gain_description;
  const char* lift_title;
  const char* lift_description;
  const char* model;
  const char* at_random;
  const char* perfect;
  const char* at_threshold;
  const char* share_contacted;
  const char* share_leavers;
  const char* lift_y;
  const char* tenths_x;
  const char* tenths_caption;
  const char* tenth;
  const char* tenth_from;
  const char* leavers;
  const char* share_of_leavers_in;
  const char* lift;
  const char* leavers_so_far;

  const char* calibration;
  const char* calibration_intro;
  const char* calibration_title;
  const char* calibration_description;
  const char* predicted;
  const char* happened;
  const char* happened_interval;
  const char* if_right;
  const char* scores_title;
  const char* scores_description;
  const char* number_of_customers;
  const char* probability;
  const char* calibration_caption;
  const char* range;
  const char* interval;

  const char* decisions;
  const char* decisions_chosen;
  const char* decisions_given;
  const char* confusion_caption;
  const char* happened_class;
  const char* flagged;
  const char* not_flagged;
  const char* left;
  const char* stayed;
  const char* all;
  const char* threshold_title;
  const char* threshold_description;
  const char* precision;
  const char* recall;
  const char* share_flagged;

  const char* profit;
  const char* profit_option;
  const char* profit_intro;
  const char* profit_title;
  const char* profit_description;
  const char* profit_y;
  const char* profit_best;
  const char* profit_caption;
  const char* contacted;
  const char* profit_nobody;
  const char* profit_everyone;
  const char* profit_flagged;
  const char* profit_most;
  const char* per_thousand;

  const char* learning;
  const char* learning_option;
  const char* learning_intro;
  const char* loss_title;
  const char* loss_description;
  const char* validation_auc_title;
  const char* validation_auc_description;
  const char* epoch;
  const char* log_loss;
  const char* training_rows;
  const char* validation_rows;
  const char* best_epoch;

  const char* importance;
  const char* importance_option;
  const char* importance_intro;
  const char* importance_title;
  const char* importance_description;
  const char* importance_caption;
  const char* columns;
  const char* log_loss_rise;
  const char* auc_fall;
  const char* importance_more;

  const char* segments;
  const char* segments_intro;
  const char* segments_caption;
  const char* segment;
  const char* segment_share;
  const char* segment_factors;
  const char* segment_level;
  const char* segment_mean;

  const char* search;
  const char* search_none;
  const char* search_intro;
  const char* search_title;
  const char* search_description;
  const char* search_caption;
  const char* trial;
  const char* best_so_far;
  const char* settings;

  const char* offers;
  const char* offers_intro;
  const char* offers_title;
  const char* offers_description;
  const char* offers_caption;
  const char* action;
  const char* cost;
  const char* expected_gain;
  const char* no_action;

  const char* audit;
  const char* audit_intro;
  const char* audit_language;
  const char* audit_none;
  const char* audit_caption;
  const char* severity;
  const char* topic;
  const char* finding;
  const char* serious;
  const char* note;
  const char* missing_caption;
  const char* column;
  const char* missing;
  const char* share;
  const char* leave_missing;
  const char* leave_present;
};

const Texts& texts(Language language);

/// `text` of Texts with its places filled in.
template <class... Values>
std::string filled(const char* text, const Values&... values) {
  return fmt::format(fmt::runtime(text), values...);
}

/// For people, a figure of evaluation.h and what it says.
struct FigureText {
  std::string_view name;
  std::string_view meaning;
};
/// The name itself, without a meaning, for one that is unknown.
FigureText figure_text(Language language, std::string_view name);

}  // namespace ebb::churn
