// The search: proposes, tries, and goes on from what came of it.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "apps/churn/search/sampler.h"
#include "apps/churn/search/trial_runner.h"

namespace ebb::churn {

struct TuneOptions {
  SearchMethod method = SearchMethod::bayesian;
  SearchMetric metric;
  std::uint64_t seed = 0;
  std::size_t trials = 0;   // in all; 0: as many as there are
  int jobs = 1;             // trials of a round
  std::uint32_t folds = 0;  // 0: one split
  bool early_stop = true;   // by successive halving; not with folds
};

enum class SearchEnd {
  trials_done,
  all_tried,    // the space has no more
  interrupted,  // `go_on` was false
};

/// Trials run in rounds of `jobs`, side by side, and know of those of earlier rounds alone. So what
/// a trial is, and comes to, depends on its number, on `jobs` and on what the search is of, and not
/// on times. The first trial is of the base's own settings where they lie in the space, but for a
/// grid.
class Tuner {
 public:
  /// `trials`: those done before. All else must outlive the tuner. Throws as TrialRunner and
  /// make_sampler do.
  Tuner(const LabelledCustomers& customers, const RunConfig& base, const SearchSpace& space,
        TuneOptions options, std::vector<Trial> trials);

  /// `on_trial` is called as each trial ends, when trials() holds it, never twice at once. Throws
  /// DataError when the first trials, five at least, have all failed.
  SearchEnd run(const std::function<bool()>& go_on,
                const std::function<void(const Trial&)>& on_trial);

  /// In the order in which they ended.
  [[nodiscard]] const std::vector<Trial>& trials() const { return trials_; }

 private:
  struct Proposal {
    std::size_t number = 0;
    Assignment assignment;
  };

  [[nodiscard]] bool is_done(std::size_t number) const;
  [[nodiscard]] std::vector<Observation> observations_before(std::size_t number) const;
  [[nodiscard]] std::optional<Assignment> propose(std::size_t number,
                                                  std::span<const Observation> known,
                                                  std::span<const Assignment> pending) const;
  [[nodiscard]] std::vector<Proposal> propose_round(std::size_t first, std::size_t count,
                                                    bool& is_last) const;
  void run_round(std::size_t first, std::span<const Proposal> round,
                 const std::function<bool()>& go_on,
                 const std::function<void(const Trial&)>& on_trial);
  void refuse_failures() const;

  const RunConfig& base_;
  const SearchSpace& space_;
  TuneOptions options_;
  TrialRunner runner_;
  std::unique_ptr<Sampler> sampler_;
  std::optional<Assignment> first_;
  std::vector<Trial> trials_;
};

}  // namespace ebb::churn
