// ebb_bench_tables: how long it takes to read a table, to drop the rows that repeat others, and to
// get from a file of bench/make_dirty_table.py to a matrix.
//
//   ebb_bench_tables FILE [Google Benchmark's options, see --help]
//
// Benchmarks: read, duplicates, prepare. Counters: rows that there are afterwards, bytes/s of the
// file, and peak_bytes, the most memory that the process has had so far: for one benchmark's alone,
// choose it with --benchmark_filter. bench/compare_dataframes.py shows the same of pandas, Polars
// and Arrow.
#include <filesystem>
#include <string>
#include <sys/resource.h>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/run_main.h"
#include "kernels/common/freed_memory.h"
#include "preprocessing/cleaning/duplicates.h"
#include "preprocessing/csv/csv_reader.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::bench {
namespace {

using preprocessing::Table;
using Benchmark = void(benchmark::State&, const std::filesystem::path&);

double peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024.0;
}

void set_counters(benchmark::State& state, const Table& table, const std::filesystem::path& path) {
  using benchmark::Counter;
  state.counters["rows"] = Counter(static_cast<double>(table.rows()));
  state.counters["bytes/s"] = Counter(static_cast<double>(std::filesystem::file_size(path)),
                                      Counter::kIsIterationInvariantRate);
  state.counters["peak_bytes"] = Counter(peak_bytes());
}

void read(benchmark::State& state, const std::filesystem::path& path) {
  Table table;
  for ([[maybe_unused]] auto iteration : state) table = preprocessing::read_csv(path);
  set_counters(state, table, path);
}

void drop_duplicates(benchmark::State& state, const std::filesystem::path& path) {
  Table table;
  for ([[maybe_unused]] auto iteration : state) {
    state.PauseTiming();
    table = preprocessing::read_csv(path);
    state.ResumeTiming();
    table = preprocessing::drop_duplicate_rows(std::move(table));
  }
  set_counters(state, table, path);
}

/// Of the job "prepare" in bench/compare_dataframes.py.
preprocessing::PipelineConfig job_config() {
  using namespace preprocessing;
  PipelineConfig config;
  config.target = "churn";
  config.classes = {"0", "1"};
  config.steps.push_back({"select", {{"type", "number"}, {"most", 15}}, ""});
  config.numbers = {.indicator = MissingIndicator::never, .scaling = Scaling::none};
  NumberOptions scaled = config.numbers;
  scaled.scaling = Scaling::min_max;
  config.number_columns = {{"n0", scaled}, {"n1", scaled}};
  config.categories.min_count = 1;
  return config;
}

/// From file to matrix: without repeated rows, the 15 numbers most correlated with the label,
/// medians for missing ones, two of them scaled, two categories one-hot, codes of the others.
void prepare(benchmark::State& state, const std::filesystem::path& path) {
  using namespace preprocessing;
  OneHotRows matrix;
  for ([[maybe_unused]] auto iteration : state) {
    const FittedRows fitted =
        Pipeline::fit_transform(drop_duplicate_rows(read_csv(path)), job_config());
    std::vector<std::uint8_t> keeps_code;
    for (const std::string& name : fitted.pipeline.category_names())
      keeps_code.push_back(name == "c0" || name == "c3" ? 0 : 1);
    matrix = one_hot_rows(fitted.rows, fitted.pipeline.cardinalities(), keeps_code);
  }
  using benchmark::Counter;
  state.counters["rows"] = Counter(static_cast<double>(matrix.rows));
  state.counters["columns"] = Counter(static_cast<double>(matrix.width));
  state.counters["peak_bytes"] = Counter(peak_bytes());
}

int run(int count, char** arguments) {
  keep_freed_memory();                       // as ebb does
  benchmark::Initialize(&count, arguments);  // takes its options out
  if (count != 2) {
    fmt::print(stderr,
               "usage: ebb_bench_tables FILE [--benchmark_...]; bench/make_dirty_table.py writes a "
               "file\n");
    return 2;
  }
  const std::filesystem::path path = arguments[1];
  const std::pair<const char*, Benchmark*> benchmarks[] = {
      {"read", read}, {"duplicates", drop_duplicates}, {"prepare", prepare}};
  for (const auto& [name, body] : benchmarks) {
    benchmark::RegisterBenchmark(name, body, path)
        ->UseRealTime()
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
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
