// A batch divided among independent lines of execution, so that activations stay in cache and
// threads meet once per step.
#pragma once

#include <memory>
#include <vector>

#include "engine/operations/packed_weights.h"
#include "engine/pass.h"
#include "engine/tensor/allocator.h"
#include "kernels/common/denormals.h"
#include "kernels/common/parallel.h"
#include "kernels/common/precision.h"
#include "kernels/common/profile.h"

namespace ebb {

/// Rows [begin, begin + count) of a batch.
struct RowRange {
  std::int64_t begin;
  std::int64_t count;
};

/// How a batch of `rows` is divided: into shards of `rows_per_shard`, dealt to lanes in runs of
/// neighbours. It depends on the shape alone, never on the number of threads.
struct ShardPlan {
  std::int64_t rows;
  std::int64_t rows_per_shard;
  std::int64_t lanes;

  std::int64_t shards() const { return blocks_of(rows, rows_per_shard); }
  /// The shards [first, last) of one lane.
  std::int64_t first_shard(std::int64_t lane) const { return shards() * lane / lanes; }
  RowRange shard(std::int64_t index) const {
    const std::int64_t begin = index * rows_per_shard;
    return {begin, std::min(rows_per_shard, rows - begin)};
  }
};

/// Throws UnsupportedError when the device cannot train or run a network in that precision.
void require_precision(Precision precision, Device device);

/// One serial context and tape per lane, kept warm between batches. A CUDA device has one lane,
/// which takes all shards: each fills the device, and they would wait for each other on its stream
/// anyway.
class Lanes {
 public:
  /// The most lanes that a batch is divided among: more threads than these do not help.
  static constexpr std::int64_t kMost = 8;

  /// `parameters` are those whose gradients the tapes find; null for lanes that only predict.
  /// Throws UnsupportedError on a precision that the device lacks.
  Lanes(Device device, int threads, const ParameterSet* parameters,
        Precision precision = Precision::f32);

  /// Calls body(pass, range) for every shard of a batch, each lane's in order. The pass has the
  /// lane's serial context and tape, and first_row set. `pass` gives the other settings. Denormals
  /// are zero in `body`.
  template <class Body>
  void for_each_shard(const ShardPlan& whole, const PassSettings& settings, Body&& body) {
    const ShardPlan plan = dealt(whole);
    if (packed_weights_ != nullptr) packed_weights_->refresh(team_);
    parallel_for(team_, plan.lanes, 1, [&](std::int64_t begin, std::int64_t end) {
      const FlushDenormals flush;
      const AllocationScope memory(memory_of_range(begin));
      for (std::int64_t lane = begin; lane < end; ++lane) {
        Lane& line = *lanes_[static_cast<std::size_t>(lane)];
        const LaneScope scope(line.context);
        for (std::int64_t i = plan.first_shard(lane); i < plan.first_shard(lane + 1); ++i) {
          const RowRange range = plan.shard(i);
          body(Pass{.context = line.context,
                    .tape = line.recording(),
                    .settings = settings,
                    .first_row = range.begin,
                    .packed_weights = packed_weights_.get(),
                    .attention_in_tf32 = precision_ == Precision::tf32},
               range);
        }
      }
    });
  }

  /// The division of a batch of `rows` when about `rows_per_shard` of them fill a processor's
  /// cache. On CUDA shards are as large as its memory easily holds: batches of training are whole.
  static ShardPlan plan(std::int64_t rows, std::int64_t rows_per_shard, Device device = {});

  Device device() const { return team_.device(); }
  std::int64_t count() const { return static_cast<std::int64_t>(lanes_.size()); }
  /// `plan` for as many lanes as there are.
  ShardPlan dealt(ShardPlan plan) const {
    plan.lanes = std::min(plan.lanes, count());
    return plan;
  }

  /// A context that may use all threads, for work between batches.
  Context& team() { return team_; }
  /// The tape of one lane.
  Tape& tape(std::int64_t lane) { return *lanes_[static_cast<std::size_t>(lane)]->tape; }

  /// Whether the operations of all lanes and of the team are timed.
  void set_profiling(bool on);
  /// What they took since profiling began, or since the last call.
  Profile take_profile();

 private:
  struct Lane {
    Lane(Device device, const ParameterSet* parameters);
    Tape* recording() { return tape.get(); }

    Context context;
    Profile profile;
    std::unique_ptr<Tape> tape;  // absent without parameters
  };

  /// Where the lanes from `first` on, which one thread takes, have their tensors: a block that
  /// another thread wrote before would have to come from that one's cache.
  CachingAllocator& memory_of_range(std::int64_t first) const;

  Context team_;
  Profile team_profile_;
  Precision precision_;
  std::unique_ptr<PackedWeights> packed_weights_;  // of precision bf16 only
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace ebb
