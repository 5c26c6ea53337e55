// ebb cv: how good settings are, by cross-validation.
#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/churn/artefact/locked_folder.h"
#include "apps/churn/config/config_file.h"
#include "apps/churn/config/device_choice.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/churn/reporting/validation_report.h"
#include "apps/churn/validation/cross_validation_file.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/kept_folder.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/output.h"
#include "apps/ebb/train_arguments.h"
#include "apps/ebb/usage.h"
#include "engine/io/atomic_file.h"
#include "kernels/common/context.h"

namespace ebb::program {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCvFooter = R"(Examples:
  ebb cv --data users.csv --target churn
      five rounds: each fifth is measured by a model that has not seen it
  ebb cv --data users.csv --target churn --repeats 3 --jobs 2 --out cv/
      keeps what was found, and goes on with --resume after Ctrl-C or a crash
  ebb cv --data orders.csv --target churn --split-group user_id
      no customer is both trained on and measured
  ebb cv --data users.csv --target churn --config wide.toml --against narrow.toml
      both on the same rounds, and whether one is better

In each round the pipeline, the network, its epoch and its threshold are fitted to other rows than
those that are measured. Means come with standard errors that allow for rounds sharing training rows
(Nadeau and Bengio 2003). FOLDER gets cv.json and, at the end, out_of_fold.csv and summary.json.)";

constexpr const char* kStateName = "cv.json";
constexpr const char* kOutOfFoldName = "out_of_fold.csv";
constexpr const char* kSummaryName = "summary.json";

struct CvArguments {
  TrainArguments settings;
  std::string against;
  std::string kind;  // empty: by the split
  std::uint32_t folds = 5;
  std::uint32_t repeats = 1;
  int jobs = 1;
};

/// The configurations to validate, by name.
struct NamedConfig {
  std::string name;
  churn::RunConfig config;
};

std::vector<NamedConfig> configs_of(const CvArguments& arguments) {
  const std::string& file = arguments.settings.config_file;
  std::vector<NamedConfig> configs = {
      {file.empty() ? "the settings" : file, settings_of(arguments.settings)}};
  if (arguments.against.empty()) return configs;
  churn::RunConfig other = churn::load_config(arguments.against);
  other.data = configs.front().config.data;
  other.split = configs.front().config.split;
  other.runtime = configs.front().config.runtime;
  other.training.seed = configs.front().config.training.seed;
  validate(other);
  configs.push_back({arguments.against, std::move(other)});
  return configs;
}

void require_same_rows(const churn::LabelledCustomers& customers, const NamedConfig& other) {
  const churn::LabelledCustomers again = churn::read_labelled_customers(
      other.config, churn::choose_device(other.config.runtime.device), churn::TestTable::ignored);
  if (again.labels.values != customers.labels.values) {
    fail<DataError>(
        "{} leaves other rows of the table than the settings it is compared with: give "
        "preprocessing.drop_duplicates one value in both",
        other.name);
  }
}

/// What is validated, and where what was found is kept.
class CrossValidator {
 public:
  CrossValidator(const CvArguments& arguments, std::vector<NamedConfig> configs,
                 churn::LabelledCustomers customers,
                 const std::unique_ptr<churn::LockedFolder>& folder)
      : arguments_(arguments),
        folder_(folder),
        configs_(std::move(configs)),
        customers_(std::move(customers)) {
    const churn::RunConfig& first = configs_.front().config;
    validation_.data_fingerprint = customers_.fingerprint;
    validation_.options = {arguments.kind.empty() ? natural_fold_kind(first.split)
                                                  : churn::parse_fold_kind(arguments.kind),
                           arguments.folds, arguments.repeats};
    for (const NamedConfig& named : configs_) {
      validation_.configs.push_back(
          {to_toml(without_location(named.config), churn::TomlComments::none), {}});
    }
    rounds_ = plan_folds(customers_, first, validation_.options);
    if (arguments.settings.resume && fs::exists(path(kStateName))) go_on_from_file();
  }

  /// Whether all rounds were run.
  bool run(const InterruptGuard& interrupt) {
    remove_former();
    for (std::size_t i = 0; i < configs_.size(); ++i) {
      if (!run_config_number(i, interrupt)) return false;
    }
    return true;
  }

  void report() const {
    std::vector<std::vector<churn::Metrics>> metrics;
    std::vector<std::vector<churn::Estimate>> estimates;
    const double ratio = churn::test_to_train(rounds_);
    nlohmann::ordered_json summary;
    for (std::size_t i = 0; i < configs_.size(); ++i) {
      metrics.push_back(network_metrics(validation_.configs[i], customers_));
      estimates.push_back(churn::estimates_of(metrics.back(), ratio));
      const std::vector<churn::Estimate> logistic =
          churn::estimates_of(logistic_metrics(validation_.configs[i], customers_), ratio);
      summary["configs"].push_back({{"name", configs_[i].name},
                                    {"network", churn::to_json(estimates.back())},
                                    {"logistic_regression", churn::to_json(logistic)}});
      fmt::print("\n{}{}", configs_.size() > 1 ? configs_[i].name + '\n' : "",
                 churn::estimates_table(estimates.back(), logistic));
    }
    if (configs_.size() > 1) {
      const auto comparisons = churn::compare_paired(metrics[0], metrics[1], ratio);
      summary["comparison"] = churn::to_json(comparisons);
      fmt::print("\nfirst: {}; second: {}\n{}\n", configs_[0].name, configs_[1].name,
                 churn::comparison_table(estimates[0], estimates[1], comparisons));
      for (const char* metric : {"roc_auc", "log_loss", "accuracy"}) {
        fmt::print("{}\n", churn::verdict(comparisons, metric, configs_[0].name, configs_[1].name));
      }
    }
    write(summary);
  }

 private:
  [[nodiscard]] fs::path path(const char* name) const {
    return arguments_.settings.out / fs::path(name);
  }
  void go_on_from_file() {
    validation_ = load_cross_validation(path(kStateName), validation_, rounds_);
  }

  /// What a former cross-validation left would belie this one.
  void remove_former() const {
    if (!folder_ || arguments_.settings.resume) return;
    folder_->write([](const fs::path& folder) {
      for (const char* name : {kStateName, kOutOfFoldName, kSummaryName}) fs::remove(folder / name);
    });
  }

  bool run_config_number(std::size_t number, const InterruptGuard& interrupt) {
    std::vector<churn::FoldResult>& results = validation_.configs[number].results;
    const auto is_done = [&](const churn::FoldRows& round) {
      return std::any_of(results.begin(), results.end(), [&](const churn::FoldResult& result) {
        return result.repeat == round.repeat && result.fold == round.fold;
      });
    };
    std::vector<churn::FoldRows> open;
    std::copy_if(rounds_.begin(), rounds_.end(), std::back_inserter(open),
                 [&](const churn::FoldRows& round) { return !is_done(round); });
    if (configs_.size() > 1) fmt::print("{}\n", configs_[number].name);
    if (open.size() < rounds_.size()) {
      fmt::print("resumed   {} of {} rounds are done\n", results.size(), rounds_.size());
    }
    flush_standard_output();
    return run_folds(
        customers_, open, configs_[number].config, arguments_.jobs,
        [&] { return !interrupt.requested(); },
        [&](churn::FoldResult result) {
          const churn::FoldResult shown = result;
          results.push_back(std::move(result));
          std::sort(results.begin(), results.end(),
                    [](const churn::FoldResult& a, const churn::FoldResult& b) {
                      return std::pair(a.repeat, a.fold) < std::pair(b.repeat, b.fold);
                    });
          if (folder_) {
            folder_->write([&](const fs::path& folder) {
              save_cross_validation(folder / kStateName, validation_);
            });
          }
          show(shown, results.size());
        });
  }

  void show(const churn::FoldResult& result, std::size_t count) const {
    const churn::Metrics metrics = measure(result.network, result, customers_);
    fmt::print(
        "{:>3}/{}  repeat {} fold {}  {} measured, best epoch {}, auc {}, log-loss {}, "
        "accuracy {} at {}\n",
        count, rounds_.size(), result.repeat + 1, result.fold + 1,
        churn::format_counted(result.rows.size(), "row"), result.best_epoch,
        churn::format_metric(metrics.roc_auc), churn::format_metric(metrics.log_loss),
        churn::format_metric(metrics.accuracy), churn::format_metric(metrics.threshold));
    flush_standard_output();
  }

  void write(const nlohmann::ordered_json& summary) const {
    if (!folder_) return;
    folder_->write([&](const fs::path& folder) {
      write_file_atomically(
          folder / kOutOfFoldName,
          out_of_fold_csv(validation_, customers_, configs_.front().config.data.id_column));
      write_file_atomically(folder / kSummaryName, summary.dump(2) + '\n');
    });
    fmt::print("\nwritten   {}: {}, {}, {}\n", arguments_.settings.out, kStateName, kOutOfFoldName,
               kSummaryName);
  }

  const CvArguments& arguments_;
  const std::unique_ptr<churn::LockedFolder>& folder_;
  std::vector<NamedConfig> configs_;
  churn::LabelledCustomers customers_;
  std::vector<churn::FoldRows> rounds_;
  churn::CrossValidation validation_;
};

/// Opens --out, if it is given, for as long as the cross-validation takes.
void open_folder(const CvArguments& arguments, const std::string& table,
                 std::unique_ptr<churn::LockedFolder>& folder) {
  const std::string& out = arguments.settings.out;
  if (out.empty()) {
    if (arguments.settings.resume)
      fail<UsageError>("--resume needs --out, the folder to go on from");
    return;
  }
  folder =
      open_kept_folder(arguments.settings, std::array{kStateName, kOutOfFoldName, kSummaryName},
                       "a cross-validation", {table});
}

ExitCode cross_validate(const CvArguments& arguments) {
  std::vector<NamedConfig> configs = configs_of(arguments);
  const churn::RunConfig& first = configs.front().config;
  set_default_threads(first.runtime.threads);  // also for reading the table
  std::unique_ptr<churn::LockedFolder> folder;
  open_folder(arguments, first.data.path, folder);
  const InterruptGuard interrupt;
  churn::LabelledCustomers customers = churn::read_labelled_customers(
      first, churn::choose_device(first.runtime.device), churn::TestTable::ignored);
  if (configs.size() > 1) require_same_rows(customers, configs[1]);
  fmt::print("data      {}: {} to validate with\n", first.data.path,
             churn::format_counted(customers.table.rows(), "row"));
  for (const std::string& note : customers.notes)
    fmt::print("note      {}\n", churn::printable(note));
  for (const std::string& warning : customers.warnings) warn(warning);
  CrossValidator validator(arguments, std::move(configs), std::move(customers), folder);
  if (!validator.run(interrupt)) {
    if (arguments.settings.out.empty()) {
      fmt::print("interrupted: with --out FOLDER, finished rounds would be kept\n");
      return ExitCode::interrupted;
    }
    fmt::print("interrupted; go on with\n  {}\n", command_that_resumes(arguments.settings));
    return ExitCode::interrupted;
  }
  validator.report();
  return ExitCode::ok;
}

}  // namespace

void add_cv(CLI::App& program, Command& chosen, const std::vector<std::string>& command_line) {
  CLI::App* command = program.add_subcommand("cv", "Measure settings by cross-validation");
  command->footer(kCvFooter);
  auto arguments = std::make_shared<CvArguments>();
  arguments->settings.command_line = command_line;
  declare_settings(*command, arguments->settings, PartsToMeasure::folds);
  constexpr const char* kGroup = "Cross-validation";
  command->add_option("--folds", arguments->folds, "Parts that are measured in turn (5)")
      ->transform(within<std::uint32_t>(2, 1000))
      ->type_name("N")
      ->group(kGroup);
  command->add_option("--repeats", arguments->repeats, "How often, with other folds and seeds (1)")
      ->transform(within<std::uint32_t>(1, 1000))
      ->type_name("N")
      ->group(kGroup);
  command
      ->add_option("--kind", arguments->kind,
                   "stratified, random, group (--split-group) or time (--split-time); by default "
                   "what the split is, else stratified")
      ->check(parsed_by(churn::parse_fold_kind))
      ->type_name("NAME")
      ->group(kGroup);
  command
      ->add_option("--against", arguments->against,
                   "Settings to compare with on the same rounds; data, split and seed stay")
      ->type_name("FILE")
      ->group(kGroup);
  command
      ->add_option("--jobs", arguments->jobs,
                   "Rounds side by side, which share the threads; the results are the same (1)")
      ->transform(within<int>(1, 4096))
      ->type_name("N")
      ->group(kGroup);
  declare_kept_folder(*command, arguments->settings);
  command->callback(
      [&chosen, arguments] { chosen = [arguments] { return cross_validate(*arguments); }; });
}

}  // namespace ebb::program
