// ebb tune: searches for the settings that do best on validation rows.
#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/churn/config/config_file.h"
#include "apps/churn/config/device_choice.h"
#include "apps/churn/config/toml_text.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/churn/search/search_picture.h"
#include "apps/churn/search/search_space_file.h"
#include "apps/churn/search/trial_store.h"
#include "apps/churn/search/tuner.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/kept_folder.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/output.h"
#include "apps/ebb/shell.h"
#include "apps/ebb/train_arguments.h"
#include "apps/ebb/usage.h"
#include "engine/io/atomic_file.h"
#include "kernels/common/context.h"
#include "preprocessing/time/duration.h"

namespace ebb::program {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTuneFooter = R"(Examples:
  ebb tune --data users.csv --target churn --out search/
      40 trials of the default space, each where the trials before it promise most
  ebb tune --data users.csv --target churn --budget 20min --jobs 2 --out search/
      as many trials as 20 minutes allow, two at a time
  ebb tune --data users.csv --target churn --space space.toml --method grid --out search/
      every combination of a space of your own
  ebb tune --data users.csv --target churn --out search/ --trials 80 --resume
      goes on after Ctrl-C or a crash, or with more trials
  ebb train --config search/best.toml --out model/
      trains with the best settings, and measures them on test rows

A space names settings (docs/settings.md) and what they may be:
  [search."training.learning_rate"]
  low = 1e-4
  high = 1e-2
  log = true
  [search."model.number_embedding"]
  values = ["linear", "piecewise_linear"]
  [search."model.bins"]
  values = [8, 16, 32]
  when = {"model.number_embedding" = "piecewise_linear"}

Trials are compared on validation rows. Test rows are split off as `ebb train` does and not looked
at: a search flatters the validation rows that it chose by, so judge the result by test rows.
FOLDER gets trials.jsonl and best.toml as trials end, and search.svg at the end.)";

constexpr const char* kBestName = "best.toml";
constexpr const char* kPictureName = "search.svg";
constexpr std::size_t kDefaultTrials = 40;
constexpr std::size_t kBestShown = 5;

struct TuneArguments {
  TrainArguments settings;
  std::string space;
  std::string method = "bayesian";
  std::string metric = "log_loss";
  std::string budget;      // empty: no end by time
  std::size_t trials = 0;  // 0: kDefaultTrials, or as many as the budget allows
  std::uint32_t folds = 0;
  int jobs = 1;
  bool no_early_stop = false;
};

/// An instant that may never come.
class Deadline {
 public:
  explicit Deadline(const std::string& budget) {
    if (budget.empty()) return;
    end_ = Clock::now() + std::chrono::microseconds(preprocessing::parse_duration(budget));
  }
  [[nodiscard]] bool is_over() const { return end_ && Clock::now() >= *end_; }

 private:
  using Clock = std::chrono::steady_clock;
  std::optional<Clock::time_point> end_;
};

/// The text of the space, and its name in messages.
struct SpaceText {
  std::string toml;
  std::string source;
};

SpaceText space_text_of(const TuneArguments& arguments) {
  if (arguments.space.empty()) {
    return {std::string(churn::default_search_space()), "the default search space"};
  }
  return {read_file(arguments.space, churn::kMostTomlBytes), arguments.space};
}

churn::TuneOptions options_of(const TuneArguments& arguments, const churn::RunConfig& base) {
  churn::TuneOptions options{.method = churn::parse_search_method(arguments.method),
                             .metric = churn::parse_search_metric(arguments.metric),
                             .seed = base.training.seed,
                             .trials = arguments.trials,
                             .jobs = arguments.jobs,
                             .folds = arguments.folds,
                             .early_stop = !arguments.no_early_stop && arguments.folds == 0};
  const bool has_end = !arguments.budget.empty() || options.method == churn::SearchMethod::grid;
  if (options.trials == 0 && !has_end) options.trials = kDefaultTrials;
  return options;
}

/// A search, and where what it finds is kept.
class Search {
 public:
  Search(const TuneArguments& arguments, churn::RunConfig base,
         const churn::LabelledCustomers& customers, const churn::LockedFolder& folder)
      : arguments_(arguments),
        folder_(folder),
        base_(std::move(base)),
        text_(space_text_of(arguments)),
        space_(churn::parse_search_space(text_.toml, text_.source, base_)),
        options_(options_of(arguments, base_)),
        identity_{.data_fingerprint = customers.fingerprint,
                  .settings = to_toml(without_location(base_), churn::TomlComments::none),
                  .space = text_.toml,
                  .method = arguments.method,
                  .metric = arguments.metric,
                  .seed = options_.seed,
                  .jobs = static_cast<std::uint64_t>(options_.jobs),
                  .folds = options_.folds,
                  .early_stop = options_.early_stop},
        tuner_(customers, base_, space_, options_, trials_before()) {}

  churn::SearchEnd run(const std::function<bool()>& go_on) {
    if (!tuner_.trials().empty()) {
      fmt::print("resumed   {}\n", churn::format_counted(tuner_.trials().size(), "trial"));
    }
    flush_standard_output();
    return tuner_.run(go_on, [&](const churn::Trial& trial) {
      folder_.write([&](const fs::path& folder) {
        save_trials(folder / churn::kTrialsName, identity_, tuner_.trials());
        // What another search left stays until the first trial has ended.
        if (tuner_.trials().size() > 1) return;
        for (const char* name : {kBestName, kPictureName}) fs::remove(folder / name);
      });
      const bool is_best = best() == &trial;
      if (is_best) save_best();
      show(trial, is_best);
    });
  }

  /// The best trials and what to do next, and the picture.
  void report() const {
    if (best() == nullptr) {
      fail<DataError>("no trial was finished: {}", tuner_.trials().empty()
                                                       ? "the budget ended before"
                                                       : tuner_.trials().back().problem);
    }
    save_best();
    folder_.write([&](const fs::path& folder) {
      write_file_atomically(folder / kPictureName,
                            search_picture(space_, tuner_.trials(), options_.metric));
    });
    fmt::print("\nbest trials, by {} on validation rows\n", options_.metric.name);
    for (const churn::Trial& trial : best_trials()) {
      fmt::print("{:>5}  {}  {}\n", trial.number + 1, churn::format_metric(trial.value),
                 churn::describe(trial.assignment));
    }
    fmt::print("\nwritten   {}: {}, {}, {}\n", arguments_.settings.out, churn::kTrialsName,
               kBestName, kPictureName);
    fmt::print(
        "train with the best settings, and judge them by test rows, which no trial has seen:\n"
        "  {}\n",
        shell_quoted({arguments_.settings.command_line.front(), "train", "--config",
                      path(kBestName).string(), "--out", "MODEL"}));
  }

 private:
  [[nodiscard]] fs::path path(const char* name) const {
    return arguments_.settings.out / fs::path(name);
  }
  [[nodiscard]] std::vector<churn::Trial> trials_before() const {
    if (!arguments_.settings.resume || !fs::exists(path(churn::kTrialsName))) return {};
    return load_trials(path(churn::kTrialsName), identity_, space_);
  }
  [[nodiscard]] const churn::Trial* best() const {
    return best_trial(tuner_.trials(), options_.metric);
  }

  [[nodiscard]] std::vector<churn::Trial> best_trials() const {
    std::vector<churn::Trial> trials = tuner_.trials();
    std::erase_if(trials, [](const churn::Trial& trial) {
      return trial.outcome != churn::TrialOutcome::finished;
    });
    std::sort(trials.begin(), trials.end(), [&](const churn::Trial& a, const churn::Trial& b) {
      return std::pair(options_.metric.loss_of(a.value), a.number) <
             std::pair(options_.metric.loss_of(b.value), b.number);
    });
    trials.resize(std::min(trials.size(), kBestShown));
    return trials;
  }

  void save_best() const {
    const churn::RunConfig config = configure(base_, space_, best()->assignment);
    folder_.write([&](const fs::path& folder) {
      write_file_atomically(folder / kBestName, to_toml(config));
    });
  }

  void show(const churn::Trial& trial, bool is_best) const {
    const std::string count = options_.trials > 0
                                  ? fmt::format("{:>4}/{}", trial.number + 1, options_.trials)
                                  : fmt::format("{:>4}", trial.number + 1);
    std::string result =
        fmt::format("{} {}", options_.metric.name, churn::format_metric(trial.value));
    if (trial.outcome == churn::TrialOutcome::failed) {
      result = fmt::format("failed: {}", churn::printable(trial.problem));
    } else if (trial.outcome == churn::TrialOutcome::stopped) {
      result += fmt::format("  stopped at epoch {}", trial.curve.size());
    }
    fmt::print("{}  {}{}  {:.1f} s  {}\n", count, result, is_best ? "  best" : "", trial.seconds,
               churn::describe(trial.assignment));
    flush_standard_output();
  }

  const TuneArguments& arguments_;
  const churn::LockedFolder& folder_;
  churn::RunConfig base_;
  SpaceText text_;
  churn::SearchSpace space_;
  churn::TuneOptions options_;
  churn::SearchIdentity identity_;
  churn::Tuner tuner_;
};

ExitCode tune(const TuneArguments& arguments) {
  const churn::RunConfig base = settings_of(arguments.settings);
  set_default_threads(base.runtime.threads);  // also for reading the table
  const Deadline deadline(arguments.budget);
  if (arguments.settings.out.empty()) {
    fail<UsageError>("--out is missing: the folder for what the search finds");
  }
  const auto folder = open_kept_folder(
      arguments.settings, std::array{churn::kTrialsName, kBestName, kPictureName}, "a search",
      {base.data.path, arguments.space, arguments.settings.config_file});
  const InterruptGuard interrupt;
  const churn::LabelledCustomers customers = churn::read_labelled_customers(
      base, churn::choose_device(base.runtime.device), churn::TestTable::ignored);
  fmt::print("data      {}: {}\n", base.data.path,
             churn::format_counted(customers.table.rows(), "row"));
  for (const std::string& note : customers.notes)
    fmt::print("note      {}\n", churn::printable(note));
  for (const std::string& warning : customers.warnings) warn(warning);
  Search search(arguments, base, customers, *folder);
  const churn::SearchEnd end =
      search.run([&] { return !interrupt.requested() && !deadline.is_over(); });
  if (interrupt.requested()) {
    fmt::print("interrupted; go on with\n  {}\n", command_that_resumes(arguments.settings));
    return ExitCode::interrupted;
  }
  if (end == churn::SearchEnd::all_tried) fmt::print("every combination has been tried\n");
  search.report();
  return ExitCode::ok;
}

void declare_search(CLI::App& command, TuneArguments& to) {
  constexpr const char* kGroup = "Search";
  command.add_option("--space", to.space, "What to search, a TOML file; see below")
      ->type_name("FILE")
      ->group(kGroup);
  command
      .add_option("--method", to.method,
                  "bayesian, sobol (evenly at random) or grid (every combination) (bayesian)")
      ->check(parsed_by(churn::parse_search_method))
      ->type_name("NAME")
      ->group(kGroup);
  command.add_option("--metric", to.metric, "What is to be best, on validation rows (log_loss)")
      ->check(parsed_by(churn::parse_search_metric))
      ->type_name("NAME")
      ->group(kGroup);
  command
      .add_option("--trials", to.trials,
                  "How many in all (40; with --budget or a grid, as many as there are)")
      ->transform(within<std::size_t>(1, 100'000))
      ->type_name("N")
      ->group(kGroup);
  command
      .add_option("--budget", to.budget,
                  "How long to search: 90s, 20min, 8h; what is under way then is not kept")
      ->check(parsed_by(preprocessing::parse_duration))
      ->type_name("TIME")
      ->group(kGroup);
  command
      .add_option("--folds", to.folds,
                  "Judge a trial by the mean of so many rounds of cross-validation, not one split")
      ->transform(within<std::uint32_t>(2, 1000))
      ->type_name("N")
      ->group(kGroup);
  command
      .add_option("--jobs", to.jobs,
                  "Trials side by side, which share the threads and know nothing of each other (1)")
      ->transform(within<int>(1, 4096))
      ->type_name("N")
      ->group(kGroup);
  command
      .add_flag("--no-early-stop", to.no_early_stop,
                "Train all trials to the end, also those that begin worse than two thirds")
      ->group(kGroup);
}

}  // namespace

void add_tune(CLI::App& program, Command& chosen, const std::vector<std::string>& command_line) {
  CLI::App* command = program.add_subcommand("tune", "Search for the best settings");
  command->footer(kTuneFooter);
  auto arguments = std::make_shared<TuneArguments>();
  arguments->settings.command_line = command_line;
  declare_settings(*command, arguments->settings, PartsToMeasure::test_rows);
  declare_search(*command, *arguments);
  declare_kept_folder(*command, arguments->settings);
  command->callback([&chosen, arguments] { chosen = [arguments] { return tune(*arguments); }; });
}

}  // namespace ebb::program
