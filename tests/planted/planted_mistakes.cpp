// planted_mistakes NAME: makes one mistake, which the build's sanitizer must report. no_race makes
// none. `volatile` keeps the optimiser from seeing what is wrong.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "kernels/common/parallel.h"

namespace {

constexpr std::int64_t kItems = 1000;

int sum_in_parallel(bool racy) {
  const ebb::Context context({}, 2);
  std::vector<int> items(kItems);
  int sum = 0;
  // Twice, so that items of one loop are read by another thread in the next.
  for (const std::int64_t from : {std::int64_t{0}, kItems - 1}) {
    ebb::parallel_for(context, kItems, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        ++items[static_cast<std::size_t>(from == 0 ? i : from - i)];
        if (racy) ++sum;
      }
    });
  }
  for (const int item : items) sum += item;
  return sum;
}

int overflow_heap() {
  const volatile std::size_t beyond = 8;
  const auto items = std::make_unique<int[]>(beyond);
  return items[beyond];
}

int leak() {
  auto* const volatile items = new int[8]{};
  return items[0];
}

int overflow_integer() {
  volatile int most = std::numeric_limits<int>::max();
  return most + 1;
}

int cast_nan() {
  volatile float nan = std::numeric_limits<float>::quiet_NaN();
  return static_cast<int>(nan);
}

int use_stale_iterator() {
  std::vector<int> items(1);
  const auto first = items.begin();
  items.resize(items.capacity() + 1);
  return *first;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view name = argc == 2 ? argv[1] : "";
  int result = 0;
  if (name == "race" || name == "no_race") {
    result = sum_in_parallel(name == "race");
  } else if (name == "heap_overflow") {
    result = overflow_heap();
  } else if (name == "leak") {
    result = leak();
  } else if (name == "integer_overflow") {
    result = overflow_integer();
  } else if (name == "float_cast") {
    result = cast_nan();
  } else if (name == "stale_iterator") {
    // ctest takes an abort for a failure, whatever was printed.
    std::signal(SIGABRT, [](int) { std::_Exit(1); });
    result = use_stale_iterator();
  } else {
    return 2;
  }
  std::printf("not reported: %d\n", result);
  return 0;
}
