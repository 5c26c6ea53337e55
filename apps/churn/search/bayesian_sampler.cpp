// Bayesian search: each trial is where a Gaussian process expects the largest improvement.
#include <algorithm>
#include <cmath>
#include <nlopt.hpp>
#include <numbers>
#include <utility>

#include "apps/churn/search/sampler.h"
#include "apps/churn/search/sobol_sequence.h"
#include "apps/churn/search/surrogate.h"
#include "preprocessing/split/random_order.h"

namespace ebb::churn {
namespace {

using preprocessing::SplitMix64;

using Point = std::vector<double>;

constexpr std::uint64_t kCandidateStream = 3000;
constexpr std::size_t kEvenCandidates = 1024;
constexpr std::size_t kNeighbourhoods = 5;  // of the best observations
constexpr std::size_t kNeighbours = 64;     // in each
constexpr std::size_t kRefined = 4;
constexpr int kRefinementEvaluations = 200;

double uniform(SplitMix64& generator) {
  return static_cast<double>(generator.next() >> 11) * 0x1p-53;
}

/// Box and Muller (1958).
double normal(SplitMix64& generator) {
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform(generator)));
  return radius * std::cos(2.0 * std::numbers::pi * uniform(generator));
}

struct Candidate {
  Point point;
  double worth = 0.0;  // log improvement
};

class BayesianSampler : public Sampler {
 public:
  BayesianSampler(const SearchSpace& space, SamplerOptions options)
      : space_(space), options_(options), first_(space, std::move(options)) {}

  [[nodiscard]] std::optional<Assignment> propose(
      std::size_t number, std::span<const Observation> known,
      std::span<const Assignment> pending) const override {
    if (number < first_trials() || known.size() < 2) return first_.propose(number, known, pending);
    const Surrogate surrogate(space_, known, pending);
    std::vector<Candidate> candidates = candidates_of(number, known, surrogate);
    const std::size_t refined = std::min(kRefined, candidates.size());
    for (std::size_t i = 0; i < refined; ++i) {
      candidates.push_back(refine(candidates[i], surrogate));
    }
    sort(candidates);
    for (const Candidate& candidate : candidates) {
      Assignment assignment = space_.at(candidate.point);
      if (is_new(assignment, known, pending) && options_.fits(assignment)) return assignment;
    }
    return std::nullopt;
  }

 private:
  /// Even points before the first fit: about one for each setting.
  [[nodiscard]] std::size_t first_trials() const {
    return std::clamp<std::size_t>(space_.parameters().size(), 4, 10);
  }

  static void sort(std::vector<Candidate>& candidates) {
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.worth > b.worth; });
  }

  static bool is_new(const Assignment& assignment, std::span<const Observation> known,
                     std::span<const Assignment> pending) {
    return std::none_of(known.begin(), known.end(),
                        [&](const Observation& other) { return other.assignment == assignment; }) &&
           std::find(pending.begin(), pending.end(), assignment) == pending.end();
  }

  /// A point near `centre`: all coordinates a little, or a few of them a lot.
  Point neighbour(const Point& centre, SplitMix64& generator) const {
    Point point = centre;
    const double step = std::exp2(-1.0 - 7.0 * uniform(generator));
    const double share = uniform(generator);
    for (std::size_t i = 0; i < point.size(); ++i) {
      if (uniform(generator) > share) continue;
      const bool is_range = space_.parameters()[i].values.empty();
      point[i] =
          is_range ? std::clamp(point[i] + step * normal(generator), 0.0, 1.0) : uniform(generator);
    }
    return point;
  }

  /// The best first.
  std::vector<Candidate> candidates_of(std::size_t number, std::span<const Observation> known,
                                       const Surrogate& surrogate) const {
    SplitMix64 generator(options_.seed, kCandidateStream + number);
    std::vector<Point> points;
    const SobolSequence even(space_.parameters().size(), generator.next());
    for (std::size_t i = 0; i < kEvenCandidates; ++i) points.push_back(even.point(i));
    std::vector<const Observation*> best;
    for (const Observation& observation : known) best.push_back(&observation);
    std::stable_sort(best.begin(), best.end(),
                     [](const Observation* a, const Observation* b) { return a->loss < b->loss; });
    best.resize(std::min(best.size(), kNeighbourhoods));
    for (const Observation* observation : best) {
      const Point centre = space_.point_of(observation->assignment);
      for (std::size_t i = 0; i < kNeighbours; ++i) points.push_back(neighbour(centre, generator));
    }
    std::vector<Candidate> candidates;
    for (Point& point : points) {
      const double worth = surrogate.log_improvement(space_.at(point));
      candidates.push_back({std::move(point), worth});
    }
    sort(candidates);
    return candidates;
  }

  /// Moves the coordinates of ranges to where the improvement is largest nearby, by Subplex (Rowan
  /// 1990), which needs no derivative.
  Candidate refine(const Candidate& start, const Surrogate& surrogate) const {
    std::vector<std::size_t> ranges;
    for (std::size_t i = 0; i < start.point.size(); ++i) {
      if (space_.parameters()[i].values.empty()) ranges.push_back(i);
    }
    if (ranges.empty()) return start;
    const auto moved = [&](const std::vector<double>& coordinates) {
      Point point = start.point;
      for (std::size_t i = 0; i < ranges.size(); ++i) point[ranges[i]] = coordinates[i];
      return point;
    };
    auto worth = [&](const std::vector<double>& coordinates) {
      // Subplex takes infinities badly.
      return std::max(surrogate.log_improvement(space_.at(moved(coordinates))), -1e6);
    };
    std::vector<double> coordinates;
    for (const std::size_t i : ranges) coordinates.push_back(start.point[i]);
    nlopt::opt optimizer(nlopt::LN_SBPLX, static_cast<unsigned>(ranges.size()));
    optimizer.set_lower_bounds(0.0);
    optimizer.set_upper_bounds(1.0);
    optimizer.set_initial_step(0.02);
    optimizer.set_maxeval(kRefinementEvaluations);
    optimizer.set_xtol_abs(1e-5);
    optimizer.set_max_objective(
        [](const std::vector<double>& x, std::vector<double>&, void* function) {
          return (*static_cast<decltype(worth)*>(function))(x);
        },
        &worth);
    double value = start.worth;
    optimizer.optimize(coordinates, value);
    return {moved(coordinates), value};
  }

  const SearchSpace& space_;
  SamplerOptions options_;
  SobolSampler first_;
};

}  // namespace

std::unique_ptr<Sampler> make_bayesian_sampler(const SearchSpace& space,
                                               const SamplerOptions& options) {
  return std::make_unique<BayesianSampler>(space, options);
}

}  // namespace ebb::churn
