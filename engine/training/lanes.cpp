#include "engine/training/lanes.h"

#include <memory>
#include <vector>

#include "kernels/bf16_product/bf16_product.h"
#include "kernels/common/support.h"

namespace ebb {

void require_precision(Precision precision, Device device) {
  std::string reason;
  if (precision == Precision::tf32) reason = tf32_unsupported(device);
  if (precision == Precision::bf16) reason = kernels::bf16_product_unsupported(device);
  kernels::require_supported(fmt::format("precision {}", name_of(precision)), reason);
}

Lanes::Lane::Lane(Device device, const ParameterSet* parameters) : context(device, 1) {
  if (parameters != nullptr) tape = std::make_unique<Tape>(context, parameters);
}

Lanes::Lanes(Device device, int threads, const ParameterSet* parameters, Precision precision)
    : team_(device, threads), precision_(precision) {
  require_precision(precision, device);
  if (precision == Precision::bf16) packed_weights_ = std::make_unique<PackedWeights>(device);
  const std::int64_t count = device.is_cuda() ? 1 : kMost;
  for (std::int64_t lane = 0; lane < count; ++lane) {
    lanes_.push_back(std::make_unique<Lane>(device, parameters));
  }
}

CachingAllocator& Lanes::memory_of_range(std::int64_t first) const {
  if (device().is_cuda()) return CachingAllocator::of(device());
  // Of the process, since tensors may outlive the lanes that made them.
  static auto* allocators = [] {
    auto* all = new std::vector<std::unique_ptr<CachingAllocator>>;
    for (std::int64_t lane = 0; lane < kMost; ++lane) {
      all->push_back(std::make_unique<CachingAllocator>(Device{}));
    }
    return all;
  }();
  return *(*allocators)[static_cast<std::size_t>(first)];
}

void Lanes::set_profiling(bool on) {
  team_.set_profile(on ? &team_profile_ : nullptr);
  for (const auto& lane : lanes_) lane->context.set_profile(on ? &lane->profile : nullptr);
}

Profile Lanes::take_profile() {
  Profile all;
  for (const auto& lane : lanes_) {
    all.merge(lane->profile);
    lane->profile.clear();
  }
  all.merge(team_profile_);
  team_profile_.clear();
  return all;
}

ShardPlan Lanes::plan(std::int64_t rows, std::int64_t rows_per_shard, Device device) {
  if (rows <= 0 || rows_per_shard <= 0) {
    fail("Lanes: {} rows in shards of {}, expected at least 1", rows, rows_per_shard);
  }
  if (device.is_cuda()) {
    // Activations of some 10,000 tokens, up to 1 GB at common widths, fill any GPU.
    constexpr std::int64_t kCaches = 64;
    return {rows, std::min(rows, kCaches * rows_per_shard), 1};
  }
  // A batch that would fill few shards is divided finer, so that threads have work.
  const std::int64_t finer = std::max<std::int64_t>(1, blocks_of(rows, kMost / 2));
  const std::int64_t size = std::min(rows_per_shard, finer);
  return {rows, size, std::min(kMost, blocks_of(rows, size))};
}

}  // namespace ebb
