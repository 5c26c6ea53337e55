// ebb bench: how fast this machine computes.
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/churn/config/device_choice.h"
#include "apps/ebb/attention_benchmark.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/device_option.h"
#include "apps/ebb/devices.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/output.h"
#include "apps/ebb/precision_option.h"
#include "apps/ebb/step_benchmark.h"
#include "apps/ebb/threads_option.h"
#include "apps/ebb/usage.h"
#include "kernels/attention/attention.h"

namespace ebb::program {
namespace {

constexpr const char* kBenchFooter = R"(Examples:
  ebb bench step
  ebb bench step --profile
  ebb bench attention --tokens 64 --head-dim 64 --direction backward

On a GPU times are between two events on its stream, and no peak is measured. On the CPU shares are of
the multiply-add peak of the same threads, measured before and after in the same run.
Measure on an idle machine: other work on the same cores changes times, and shares less.
docs/performance.md says how to read the figures.)";

constexpr const char* kStepFooter = R"(Examples:
  ebb bench step
  ebb bench step --profile
      and a table: which operations take the time, and how near each is to the CPU's limit
  ebb bench step --dim 192 --layers 3 --heads 8 --feed-forward 256 --batch 256
  ebb bench step --precision bf16
  ebb bench step --threads 1 --json -
      one core's figures, for a script

Operations are counted as 6 B T L (4 d^2 + 2 d f) + 12 L B T^2 d, whatever is really computed.)";

constexpr const char* kAttentionFooter = R"(Examples:
  ebb bench attention
  ebb bench attention --batch 8 --heads 8 --tokens 64 --head-dim 64 --direction backward
  ebb bench attention --dropout 0.1 --threads 1 --json -
      as inside one lane of a training step, for a script
  ebb bench attention --batch 2 --heads 8 --seq 512 --head-dim 64 --causal
      --seq is another name of --tokens

Operations are counted as 4 B H T^2 D forward and 2.5 times that backward; causal attention has
T (T + 1) / 2 scores instead of T^2.)";

template <class Shape>
struct BenchOptions {
  Shape shape;
  Effort effort;
  std::string device = "auto";
  std::string json;
};

/// Settles the device and where figures go, and gets them there: `measure(effort)` gives a report
/// that print() and to_json() take.
template <class Shape, class Measure>
ExitCode run_bench(const BenchOptions<Shape>& options, Measure&& measure) {
  JsonOutput json(options.json);
  Effort effort = options.effort;
  effort.device = take_device(options.device);
  const auto report = measure(effort);
  json.write(to_json(options.shape, report));
  if (options.json != kStandardOutput) print(options.shape, report);
  return ExitCode::ok;
}

void add_size(CLI::App& command, const char* names, std::int64_t& value, const char* description,
              std::int64_t most = 1 << 20) {
  command.add_option(names, value, description)
      ->transform(within<std::int64_t>(1, most))
      ->type_name("N")
      ->capture_default_str();
}

template <class Shape>
void add_effort(CLI::App& command, BenchOptions<Shape>& options) {
  Effort& effort = options.effort;
  declare_device(command, options.device);
  declare_threads(command, effort.threads, "Threads of the CPU to use, 0: all (0)");
  command.add_option("--seconds", effort.seconds, "How long to repeat")
      ->transform(within(0.0, 3600.0))
      ->type_name("S")
      ->capture_default_str();
  command.add_option("--json", options.json, "Write the figures to this file, - for the screen")
      ->type_name("FILE");
}

void add_step(CLI::App& bench, Command& chosen) {
  CLI::App* command = bench.add_subcommand("step", "Time one training step of a Transformer");
  command->footer(kStepFooter);
  auto options = std::make_shared<BenchOptions<StepShape>>();
  auto profile = std::make_shared<bool>(false);
  auto precision = std::make_shared<std::optional<Precision>>();
  add_size(*command, "--dim", options->shape.dim, "Width of a token");
  add_size(*command, "--layers", options->shape.layers, "Encoder layers");
  add_size(*command, "--heads", options->shape.heads, "Attention heads; they divide --dim");
  add_size(*command, "--feed-forward", options->shape.feed_forward,
           "Width inside the feed-forward network");
  add_size(*command, "--tokens", options->shape.tokens, "Tokens per row");
  add_size(*command, "--batch", options->shape.batch, "Rows per step");
  declare_precision(*command, *precision, "Of products: ");
  command->add_flag("--profile", *profile,
                    "Also show where the CPU's time goes, operation by operation");
  add_effort(*command, *options);
  command->callback([&chosen, options, profile, precision] {
    StepShape& shape = options->shape;
    shape.precision = precision->value_or(Precision::f32);
    if (shape.dim % shape.heads != 0) {
      throw CLI::ValidationError(
          "--heads", fmt::format("{} heads do not divide --dim {}", shape.heads, shape.dim));
    }
    if (shape.dim / shape.heads > kernels::kMaxHeadDim) {
      throw CLI::ValidationError(
          "--heads", fmt::format("{} heads of --dim {} are wider than {} each", shape.heads,
                                 shape.dim, kernels::kMaxHeadDim));
    }
    chosen = [options, profile] {
      return run_bench(*options, [&](const Effort& effort) {
        if (*profile && effort.device.is_cuda()) {
          fail<UsageError>(
              "--profile times operations on the CPU; add --device cpu, or see a GPU's with Nsight "
              "Systems, which shows them by name");
        }
        return time_training_step(options->shape, effort, *profile);
      });
    };
  });
}

void add_attention(CLI::App& bench, Command& chosen) {
  CLI::App* command = bench.add_subcommand("attention", "Time attention alone");
  command->footer(kAttentionFooter);
  auto options = std::make_shared<BenchOptions<AttentionShape>>();
  AttentionShape& shape = options->shape;
  add_size(*command, "--batch", shape.batch, "Rows");
  add_size(*command, "--heads", shape.heads, "Attention heads");
  add_size(*command, "--tokens,--seq", shape.tokens, "Queries, and as many keys");
  add_size(*command, "--head-dim", shape.head_dim, "Width of a head", kernels::kMaxHeadDim);
  auto direction = std::make_shared<std::string>("forward");
  command->add_option("--direction", *direction, "forward or backward")
      ->check(one_of({"forward", "backward"}))
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--dropout", shape.dropout, "Share of probabilities dropped")
      ->transform(within(0.0, 0.99))
      ->type_name("P")
      ->capture_default_str();
  command->add_flag("--causal", shape.causal, "Let a query see no later key");
  add_effort(*command, *options);
  command->callback([&chosen, options, direction] {
    options->shape.backward = *direction == "backward";
    chosen = [options] {
      return run_bench(
          *options, [&](const Effort& effort) { return time_attention(options->shape, effort); });
    };
  });
}

}  // namespace

void add_bench(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand("bench", "Measure how fast this machine computes");
  command->footer(kBenchFooter);
  command->require_subcommand(1);
  add_step(*command, chosen);
  add_attention(*command, chosen);
}

}  // namespace ebb::program
