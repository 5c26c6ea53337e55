// ebb offers: for each customer the action that is expected to earn most.
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/churn/artefact/model_file.h"
#include "apps/churn/data/customer_tables.h"
#include "apps/churn/data/new_rows.h"
#include "apps/churn/data/score_columns.h"
#include "apps/churn/offers/action_catalogue.h"
#include "apps/churn/offers/action_effects.h"
#include "apps/churn/offers/choose_offers.h"
#include "apps/churn/offers/expected_gain.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/customer_file.h"
#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/model_options.h"
#include "apps/ebb/output.h"
#include "apps/ebb/usage.h"
#include "kernels/common/context.h"
#include "preprocessing/common/names.h"
#include "preprocessing/csv/byte_source.h"
#include "preprocessing/csv/csv_writer.h"

namespace ebb::program {
namespace {

// Of the offers file, beside the one that names the customer.
constexpr std::array<std::string_view, 5> kOfferColumns = {"probability", "action", "cost",
                                                           "expected_gain", "reason"};

constexpr const char* kOffersFooter = R"(Example:
  ebb offers --model model/ --data customers.csv --value-column yearly_revenue \
      --actions actions.toml --out offers.csv

actions.toml says what can be done, what it costs for one customer, and what share of those about to
leave it keeps; a segment's effect goes before the general one:

  budget = 500.0                     # of all offers together; without it there is no limit
  [[actions]]
  name = "call"
  cost = 4.0
  effect = 0.10
  [[actions.segments]]
  where = {contract = ["Month-to-month"], tenure = {below = 12}}
  effect = 0.25
  [[actions]]
  name = "a month free"
  cost = 60.0
  effect = 0.35

What an action is expected to gain: probability of leaving x effect x value of the customer - cost.
Each customer gets one action at most, so that the sum of gains is greatest within the budget; how
far it may be from the greatest is printed. Customers without a value get none.)";

struct OffersOptions {
  ModelOptions model;
  std::string actions;
  std::string value_column;
  double customer_value = 0.0;  // 0: by column
  std::optional<double> budget;
  std::string out;
};

/// What is known of the customers, row by row.
struct Customers {
  std::vector<std::string> ids;
  std::vector<float> probabilities;
  std::vector<double> values;
  std::vector<churn::ActionEffect> effects;  // row-major [customers, actions]
  bool have_ids = false;                     // else `ids` are row numbers
};

class CustomerReader {
 public:
  CustomerReader(const OffersOptions& options, const churn::ModelFile& model,
                 const churn::ActionCatalogue& catalogue, Device device)
      : options_(options),
        model_(model),
        catalogue_(catalogue),
        device_(device),
        predictor_(make_predictor(model, options.model)) {}

  Customers read(const InterruptGuard& interrupt) {
    preprocessing::CsvReader reader = open();
    preprocessing::Table chunk;
    while (reader.next(chunk, churn::rows_per_chunk(model_.pipeline))) {
      interrupt.stop_here();
      add(chunk);
    }
    interrupt.stop_here();  // Ctrl-C also ends what feeds a pipe
    return std::move(customers_);
  }

  [[nodiscard]] std::vector<std::string> warnings() const {
    return model_.pipeline.drift_warnings(drift_);
  }

 private:
  preprocessing::CsvReader open() {
    const std::string& id = model_.config.data.id_column;
    std::vector<std::string> texts = catalogue_.columns();
    for (const std::string& name : {id, options_.value_column}) {
      if (!name.empty() && !preprocessing::contains(texts, name)) texts.push_back(name);
    }
    preprocessing::CsvReader reader = churn::open_new_rows(
        options_.model.data, model_.pipeline, texts,
        churn::further_delimiter(delimiter_of(options_.model.delimiter), model_.config.data));
    const std::string source = preprocessing::source_name(options_.model.data);
    for (const std::string& name : catalogue_.columns()) {
      require_column(reader.header(), source, {name, options_.actions});
    }
    if (!options_.value_column.empty()) {
      require_column(reader.header(), source, {options_.value_column, "--value-column"});
    }
    customers_.have_ids = !id.empty() && preprocessing::contains(reader.header(), id);
    if (customers_.have_ids) {
      churn::check_id_column(id, source,
                             "rename it in the table, and customers are named by row number",
                             kOfferColumns);
    } else if (!id.empty()) {
      warn(
          fmt::format("{} has no id column \"{}\": customers are named by row number", source, id));
    }
    return reader;
  }

  void add(const preprocessing::Table& chunk) {
    const preprocessing::EncodedRows rows = model_.pipeline.transform(chunk, &drift_, device_);
    const std::vector<float> scores = probabilities(predictor_, model_, rows, options_.model);
    const std::vector<double> values =
        options_.value_column.empty()
            ? std::vector<double>(chunk.rows(), options_.customer_value)
            : churn::numbers_of(chunk, options_.value_column, "of what customers are worth");
    std::vector<std::vector<churn::ActionEffect>> effects;
    for (const churn::Action& action : catalogue_.actions) {
      effects.push_back(churn::effects_of(action, chunk));
    }
    const preprocessing::Column* ids = chunk.find(model_.config.data.id_column);
    for (std::size_t row = 0; row < chunk.rows(); ++row) {
      customers_.ids.push_back(ids != nullptr ? ids->text(row)
                                              : fmt::format("{}", customers_.ids.size() + 1));
      for (const auto& of_action : effects) customers_.effects.push_back(of_action[row]);
    }
    customers_.probabilities.insert(customers_.probabilities.end(), scores.begin(), scores.end());
    customers_.values.insert(customers_.values.end(), values.begin(), values.end());
  }

  const OffersOptions& options_;
  const churn::ModelFile& model_;
  const churn::ActionCatalogue& catalogue_;
  Device device_;
  churn::Predictor predictor_;
  preprocessing::DriftReport drift_;
  Customers customers_;
};

std::vector<churn::Choice> choices_of(const Customers& customers,
                                      const churn::ActionCatalogue& catalogue) {
  std::vector<churn::Choice> choices;
  for (std::size_t i = 0; i < customers.effects.size(); ++i) {
    const std::size_t row = i / catalogue.actions.size();
    const double cost = catalogue.actions[i % catalogue.actions.size()].cost;
    choices.push_back(
        {cost, churn::expected_gain(customers.probabilities[row], customers.effects[i].effect,
                                    customers.values[row], cost)});
  }
  return choices;
}

std::string reason_of(const Customers& customers, std::size_t row, const churn::Action& action,
                      const churn::ActionEffect& effect) {
  const std::string segment =
      effect.segment == nullptr ? "" : fmt::format(" ({})", churn::describe(*effect.segment));
  return fmt::format(
      "{:.1f} % likely to leave, kept in {:.4g} % of cases{}, worth {:.2f}; costs {:.2f}",
      100.0 * customers.probabilities[row], 100.0 * effect.effect, segment, customers.values[row],
      action.cost);
}

std::string offers_text(const Customers& customers, const churn::ActionCatalogue& catalogue,
                        const std::vector<churn::Choice>& choices, const churn::OfferPlan& plan,
                        const std::string& id_column) {
  std::string text;
  std::vector<std::string> header = {customers.have_ids ? id_column : "row"};
  header.insert(header.end(), kOfferColumns.begin(), kOfferColumns.end());
  preprocessing::append_csv_record(text, header);
  for (std::size_t row = 0; row < plan.chosen.size(); ++row) {
    std::array<std::string, 6> fields = {
        customers.ids[row], fmt::format("{:.6f}", customers.probabilities[row]), "", "", "", ""};
    if (plan.chosen[row]) {
      const std::size_t i = row * catalogue.actions.size() + *plan.chosen[row];
      const churn::Action& action = catalogue.actions[*plan.chosen[row]];
      fields[2] = action.name;
      fields[3] = fmt::format("{:.2f}", choices[i].cost);
      fields[4] = fmt::format("{:.2f}", choices[i].gain);
      fields[5] = reason_of(customers, row, action, customers.effects[i]);
    }
    preprocessing::append_csv_record(text, fields);
  }
  return text;
}

void print_plan(const churn::ActionCatalogue& catalogue, const std::vector<churn::Choice>& choices,
                const churn::OfferPlan& plan, std::FILE* stream) {
  churn::TextTable table({"action", "customers", "cost", "expected gain"});
  const std::size_t actions = catalogue.actions.size();
  std::size_t idle = 0;
  std::vector<churn::Choice> sums(actions);
  std::vector<std::size_t> counts(actions);
  for (std::size_t row = 0; row < plan.chosen.size(); ++row) {
    if (!plan.chosen[row]) {
      ++idle;
      continue;
    }
    const churn::Choice& choice = choices[row * actions + *plan.chosen[row]];
    sums[*plan.chosen[row]].cost += choice.cost;
    sums[*plan.chosen[row]].gain += choice.gain;
    ++counts[*plan.chosen[row]];
  }
  for (std::size_t i = 0; i < actions; ++i) {
    table.add({churn::printable(catalogue.actions[i].name), churn::format_count(counts[i]),
               churn::format_metric(sums[i].cost, 2), churn::format_metric(sums[i].gain, 2)});
  }
  table.add({"none", churn::format_count(idle), "", ""});
  table.add({"all", churn::format_count(plan.chosen.size()), churn::format_metric(plan.cost, 2),
             churn::format_metric(plan.gain, 2)});
  fmt::print(stream, "{}", table.to_text());
  if (catalogue.budget) {
    fmt::print(stream,
               "within the budget of {:.2f} no choice gains more than {:.2f}: this one is within "
               "{:.2f}, {:.4f} %\n",
               *catalogue.budget, plan.bound, plan.bound - plan.gain, 100.0 * plan.gap());
  }
}

ExitCode write_offers(const OffersOptions& options, const InterruptGuard& interrupt) {
  set_default_threads(options.model.threads);  // also for reading the table
  churn::ActionCatalogue catalogue = churn::load_action_catalogue(options.actions);
  if (options.budget) catalogue.budget = options.budget;
  const churn::ModelFile model = churn::load_model(options.model.model);
  std::FILE* const stream = options.out == kStandardOutput ? stderr : stdout;
  CustomerReader reader(options, model, catalogue, settle_device(options.model, stream));
  Output output(options.out);
  const Customers customers = reader.read(interrupt);
  const std::vector<churn::Choice> choices = choices_of(customers, catalogue);
  const churn::OfferPlan plan =
      churn::choose_offers(choices, catalogue.actions.size(), catalogue.budget);
  output.write(offers_text(customers, catalogue, choices, plan, model.config.data.id_column));
  output.commit();
  for (const std::string& warning : reader.warnings()) warn(warning);
  const auto unvalued = std::count_if(customers.values.begin(), customers.values.end(),
                                      [](double value) { return std::isnan(value); });
  if (unvalued > 0) {
    warn(fmt::format("{} without a value in column \"{}\": no offer",
                     churn::format_counted(static_cast<std::size_t>(unvalued), "customer"),
                     options.value_column));
  }
  print_plan(catalogue, choices, plan, stream);
  if (options.out != kStandardOutput) {
    fmt::print(stream, "offers written to {}\n", churn::printable(options.out));
  }
  return ExitCode::ok;
}

ExitCode offers(const OffersOptions& options) {
  if (options.value_column.empty() == (options.customer_value == 0.0)) {
    fail<UsageError>(
        "what is a customer worth? Give --value-column, or --customer-value for all alike{}",
        options.value_column.empty() ? "" : ", not both");
  }
  std::vector<std::string> inputs = files_read(options.model);
  inputs.push_back(options.actions);
  refuse_replacing("--out", options.out, inputs);
  return write_unless_interrupted(options.out, [&](const InterruptGuard& interrupt) {
    return write_offers(options, interrupt);
  });
}

}  // namespace

void add_offers(CLI::App& program, Command& chosen) {
  CLI::App* command =
      program.add_subcommand("offers", "Choose for each customer what to do, within a budget");
  command->footer(kOffersFooter);
  auto options = std::make_shared<OffersOptions>();
  declare_model_options(*command, options->model, "Table of customers, no label needed");
  command->remove_option(command->get_option("--threshold"));
  command->add_option("--actions", options->actions, "What can be done: a TOML file, see below")
      ->type_name("FILE")
      ->required();
  command
      ->add_option("--value-column", options->value_column,
                   "What a customer who stays is worth, a column of the table")
      ->type_name("COLUMN");
  command->add_option("--customer-value", options->customer_value, "The same for all customers")
      ->transform(within({.lowest = 0.0, .highest = 1e12, .open_lowest = true}))
      ->type_name("X");
  command->add_option("--budget", options->budget, "Of all offers together, instead of the file's")
      ->transform(within({.lowest = 0.0, .highest = 1e15}))
      ->type_name("X");
  command->add_option("--out", options->out, "Offers file, - for the screen")
      ->type_name("FILE")
      ->required();
  command->callback([&chosen, options] { chosen = [options] { return offers(*options); }; });
}

}  // namespace ebb::program
