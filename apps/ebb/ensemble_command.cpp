// ebb ensemble: several networks that answer together.
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/churn/artefact/history.h"
#include "apps/churn/artefact/run_folder.h"
#include "apps/churn/config/config_file.h"
#include "apps/churn/config/device_choice.h"
#include "apps/churn/data/labelled_customers.h"
#include "apps/churn/explanation/background.h"
#include "apps/churn/fusion/customer_model.h"
#include "apps/churn/fusion/fuse.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/churn/training/fit_model.h"
#include "apps/churn/training/logistic_baseline.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/kept_folder.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/output.h"
#include "apps/ebb/shell.h"
#include "apps/ebb/train_arguments.h"
#include "apps/ebb/training_summary.h"
#include "apps/ebb/usage.h"
#include "engine/io/atomic_file.h"
#include "kernels/common/context.h"

namespace ebb::program {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnsembleFooter = R"(Examples:
  ebb ensemble --data users.csv --target churn --out model/
      five networks that differ in their seeds, and the mean of their probabilities
  ebb ensemble --config tune/best.toml --seeds 10 --out model/
      ten, with the settings that ebb tune found
  ebb ensemble --data users.csv --target churn --also wide.toml --also deep.toml --combine stacking --out model/
      three configurations, of five seeds each
  ebb predict --model model/ --data new.csv --out scores.csv
      as with any model; ebb evaluate takes it, too

All members train on the same rows, and the same validation rows, which none is trained on, choose
each one's epoch, the weights of the combination, the calibration and the threshold. FOLDER gets
members/00 and so on as they end, then ensemble.json and metrics.json; --resume goes on, and combines
finished members anew. See docs/ensembles.md.)";

struct EnsembleArguments {
  TrainArguments settings;
  std::vector<std::string> also;
  std::uint32_t seeds = 5;
  std::string method = "mean";
};

/// The settings, then those of the further files on the same rows.
std::vector<churn::RunConfig> member_configs(const EnsembleArguments& arguments) {
  std::vector<churn::RunConfig> configs = {settings_of(arguments.settings)};
  for (const std::string& file : arguments.also) {
    churn::RunConfig other = churn::load_config(file);
    const churn::RunConfig& first = configs.front();
    other.data = first.data;
    other.split = first.split;
    other.runtime = first.runtime;
    other.decision = first.decision;
    other.training.seed = first.training.seed;
    other.preprocessing.drop_duplicates = first.preprocessing.drop_duplicates;
    validate(other);
    configs.push_back(std::move(other));
  }
  return configs;
}

/// A member that is trained, and what it gives to the rows that it has not learned from.
struct Member {
  churn::ModelFile model;
  std::vector<float> validation;  // calibrated
  std::vector<float> test;
};

class EnsembleTraining {
 public:
  EnsembleTraining(const EnsembleArguments& arguments, std::vector<churn::RunConfig> configs,
                   const churn::LockedFolder& folder)
      : arguments_(arguments), configs_(std::move(configs)), folder_(folder) {}

  /// Nothing where a signal ended it.
  bool run(const InterruptGuard& interrupt) {
    const churn::RunConfig& first = configs_.front();
    const Device device = churn::choose_device(first.runtime.device);
    churn::LabelledCustomers customers = churn::read_labelled_customers(first, device);
    const churn::CustomerSplit split = churn::split_or_explain(customers, first, customers.notes);
    remove_former();
    for (std::size_t i = 0; i < configs_.size(); ++i) {
      churn::PreparedData data = churn::prepare_split(customers, split, configs_[i], device);
      baseline_ = churn::fit_logistic_baseline(data, configs_[i].runtime);
      if (i == 0) print_data(data);
      for (std::uint32_t seed = 0; seed < arguments_.seeds; ++seed) {
        if (interrupt.requested() || !add_member(i, seed, data, interrupt)) return false;
      }
      if (i == 0) data_ = std::move(data);
    }
    return true;
  }

  void finish() {
    std::vector<double> thresholds;
    churn::MemberScores validation;
    churn::MemberScores test;
    for (const Member& member : members_) {
      thresholds.push_back(member.model.threshold.threshold);
      validation.push_back(member.validation);
      test.push_back(member.test);
    }
    const churn::RunConfig& config = configs_.front();
    const churn::Fusion fusion =
        churn::fuse(churn::parse_combination_method(arguments_.method), std::move(thresholds),
                    validation, data_, config.decision);
    const churn::FusionReport report = churn::report_on(fusion, validation, test, data_);
    save(fusion, report);
    fmt::print("\n{}", churn::fusion_table(report, names_));
    print_weights(fusion.combination);
    fmt::print("threshold {}\n", churn::explain(fusion.decision.threshold, config.decision));
    fmt::print("written   {}: {}, {}, {}\n", arguments_.settings.out, churn::kMembersName,
               churn::kEnsembleName, churn::kMetricsName);
    fmt::print("next      ebb predict --model {} --data new.csv --out scores.csv\n",
               shell_quoted(arguments_.settings.out));
  }

 private:
  void remove_former() const {
    if (arguments_.settings.resume) return;
    folder_.write([](const fs::path& folder) {
      fs::remove(folder / churn::kEnsembleName);
      fs::remove(folder / churn::kMetricsName);
      fs::remove_all(folder / churn::kMembersName);
    });
  }

  void print_data(const churn::PreparedData& data) const {
    fmt::print("data      {}: {} to train on, {} to validate, {} to test\n",
               configs_.front().data.path, churn::format_counted(data.train.rows(), "row"),
               churn::format_count(data.validation.rows()), churn::format_count(data.test.rows()));
    for (const std::string& note : data.notes) fmt::print("note      {}\n", churn::printable(note));
    for (const std::string& warning : data.warnings) warn(warning);
    flush_standard_output();
  }

  /// Trains the next member, or takes it from the folder. Whether it was not interrupted.
  bool add_member(std::size_t config_number, std::uint32_t seed, const churn::PreparedData& data,
                  const InterruptGuard& interrupt) {
    churn::RunConfig config = churn::settled(configs_[config_number], data);
    // Who measures a member alone finds the rows that it was not trained on.
    if (config.split.seed < 0) config.split.seed = static_cast<std::int64_t>(config.training.seed);
    config.training.seed += seed;
    const std::string& file =
        config_number == 0 ? std::string("settings") : arguments_.also[config_number - 1];
    const fs::path place = churn::member_folder("", members_.size());
    std::optional<Member> member = kept_member(place, config, data);
    const bool is_kept = member.has_value();
    if (!member) member = train(config, data, place, interrupt);
    if (!member) return false;
    names_.push_back(fmt::format("{}, seed {}", file, config.training.seed));
    const churn::Metrics metrics =
        churn::compute_metrics({.scores = member->validation, .labels = data.validation.labels},
                               member->model.threshold.threshold);
    members_.push_back(std::move(*member));
    fmt::print("{:>3}/{}  {}: validation log-loss {}, auc {}{}\n", members_.size(),
               configs_.size() * arguments_.seeds, names_.back(),
               churn::format_metric(metrics.log_loss), churn::format_metric(metrics.roc_auc),
               is_kept ? "  (kept)" : "");
    flush_standard_output();
    return true;
  }

  std::optional<Member> kept_member(const fs::path& place, const churn::RunConfig& config,
                                    const churn::PreparedData& data) const {
    const fs::path file = folder_.path() / place / churn::kModelName;
    if (!arguments_.settings.resume || !fs::exists(file)) return std::nullopt;
    Member member{churn::load_model(file), {}, {}};
    const bool is_same = changed_settings(member.model.config, without_location(config)).empty() &&
                         member.model.data_fingerprint == data.fingerprint;
    if (!is_same) {
      fail<DataError>(
          "{}: the member was trained with other settings or data; start anew with --overwrite",
          file.string());
    }
    add_scores(member, churn::network_scores(config, data, member.model.weights));
    return member;
  }

  std::optional<Member> train(const churn::RunConfig& config, const churn::PreparedData& data,
                              const fs::path& place, const InterruptGuard& interrupt) const {
    std::optional<churn::FittedModel> fitted =
        fit_model(config, data, [&] { return !interrupt.requested(); });
    if (!fitted) return std::nullopt;
    const churn::TrainingReport report =
        churn::report_on_training(fitted->scores, baseline_, data, config.decision);
    std::int64_t parameters = 0;
    for (const auto& [name, weight] : fitted->weights) parameters += weight.elements();
    Member member;
    churn::ModelFile& model = member.model;
    model.metrics = metrics_json(config, data, parameters, fitted->history, report).dump();
    model.config = without_location(config);
    model.pipeline = data.pipeline;
    model.weights = std::move(fitted->weights);
    model.calibration = report.network.decision.calibration;
    model.threshold = report.network.decision.threshold;
    model.background = churn::draw_background(data.train.features, config.training.seed);
    model.training_base_rate = data.training_base_rate;
    model.data_fingerprint = data.fingerprint;
    folder_.write([&](const fs::path& folder) {
      fs::create_directories(folder / place);
      write_file_atomically(folder / place / churn::kConfigName, to_toml(config));
      write_file_atomically(folder / place / churn::kHistoryName, history_csv(fitted->history));
      save_model(folder / place / churn::kModelName, model);
    });
    add_scores(member, std::move(fitted->scores));
    return member;
  }

  static void add_scores(Member& member, churn::PartScores scores) {
    member.validation = std::move(scores.validation);
    member.test = std::move(scores.test);
    member.model.calibration.apply(member.validation);
    member.model.calibration.apply(member.test);
  }

  void save(const churn::Fusion& fusion, const churn::FusionReport& report) const {
    churn::CustomerModel model;
    for (const Member& member : members_) model.members.push_back(member.model);
    model.combination = fusion.combination;
    model.calibration = fusion.decision.calibration;
    model.threshold = fusion.decision.threshold;
    model.training_base_rate = data_.training_base_rate;
    model.config = configs_.front();
    model.data_fingerprint = data_.fingerprint;
    nlohmann::ordered_json metrics = churn::to_json(report);
    metrics["names"] = names_;
    model.metrics = metrics.dump();
    folder_.write([&](const fs::path& folder) {
      write_file_atomically(folder / churn::kMetricsName, metrics.dump(2) + '\n');
      save_ensemble(folder, model);
    });
  }

  void print_weights(const churn::Combination& combination) const {
    if (!is_fitted(combination.method())) return;
    std::vector<std::string> weights;
    for (const double weight : combination.weights())
      weights.push_back(fmt::format("{:.3f}", weight));
    fmt::print("weights   {}\n", fmt::join(weights, ", "));
  }

  const EnsembleArguments& arguments_;
  std::vector<churn::RunConfig> configs_;
  const churn::LockedFolder& folder_;
  churn::PreparedData data_;    // of the first configuration
  churn::PartScores baseline_;  // of the configuration at hand
  std::vector<std::string> names_;
  std::vector<Member> members_;
};

std::unique_ptr<churn::LockedFolder> open_ensemble_folder(const EnsembleArguments& arguments,
                                                          const std::string& table) {
  const TrainArguments& settings = arguments.settings;
  if (settings.out.empty()) fail<UsageError>("--out is missing: the folder for the ensemble");
  const fs::path out = settings.out;
  if (fs::exists(out / churn::kModelName)) {
    fail<DataError>("{} holds a trained model: choose another --out", settings.out);
  }
  if (fs::exists(out / churn::kMembersName) && !settings.resume && !settings.overwrite) {
    fail<DataError>("{} holds an ensemble: go on with --resume, or replace it with --overwrite",
                    settings.out);
  }
  return open_kept_folder(settings, std::array{churn::kEnsembleName, churn::kMetricsName},
                          "an ensemble", {table, settings.config_file});
}

ExitCode make_ensemble(const EnsembleArguments& arguments) {
  std::vector<churn::RunConfig> configs = member_configs(arguments);
  const churn::RunConfig first = configs.front();
  set_default_threads(first.runtime.threads);  // also for reading the table
  const std::unique_ptr<churn::LockedFolder> folder =
      open_ensemble_folder(arguments, first.data.path);
  const InterruptGuard interrupt;
  EnsembleTraining training(arguments, std::move(configs), *folder);
  if (!training.run(interrupt)) {
    fmt::print("interrupted; go on with\n  {}\n", command_that_resumes(arguments.settings));
    return ExitCode::interrupted;
  }
  training.finish();
  return ExitCode::ok;
}

}  // namespace

void add_ensemble(CLI::App& program, Command& chosen,
                  const std::vector<std::string>& command_line) {
  CLI::App* command =
      program.add_subcommand("ensemble", "Train several networks that answer together");
  command->footer(kEnsembleFooter);
  auto arguments = std::make_shared<EnsembleArguments>();
  arguments->settings.command_line = command_line;
  declare_settings(*command, arguments->settings, PartsToMeasure::test_rows);
  constexpr const char* kGroup = "Ensemble";
  command->add_option("--seeds", arguments->seeds, "Members of each configuration (5)")
      ->transform(within<std::uint32_t>(1, 1000))
      ->type_name("N")
      ->group(kGroup);
  command
      ->add_option("--also", arguments->also,
                   "A further configuration, on the same rows; may be given several times")
      ->type_name("FILE")
      ->group(kGroup);
  command
      ->add_option("--combine", arguments->method,
                   "mean or log-odds-mean (soft voting), median, majority, weighted, or stacking "
                   "(mean)")
      ->check(parsed_by(churn::parse_combination_method))
      ->type_name("NAME")
      ->group(kGroup);
  declare_kept_folder(*command, arguments->settings);
  command->callback(
      [&chosen, arguments] { chosen = [arguments] { return make_ensemble(*arguments); }; });
}

}  // namespace ebb::program
