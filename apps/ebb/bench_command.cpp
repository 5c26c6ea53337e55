// ebb bench: how fast this machine trains.
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/ebb/commands.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/output.h"
#include "apps/ebb/precision_option.h"
#include "apps/ebb/step_benchmark.h"

namespace ebb::program {
namespace {

constexpr const char* kFooter = R"(Examples:
  ebb bench step
  ebb bench step --dim 128 --layers 3 --heads 8 --feed-forward 512 --tokens 32 --batch 128
  ebb bench step --precision bf16
  ebb bench step --threads 1 --json -)";

struct BenchOptions {
  StepShape shape;
  int threads = 0;
  std::string json;
  std::optional<Precision> precision;
};

void print_timing(const StepShape& shape, const StepTiming& timing) {
  fmt::print("one training step (forward, backward, AdamW, dropout {}) on random data\n",
             shape.dropout);
  fmt::print("shape            dim {}, layers {}, heads {}, feed-forward {}, tokens {}, batch {}\n",
             shape.dim, shape.layers, shape.heads, shape.feed_forward, shape.tokens, shape.batch);
  fmt::print("parameters       {}\n", timing.parameters);
  fmt::print("median time      {:.3f} ms (fastest {:.3f}, slowest {:.3f}, {} repeats)\n",
             timing.median_s * 1e3, timing.fastest_s * 1e3, timing.slowest_s * 1e3, timing.repeats);
  fmt::print("rows             {:.0f} per second\n", timing.rows_per_s);
  fmt::print("speed            {:.1f} GFLOP/s, {:.1f} % of the peak of {:.1f} GFLOP/s\n",
             timing.gflops, 100.0 * timing.share_of_peak(), timing.peak_gflops);
  fmt::print("threads          {}, {}\n", timing.threads, timing.instruction_set);
  fmt::print("precision        {}\n", name_of(shape.precision));
}

ExitCode bench_step(const BenchOptions& options) {
  std::optional<Output> json;
  if (!options.json.empty()) json.emplace(options.json);
  const StepTiming timing = time_training_step(options.shape, options.threads);
  if (options.json != kStandardOutput) print_timing(options.shape, timing);
  if (json) write_json(*json, to_json(options.shape, timing));
  return ExitCode::ok;
}

void add_step(CLI::App& bench, Command& chosen) {
  CLI::App* command = bench.add_subcommand("step", "Time one training step of a Transformer");
  command->footer(kFooter);
  auto options = std::make_shared<BenchOptions>();
  const auto size = [&](const char* name, std::int64_t& value, const char* description) {
    command->add_option(name, value, description)
        ->check(within<std::int64_t>(1, 1 << 20))
        ->type_name("N")
        ->capture_default_str();
  };
  size("--dim", options->shape.dim, "Width of a token");
  size("--layers", options->shape.layers, "Encoder layers");
  size("--heads", options->shape.heads, "Attention heads; they divide --dim");
  size("--feed-forward", options->shape.feed_forward, "Width inside the feed-forward network");
  size("--tokens", options->shape.tokens, "Tokens per row");
  size("--batch", options->shape.batch, "Rows per step");
  declare_precision(*command, options->precision,
                    "Of the linear layers: f32, or bf16 on AVX-512 BF16 or AMX (f32)");
  command->add_option("--threads", options->threads, "Threads to use (default: all)")
      ->check(within(1, 4096))
      ->type_name("N");
  command->add_option("--json", options->json, "Write the figures to this file, - for the screen")
      ->type_name("FILE");
  command->callback([&chosen, options] {
    StepShape& shape = options->shape;
    shape.precision = options->precision.value_or(Precision::f32);
    if (shape.dim % shape.heads != 0) {
      throw CLI::ValidationError(
          "--heads", fmt::format("{} heads do not divide --dim {}", shape.heads, shape.dim));
    }
    chosen = [options] { return bench_step(*options); };
  });
}

}  // namespace

void add_bench(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand("bench", "Measure how fast this machine trains");
  command->footer(kFooter);
  command->require_subcommand(1);
  add_step(*command, chosen);
}

}  // namespace ebb::program
