#include "kernels/common/profile.h"

#include <algorithm>

namespace ebb {

void Profile::merge(const Profile& other) {
  for (const ProfileRow& row : other.rows_) add(row);
  between_seconds_ += other.between_seconds_;
}

void Profile::clear() {
  rows_.clear();
  operation_seconds_ = 0.0;
  between_seconds_ = 0.0;
}

bool Profile::begin(std::string_view operation, int threads) {
  if (open_) return false;
  open_ = true;
  current_ = {.operation = operation, .threads = threads, .calls = 1};
  return true;
}

void Profile::set_cost(const OperationCost& cost) {
  current_.shape = cost.shape;
  current_.flops = cost.flops;
  current_.bytes = cost.bytes;
  start_ = Clock::now();
}

void Profile::end() {
  const std::chrono::duration<double> elapsed = Clock::now() - start_;
  current_.seconds = elapsed.count() * current_.threads;
  open_ = false;
  add(current_);
}

void Profile::add(const ProfileRow& row) {
  operation_seconds_ += row.seconds;
  const auto same = std::find_if(rows_.begin(), rows_.end(), [&](const ProfileRow& known) {
    return known.operation == row.operation && known.threads == row.threads &&
           known.shape == row.shape;
  });
  if (same == rows_.end()) {
    rows_.push_back(row);
    return;
  }
  same->calls += row.calls;
  same->seconds += row.seconds;
  same->flops += row.flops;
  same->bytes += row.bytes;
}

}  // namespace ebb
