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

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <chrono>
#include <numeric>
#include <vector>

namespace ebb::kernels::cpu {
namespace {

using Clock = std::chrono::steady_clock;

HWY_EXPORT(multiply_add);

/// The median rate of one thread's repeats: the median passes over those that another process
/// interrupted, and those before the other threads began.
double thread_gflops() {
  constexpr std::int64_t kRounds = 100'000;  // some 0.3 ms
  constexpr std::chrono::milliseconds kTime{25};
  std::vector<double> rates;
  const Clock::time_point start = Clock::now();
  while (Clock::now() - start < kTime) {
    float result = 0.0F;
    const Clock::time_point begin = Clock::now();
    const double operations = HWY_DYNAMIC_DISPATCH(multiply_add)(kRounds, &result);
    const std::chrono::duration<double> seconds = Clock::now() - begin;
    rates.push_back(operations / seconds.count() * 1e-9);
  }
  const auto middle = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
  std::nth_element(rates.begin(), middle, rates.end());
  return *middle;
}

}  // namespace

double measure_peak_gflops(const Context& context) {
  std::vector<double> rates(static_cast<std::size_t>(context.threads()));
  parallel_for(context, context.threads(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) rates[static_cast<std::size_t>(i)] = thread_gflops();
  });
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
