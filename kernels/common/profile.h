// Where the time of a computation goes, operation by operation: for our own table, and on CUDA for
// profilers such as Nsight Systems. A context without a profile, which is the usual case, pays two
// comparisons per operation.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/common/context.h"
#include "kernels/common/ranges.h"
#include "kernels/common/view.h"

namespace ebb {

/// The least that one call of an operation has to do.
struct OperationCost {
  double flops = 0.0;  // of matrix products and attention; 0 where moving memory is the floor
  double bytes = 0.0;  // of operands read and written, each once
  Shape shape;         // tells apart the calls of one operation, as a linear layer's [out, in]
};

/// All calls of one operation that have the same shape and number of threads.
struct ProfileRow {
  std::string_view operation;  // a literal
  Shape shape;
  int threads = 1;  // that a call may use
  std::int64_t calls = 0;
  double seconds = 0.0;  // of all calls, times threads
  double flops = 0.0;
  double bytes = 0.0;
};

/// Written by the operations of the one context that it is given to (Context::set_profile).
class Profile {
 public:
  using Clock = std::chrono::steady_clock;

  /// In the order of the first calls.
  std::span<const ProfileRow> rows() const { return rows_; }
  /// Thread seconds of all operations.
  double operation_seconds() const { return operation_seconds_; }
  /// Thread seconds inside LaneScopes and outside operations.
  double between_seconds() const { return between_seconds_; }

  void merge(const Profile& other);
  void clear();

  // For ProfileScope. begin() is false inside another operation.
  bool begin(std::string_view operation, int threads);
  void set_cost(const OperationCost& cost);
  void end();

  // For LaneScope.
  void add_between(double seconds) { between_seconds_ += seconds; }

 private:
  void add(const ProfileRow& row);

  std::vector<ProfileRow> rows_;
  double operation_seconds_ = 0.0;
  double between_seconds_ = 0.0;
  bool open_ = false;
  ProfileRow current_;
  Clock::time_point start_;
};

/// One call of an operation, from construction to destruction, which on CUDA is also a named range.
/// Operations that it calls on the same context count as its own.
class ProfileScope {
 public:
  /// `operation` is a literal. `cost()` gives the OperationCost, and is called when someone asks.
  template <class Cost>
  ProfileScope(const Context& context, std::string_view operation, Cost&& cost)
      : range_(context.device(), operation) {
    Profile* profile = context.profile();
    if (profile == nullptr || !profile->begin(operation, context.threads())) return;
    profile_ = profile;
    profile->set_cost(cost());
  }
  ProfileScope(const ProfileScope&) = delete;
  ProfileScope& operator=(const ProfileScope&) = delete;
  ~ProfileScope() {
    if (profile_ != nullptr) profile_->end();
  }

 private:
  NamedRange range_;
  Profile* profile_ = nullptr;
};

/// What one lane of a divided batch does; finds the time between its operations.
class LaneScope {
 public:
  explicit LaneScope(const Context& context) : profile_(context.profile()) {
    if (profile_ == nullptr) return;
    operations_before_ = profile_->operation_seconds();
    start_ = Profile::Clock::now();
  }
  LaneScope(const LaneScope&) = delete;
  LaneScope& operator=(const LaneScope&) = delete;
  ~LaneScope() {
    if (profile_ == nullptr) return;
    const std::chrono::duration<double> elapsed = Profile::Clock::now() - start_;
    profile_->add_between(elapsed.count() - (profile_->operation_seconds() - operations_before_));
  }

 private:
  Profile* profile_;
  double operations_before_ = 0.0;
  Profile::Clock::time_point start_;
};

/// The bytes that a view shows; 0 when it is absent.
template <class Pointer>
double bytes_of(const BasicView<Pointer>& view) {
  return view.present()
             ? static_cast<double>(view.elements()) * static_cast<double>(size_of(view.dtype))
             : 0.0;
}

/// The cost of an operation whose floor is memory: that of passing over these views once each. One
/// that is read and written stands twice.
template <class... Views>
OperationCost cost_of_moving(const Views&... views) {
  return {.bytes = (bytes_of(views) + ...)};
}

}  // namespace ebb
