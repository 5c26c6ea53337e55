// A table of made-up customers to plant things in.
#pragma once

#include <string>
#include <vector>

#include "preprocessing/split/random_order.h"
#include "preprocessing/table/table.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {

/// Columns of customers whose label depends on "spend" a little.
struct Customers {
  std::vector<std::string> id;
  std::vector<double> spend;
  std::vector<double> age;
  std::vector<std::string> plan;
  std::vector<std::string> city;
  std::vector<std::string> churn;
  std::vector<float> labels;

  explicit Customers(std::size_t rows, std::uint64_t seed = 1) {
    SplitMix64 generator(seed);
    for (std::size_t row = 0; row < rows; ++row) {
      id.push_back(fmt::format("C{:06}", seed * 100000 + row));
      spend.push_back(static_cast<double>(generator.below(100000)) / 100.0);
      age.push_back(18.0 + static_cast<double>(generator.below(60)));
      plan.push_back(fmt::format("plan {}", generator.below(3)));
      city.push_back(fmt::format("city {}", generator.below(20)));
      const bool leaves = generator.below(1000) < (spend.back() < 300.0 ? 400U : 150U);
      churn.emplace_back(leaves ? "yes" : "no");
      labels.push_back(leaves ? 1.0F : 0.0F);
    }
  }

  /// Repeats rows [0, count), with new identifiers.
  void repeat(std::size_t count) {
    for (std::size_t row = 0; row < count; ++row) {
      id.push_back(fmt::format("D{:06}", row));
      spend.push_back(spend[row]);
      age.push_back(age[row]);
      plan.push_back(plan[row]);
      city.push_back(city[row]);
      churn.push_back(churn[row]);
      labels.push_back(labels[row]);
    }
  }

  [[nodiscard]] Table table() const {
    Table table;
    table.add(text_column("id", id, ColumnKind::identifier));
    table.add(number_column("spend", spend));
    table.add(number_column("age", age));
    table.add(text_column("plan", plan));
    table.add(text_column("city", city));
    table.add(text_column("churn", churn));
    return table;
  }
};

inline const std::vector<std::string> kCustomerFeatures = {"spend", "age", "plan", "city"};
inline const std::vector<std::string> kCustomerColumns = {"spend", "age", "plan", "city", "churn"};

}  // namespace ebb::preprocessing
