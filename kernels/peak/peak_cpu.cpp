// Twelve chains of multiply-adds per thread: more than latency times units (4 cycles, two units) of
// any processor so far, few enough for the 16 registers of the older instruction sets.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/peak/peak_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/parallel.h"
#include "kernels/peak/peak_backends.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Runs `rounds` of twelve vector multiply-adds and returns the floating-point operations done.
/// `result` depends on all of them, so that the compiler leaves none out.
double multiply_add(std::int64_t rounds, float* result) {
  const hn::ScalableTag<float> d;
  const auto factor = hn::Set(d, 0.9999F);
  const auto term = hn::Set(d, 1e-4F);
  // Every chain starts elsewhere: the compiler would compute equal chains once.
  auto a0 = hn::Iota(d, 0.0F), a1 = hn::Iota(d, 1.0F), a2 = hn::Iota(d, 2.0F);
  auto a3 = hn::Iota(d, 3.0F), a4 = hn::Iota(d, 4.0F), a5 = hn::Iota(d, 5.0F);
  auto a6 = hn::Iota(d, 6.0F), a7 = hn::Iota(d, 7.0F), a8 = hn::Iota(d, 8.0F);
  auto a9 = hn::Iota(d, 9.0F), a10 = hn::Iota(d, 10.0F), a11 = hn::Iota(d, 11.0F);
  for (std::int64_t round = 0; round < rounds; ++round) {
    a0 = hn::MulAdd(a0, factor, term);
    a1 = hn::MulAdd(a1, factor, term);
    a2 = hn::MulAdd(a2, factor, term);
    a3 = hn::MulAdd(a3, factor, term);
    a4 = hn::MulAdd(a4, factor, term);
    a5 = hn::MulAdd(a5, factor, term);
    a6 = hn::MulAdd(a6, factor, term);
    a7 = hn::MulAdd(a7, factor, term);
    a8 = hn::MulAdd(a8, factor, term);
    a9 = hn::MulAdd(a9, factor, term);
    a10 = hn::MulAdd(a10, factor, term);
    a11 = hn::MulAdd(a11, factor, term);
  }
  const auto low = hn::Add(hn::Add(hn::Add(a0, a1), hn::Add(a2, a3)), hn::Add(a4, a5));
  const auto high = hn::Add(hn::Add(hn::Add(a6, a7), hn::Add(a8, a9)), hn::Add(a10, a11));
  *result = hn::GetLane(hn::SumOfLanes(d, hn::Add(low, high)));
  return 2.0 * 12.0 * static_cast<double>(hn::Lanes(d)) * static_cast<double>(rounds);
}

/// Copies `count` floats, a multiple of 64, `passes` times.
void copy_floats(const float* from, float* to, std::int64_t count, std::int64_t passes) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t pass = 0; pass < passes; ++pass) {
    for (std::int64_t i = 0; i < count; i += 4 * lanes) {
      const auto v0 = hn::LoadU(d, from + i);
      const auto v1 = hn::LoadU(d, from + i + lanes);
      const auto v2 = hn::LoadU(d, from + i + 2 * lanes);
      const auto v3 = hn::LoadU(d, from + i + 3 * lanes);
      hn::StoreU(v0, d, to + i);
      hn::StoreU(v1, d, to + i + lanes);
      hn::StoreU(v2, d, to + i + 2 * lanes);
      hn::StoreU(v3, d, to + i + 3 * lanes);
    }
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <chrono>
#include <memory>
#include <new>
#include <numeric>
#include <vector>

namespace ebb::kernels::cpu {
namespace {

using Clock = std::chrono::steady_clock;

HWY_EXPORT(multiply_add);
HWY_EXPORT(copy_floats);

/// For how long, and at least how often, a rate is measured.
struct Repeats {
  std::chrono::milliseconds time;
  std::size_t least;
};

/// The upper quartile of the rates of one thread's repeats: it passes over those that another
/// process interrupted, and over those few when the other threads had not begun. `work()` says how
/// much it did.
template <class Work>
double thread_rate(const Repeats& repeats, Work&& work) {
  std::vector<double> rates;
  const Clock::time_point start = Clock::now();
  while (Clock::now() - start < repeats.time || rates.size() < repeats.least) {
    const Clock::time_point begin = Clock::now();
    const double done = work();
    const std::chrono::duration<double> seconds = Clock::now() - begin;
    rates.push_back(done / seconds.count());
  }
  const auto quartile = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() * 3 / 4);
  std::nth_element(rates.begin(), quartile, rates.end());
  return *quartile;
}

/// The sum over all threads of the rate() of each, measured at once. Threads that take turns on a
/// processor would each find the rate of the whole of it, so there is one for each at most.
template <class Rate>
double total_rate(const Context& context, Rate&& rate) {
  const int threads = std::min(context.threads(), available_processors());
  std::vector<double> rates(static_cast<std::size_t>(threads));
  parallel_for(context, threads, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) rates[static_cast<std::size_t>(i)] = rate();
  });
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

double thread_flops() {
  constexpr std::int64_t kRounds = 50'000;  // some 0.15 ms
  return thread_rate({.time = std::chrono::milliseconds(25), .least = 60}, [] {
    float result = 0.0F;
    return HWY_DYNAMIC_DISPATCH(multiply_add)(kRounds, &result);
  });
}

double thread_copy_bandwidth(std::int64_t bytes) {
  constexpr std::int64_t kBlock = 64;            // floats that copy_floats takes at a time
  constexpr std::int64_t kLeastBytes = 1 << 20;  // of a repeat: some 20 microseconds
  constexpr std::align_val_t kAlignment{64};
  const std::int64_t count = std::max(bytes / 2 / 4 / kBlock, std::int64_t{1}) * kBlock;
  // Half a page from a multiple of it: loads would wait for stores that are a multiple away.
  const std::int64_t target = blocks_of(count, 1024) * 1024 + 512;
  const std::int64_t moved = 2 * 4 * count;
  const std::int64_t passes = std::max(kLeastBytes / moved, std::int64_t{1});
  const auto release = [&](float* memory) { ::operator delete(memory, kAlignment); };
  const std::unique_ptr<float, decltype(release)> memory(
      static_cast<float*>(
          ::operator new(static_cast<std::size_t>(4 * (target + count)), kAlignment)),
      release);
  std::fill_n(memory.get(), target + count, 1.0F);
  return thread_rate({.time = std::chrono::milliseconds(3), .least = 8}, [&] {
    HWY_DYNAMIC_DISPATCH(copy_floats)(memory.get(), memory.get() + target, count, passes);
    return static_cast<double>(moved * passes);
  });
}

}  // namespace

double measure_peak_gflops(const Context& context) {
  return 1e-9 * total_rate(context, thread_flops);
}

double measure_copy_bandwidth(const Context& context, std::int64_t bytes_per_thread) {
  return total_rate(context, [&] { return thread_copy_bandwidth(bytes_per_thread); });
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
