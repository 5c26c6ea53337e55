#include "apps/churn/search/sampler.h"

#include "apps/churn/search/sobol_sequence.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

constexpr std::size_t kMostGridTrials = 100'000;
constexpr std::uint64_t kMostMisfits = 10'000;  // in a row

class GridSampler : public Sampler {
 public:
  GridSampler(const SearchSpace& space, const SamplerOptions& options)
      : grid_(space.grid(kMostGridTrials)) {
    std::erase_if(grid_, [&](const Assignment& assignment) { return !options.fits(assignment); });
    if (grid_.empty()) fail<DataError>("no combination of the grid has settings that fit");
  }

  [[nodiscard]] std::optional<Assignment> propose(std::size_t number, std::span<const Observation>,
                                                  std::span<const Assignment>) const override {
    return number < grid_.size() ? std::optional(grid_[number]) : std::nullopt;
  }

 private:
  std::vector<Assignment> grid_;
};

}  // namespace

std::string_view to_string(SearchMethod method) {
  switch (method) {
    case SearchMethod::bayesian:
      return "bayesian";
    case SearchMethod::sobol:
      return "sobol";
    case SearchMethod::grid:
      return "grid";
  }
  return "unknown";
}

SearchMethod parse_search_method(std::string_view name) {
  for (const SearchMethod method : kSearchMethods) {
    if (to_string(method) == name) return method;
  }
  fail<DataError>("\"{}\" is no way to search: expected bayesian, sobol or grid", shortened(name));
}

struct SobolSampler::State {
  const SearchSpace& space;
  SamplerOptions options;
  SobolSequence sequence;
  std::uint64_t next = 0;           // point of the sequence
  std::vector<Assignment> fitting;  // the first ones
};

SobolSampler::SobolSampler(const SearchSpace& space, SamplerOptions options)
    : state_(new State{
          space, options, SobolSequence(space.parameters().size(), options.seed), 0, {}}) {}

SobolSampler::~SobolSampler() = default;

std::optional<Assignment> SobolSampler::propose(std::size_t number, std::span<const Observation>,
                                                std::span<const Assignment>) const {
  State& s = *state_;
  std::uint64_t misfits = 0;
  while (s.fitting.size() <= number) {
    Assignment assignment = s.space.at(s.sequence.point(s.next++));
    if (s.options.fits(assignment)) {
      s.fitting.push_back(std::move(assignment));
      misfits = 0;
    } else if (++misfits == kMostMisfits) {
      fail<DataError>(
          "of {} random points of the search space none has settings that fit each other and the "
          "other settings; one is {}",
          kMostMisfits, describe(assignment));
    }
  }
  return s.fitting[number];
}

std::unique_ptr<Sampler> make_sampler(SearchMethod method, const SearchSpace& space,
                                      const SamplerOptions& options) {
  switch (method) {
    case SearchMethod::bayesian:
      return make_bayesian_sampler(space, options);
    case SearchMethod::sobol:
      return std::make_unique<SobolSampler>(space, options);
    case SearchMethod::grid:
      return std::make_unique<GridSampler>(space, options);
  }
  fail("there is no such way to search");
}

}  // namespace ebb::churn
