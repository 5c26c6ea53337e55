// Which assignments a search tries.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "apps/churn/search/search_space.h"

namespace ebb::churn {

enum class SearchMethod {
  bayesian,  // where a Gaussian process expects the largest improvement
  sobol,     // evenly at random
  grid,      // every combination
};
inline constexpr std::array kSearchMethods = {SearchMethod::bayesian, SearchMethod::sobol,
                                              SearchMethod::grid};

/// "bayesian", "sobol", "grid".
std::string_view to_string(SearchMethod method);
/// The inverse; DataError, listing the names, for any other text.
SearchMethod parse_search_method(std::string_view name);

/// What a trial came to; less is better.
struct Observation {
  Assignment assignment;
  double loss = 0.0;
};

class Sampler {
 public:
  virtual ~Sampler() = default;

  /// The assignment of trial `number`, from 0: a function of its arguments and what the sampler was
  /// made of, so that a search that is resumed goes on as it would have. `known`: earlier trials
  /// that have ended; `pending`: earlier ones that are not known. Nothing when all has been tried.
  [[nodiscard]] virtual std::optional<Assignment> propose(
      std::size_t number, std::span<const Observation> known,
      std::span<const Assignment> pending) const = 0;
};

struct SamplerOptions {
  std::uint64_t seed = 0;
  /// Whether the settings fit each other; no others are proposed.
  std::function<bool(const Assignment&)> fits = [](const Assignment&) { return true; };
};

/// `space` must outlive the sampler. Throws DataError for a grid that is too large, and, like
/// propose(), where no settings are found that fit each other.
std::unique_ptr<Sampler> make_sampler(SearchMethod method, const SearchSpace& space,
                                      const SamplerOptions& options);
std::unique_ptr<Sampler> make_bayesian_sampler(const SearchSpace& space,
                                               const SamplerOptions& options);

/// Point `number` of a Sobol sequence over the space, of those that fit.
class SobolSampler : public Sampler {
 public:
  SobolSampler(const SearchSpace& space, SamplerOptions options);
  ~SobolSampler() override;
  [[nodiscard]] std::optional<Assignment> propose(
      std::size_t number, std::span<const Observation> known,
      std::span<const Assignment> pending) const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ebb::churn
