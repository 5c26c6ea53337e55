// ebb_bench_kernels: how long every kernel takes on every device, beside what the device could do.
//
//   ebb_bench_kernels [--device=cpu|cuda|cuda:N|all] [--contenders]
//                     [Google Benchmark's options, see --help]
//
// Each benchmark is named operation/direction/device/dtype/shape; --benchmark_filter chooses by it.
// --contenders adds other kernels for the same operands on CUDA, named operation:contender/...: our
// own matrix products (own), NVIDIA's cuBLASLt and cuDNN. What cannot run is skipped with the
// reason. Counters: bytes/s or flop/s, `floor`: the share of the device's limit reached, and
// `error`: the largest error against the same computation in float64, as a share of the largest
// result. On the virtual GPU (scripts/vgpu) every kernel runs twice, the times mean nothing, and
// the virtual GPU prints its counts at the end; counters are what one call has to move and to
// compute.
#include <algorithm>
#include <cstdio>
#include <string_view>

#include <benchmark/benchmark.h>

#include "bench/kernels/machine.h"
#include "bench/kernels/suite.h"
#include "bench/run_main.h"

namespace ebb::bench {
namespace {

struct Options {
  std::string device = "all";
  bool contenders = false;
};

double error_of(const KernelCase& kernel_case, const Operands& results, DType grid) {
  Context host;
  Operands oracle(host, DType::f64, grid);
  kernel_case.oracle(oracle);
  return results.error_against(oracle);
}

void set_counters(benchmark::State& state, const KernelCase& kernel_case, double bytes,
                  const Limits& limits, double seconds) {
  using benchmark::Counter;
  const double floor =
      std::max(bytes / limits.bytes_per_second, kernel_case.flops / limits.flops_per_second);
  const bool computes = kernel_case.flops > 0;
  state.counters[computes ? "flop/s" : "bytes/s"] =
      Counter((computes ? kernel_case.flops : bytes) / seconds);
  state.counters["floor"] = Counter(floor / seconds);
}

void measure(benchmark::State& state, Machine& machine, const KernelCase& kernel_case,
             DType dtype) {
  Operands operands(machine.context(), dtype, dtype);
  const auto kernel = kernel_case.kernel(operands);
  const auto call = [&] { kernel(machine.context()); };
  call();  // once before the error is taken: some kernels go on from their own results
  machine.context().synchronize();
  state.counters["error"] = benchmark::Counter(error_of(kernel_case, operands, dtype));

  double total = 0.0;
  for ([[maybe_unused]] auto iteration : state) {
    const double seconds = machine.time(call);
    state.SetIterationTime(seconds);
    total += seconds;
  }
  if (machine.is_virtual()) {
    state.counters["bytes"] = benchmark::Counter(operands.bytes());
    state.counters["elements"] = benchmark::Counter(operands.largest());
    state.counters["flops"] = benchmark::Counter(kernel_case.flops);
  } else {
    const double seconds = total / static_cast<double>(state.iterations());
    set_counters(state, kernel_case, operands.bytes(), machine.limits(dtype), seconds);
  }
}

/// As above; a contender that cannot run is skipped with the reason.
void measure_or_skip(benchmark::State& state, Machine& machine, const KernelCase& kernel_case,
                     DType dtype) {
  try {
    measure(state, machine, kernel_case, dtype);
  } catch (const UnsupportedError& error) {
    if (kernel_case.contender.empty()) throw;
    state.SkipWithError(error.what());
  }
}

std::string name_of(const KernelCase& kernel_case, Device device, DType dtype) {
  const char* separator = kernel_case.contender.empty() ? "" : ":";
  return fmt::format("{}{}{}/{}/{}/{}/{}", kernel_case.operation, separator, kernel_case.contender,
                     kernel_case.direction, device.is_cuda() ? "cuda" : "cpu", name_of(dtype),
                     kernel_case.shape);
}

void add_benchmarks(Machine& machine, const std::vector<KernelCase>& cases) {
  const Device device = machine.context().device();
  for (const KernelCase& kernel_case : cases) {
    for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
      if (!kernel_case.unsupported(device, dtype).empty()) continue;
      auto* const benchmark =
          benchmark::RegisterBenchmark(name_of(kernel_case, device, dtype).c_str(),
                                       [&machine, kernel_case, dtype](benchmark::State& state) {
                                         measure_or_skip(state, machine, kernel_case, dtype);
                                       });
      benchmark->UseManualTime()->Unit(benchmark::kMicrosecond);
      if (machine.is_virtual()) {
        benchmark->Iterations(1);
      } else {
        benchmark->MinTime(0.05)->Repetitions(5)->ReportAggregatesOnly();
      }
    }
  }
}

/// Takes our own options out of the arguments; what is left is Google Benchmark's.
Options take_options(int& count, char** arguments) {
  constexpr std::string_view kDevice = "--device=";
  Options options;
  char** const end =
      std::remove_if(arguments + 1, arguments + count, [&](std::string_view argument) {
        if (argument == "--contenders") return options.contenders = true;
        if (!argument.starts_with(kDevice)) return false;
        options.device = argument.substr(kDevice.size());
        return true;
      });
  count = static_cast<int>(end - arguments);
  return options;
}

std::vector<Device> devices_of(const std::string& name) {
  if (name != "all") return {parse_device(name)};
  std::vector<Device> devices{Device{}};
  for (int i = 0; i < cuda_device_count(); ++i) devices.push_back({DeviceKind::cuda, i});
  return devices;
}

int run(int count, char** arguments) {
  const Options options = take_options(count, arguments);
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
  std::vector<KernelCase> cases = all_cases();
  if (!options.contenders) {
    std::erase_if(cases, [](const KernelCase& one) { return !one.contender.empty(); });
  }
  std::vector<std::unique_ptr<Machine>> machines;
  for (const Device device : devices_of(options.device)) {
    machines.push_back(std::make_unique<Machine>(device));
    Machine& machine = *machines.back();
    benchmark::AddCustomContext(to_string(device), machine.name());
    if (machine.is_virtual()) {
      fmt::print(stderr,
                 "{}: the virtual GPU, which counts: its times mean nothing, shares are left out\n",
                 to_string(device));
    }
    add_benchmarks(machine, cases);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace ebb::bench

int main(int count, char** arguments) {
  return ebb::bench::run_main(ebb::bench::run, count, arguments);
}
