// ebb_bench_kernels: how long every kernel takes on every device, beside what the device could do.
//
//   ebb_bench_kernels [--device=cpu|cuda|cuda:N|all] [--contenders]
//                     [Google Benchmark's options, see --help]
//
// Each benchmark is named operation/direction/device/dtype/shape; --benchmark_filter chooses by it.
// --contenders adds other kernels for the same operands on CUDA, named operation:contender/...: our
// own matrix products (own) and the lower rungs of their ladder, attention in TF32 (tf32), NVIDIA's
// cuBLASLt and cuDNN. What cannot run is skipped with the reason. Counters: bytes/s or flop/s,
// `floor`: the share of the device's limit reached, and `error`: the largest error against the same
// computation in float64, as a share of the largest result. On the virtual GPU (scripts/vgpu) every
// kernel runs twice, the times mean nothing, and the virtual GPU prints its counts at the end;
// counters are what one call has to move and to compute.
#include <algorithm>
#include <cstdio>
#include <memory>
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

/// What one benchmark measures.
struct Measurement {
  Machine& machine;
  KernelCase kernel_case;
  DType dtype;
};

/// Its operands, the call that is timed, and the error of their results.
struct Prepared {
  explicit Prepared(const Measurement& m)
      : operands(m.machine.context(), m.dtype, m.dtype), kernel(m.kernel_case.kernel(operands)) {
    kernel(m.machine.context());  // once before: some kernels go on from their own results
    m.machine.context().synchronize();
    error = error_of(m.kernel_case, operands, m.dtype);
  }

  Operands operands;
  std::function<void(Context&)> kernel;
  double error = 0.0;
};

/// What was prepared last, for all of Google Benchmark's trials and repetitions of one measurement:
/// to prepare it takes longer than most of them.
class LastPrepared {
 public:
  const Prepared& of(const Measurement& measurement) {
    if (prepared_ == nullptr || measurement_ != &measurement) {
      prepared_.reset();  // before the next one takes memory
      prepared_ = std::make_unique<Prepared>(measurement);
      measurement_ = &measurement;
    }
    return *prepared_;
  }

 private:
  std::unique_ptr<Prepared> prepared_;
  const Measurement* measurement_ = nullptr;
};

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

void measure(benchmark::State& state, const Measurement& measurement, const Prepared& prepared) {
  const auto& [machine, kernel_case, dtype] = measurement;
  state.counters["error"] = benchmark::Counter(prepared.error);
  double total = 0.0;
  for ([[maybe_unused]] auto iteration : state) {
    const double seconds = machine.time([&] { prepared.kernel(machine.context()); });
    state.SetIterationTime(seconds);
    total += seconds;
  }
  if (machine.is_virtual()) {
    state.counters["bytes"] = benchmark::Counter(prepared.operands.bytes());
    state.counters["elements"] = benchmark::Counter(prepared.operands.largest());
    state.counters["flops"] = benchmark::Counter(kernel_case.flops);
  } else {
    const double seconds = total / static_cast<double>(state.iterations());
    set_counters(state, kernel_case, prepared.operands.bytes(),
                 machine.limits(dtype, kernel_case.precision), seconds);
  }
}

/// As above; a contender that cannot run is skipped with the reason.
void measure_or_skip(benchmark::State& state, const Measurement& measurement, LastPrepared& last) {
  try {
    measure(state, measurement, last.of(measurement));
  } catch (const UnsupportedError& error) {
    if (measurement.kernel_case.contender.empty()) throw;
    state.SkipWithError(error.what());
  }
}

std::string name_of(const KernelCase& kernel_case, Device device, DType dtype) {
  const char* separator = kernel_case.contender.empty() ? "" : ":";
  return fmt::format("{}{}{}/{}/{}/{}/{}", kernel_case.operation, separator, kernel_case.contender,
                     kernel_case.direction, device.is_cuda() ? "cuda" : "cpu", name_of(dtype),
                     kernel_case.shape);
}

void add_benchmarks(Machine& machine, const std::vector<KernelCase>& cases, LastPrepared& last) {
  const Device device = machine.context().device();
  for (const KernelCase& kernel_case : cases) {
    if (kernel_case.large && (!device.is_cuda() || machine.is_virtual())) continue;
    for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
      if (!kernel_case.unsupported(device, dtype).empty()) continue;
      // Shared, so that its address is its name for as long as the benchmark is registered.
      const auto measurement =
          std::make_shared<const Measurement>(Measurement{machine, kernel_case, dtype});
      auto* const benchmark =
          benchmark::RegisterBenchmark(name_of(kernel_case, device, dtype).c_str(),
                                       [measurement, &last](benchmark::State& state) {
                                         measure_or_skip(state, *measurement, last);
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
  LastPrepared last;
  for (const Device device : devices_of(options.device)) {
    machines.push_back(std::make_unique<Machine>(device));
    Machine& machine = *machines.back();
    benchmark::AddCustomContext(to_string(device), machine.name());
    if (machine.is_virtual()) {
      fmt::print(stderr,
                 "{}: the virtual GPU, which counts: its times mean nothing, shares are left out\n",
                 to_string(device));
    }
    add_benchmarks(machine, cases, last);
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
