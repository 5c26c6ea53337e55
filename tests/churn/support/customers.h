// A small customer table as CSV text, whose rows tests may change.
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>

namespace ebb::churn {

struct Customer {
  int number = 0;
  int age = 0;
  int member = 0;  // 0 or 1
  std::string plan;
  double spend = 0.0;
  bool leaves = false;
  std::string part = "train";
};

/// `count` customers, all different; a quarter leaves.
inline std::vector<Customer> customers(int count) {
  const char* plans[] = {"基础", "高级", "免费"};
  const char* parts[] = {"train", "train", "train", "val", "test"};
  std::vector<Customer> rows;
  for (int i = 0; i < count; ++i) {
    rows.push_back({70000 + 37 * i, 20 + (i * 7) % 50, (i / 3) % 2, plans[(i * 5) % 3],
                    0.5 + (i * 13 % 101) * 1.25, i % 4 == 1, parts[i / 4 % 5]});
  }
  return rows;
}

inline std::string header_line() { return "客户编号,age,member,套餐,spend,part,churn\n"; }

inline std::string line(const Customer& row) {
  return fmt::format("{},{},{},{},{},{},{}\n", row.number, row.age, row.member, row.plan, row.spend,
                     row.part, row.leaves ? "yes" : "no");
}

inline std::string csv(const std::vector<Customer>& rows) {
  std::string text = header_line();
  for (const Customer& row : rows) text += line(row);
  return text;
}

}  // namespace ebb::churn
