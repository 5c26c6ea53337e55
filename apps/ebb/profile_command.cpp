// ebb profile: one page about one customer.
#include <array>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/churn/explanation/reasons.h"
#include "apps/churn/explanation/shapley.h"
#include "apps/churn/metrics/confusion_matrix.h"
#include "apps/churn/offers/action_catalogue.h"
#include "apps/churn/offers/action_effects.h"
#include "apps/churn/offers/expected_gain.h"
#include "apps/churn/profile/profile_page.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/customer_file.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/output.h"
#include "apps/ebb/usage.h"
#include "kernels/common/context.h"
#include "preprocessing/common/names.h"
#include "preprocessing/csv/byte_source.h"
#include "preprocessing/csv/csv_reader.h"

namespace ebb::program {
namespace {

constexpr const char* kProfileFooter = R"(Examples:
  ebb profile --model model/ --data customers.csv --id S00017
  ebb profile --model model/ --data customers.csv --id S00017 --out S00017.html --language zh
  ebb profile --model model/ --data customers.csv --id S00017 --segments segments.csv \
      --actions actions.toml --value-column revenue

The page has the probability of leaving, the decision and the rank among all customers of the table;
the columns that move the prediction most, in words (see ebb explain); the customer's columns beside
the typical customer's; the customers most alike in the model's eyes and, where the table has labels,
what became of them; the segment (a file of ebb segment) and the action that is expected to gain most
(see ebb offers). Text, or HTML where --out ends in .html.)";

struct ProfileOptions {
  ModelOptions model;
  std::string id;
  std::string out = std::string(kStandardOutput);
  std::string language = "en";
  std::string segments;
  std::string actions;
  std::string value_column;
  double customer_value = 0.0;  // 0: by column
  std::size_t top = 5;
  std::size_t similar = 5;
  std::uint64_t seed = 0;
};

std::size_t row_of(const CustomerFile& file, const ProfileOptions& options) {
  const auto found = std::ranges::find(file.ids, options.id);
  if (found == file.ids.end()) {
    constexpr std::size_t kListed = 5;
    fail<DataError>("{} has no customer \"{}\" in {}.{}",
                    preprocessing::source_name(options.model.data), options.id,
                    file.id_header == "row" ? "its rows, which are numbered from 1"
                                            : fmt::format("column \"{}\"", file.id_header),
                    preprocessing::suggest_names(options.id, file.ids, kListed));
  }
  return static_cast<std::size_t>(found - file.ids.begin());
}

std::vector<std::string> reasons_of(const CustomerFile& file, const churn::ModelFile& model,
                                    churn::Predictor& predictor, std::size_t row,
                                    const ProfileOptions& options,
                                    const InterruptGuard& interrupt) {
  if (model.background.rows < 2) return {};
  const std::vector<churn::FeatureColumn> columns = churn::feature_columns(model.pipeline);
  // For one customer many walks take no time.
  constexpr std::size_t kPairs = 32;
  const churn::ShapleyExplainer explainer(
      [&](const preprocessing::EncodedRows& rows) { return predictor.logits(rows); }, columns,
      model.background,
      {.pairs = kPairs, .seed = options.seed, .between = [&] { interrupt.stop_here(); }});
  const churn::Attributions found =
      explainer.explain(churn::take_rows(file.rows, std::array<std::size_t, 1>{row}));
  const churn::ReasonWriter words(model.pipeline, model.config.preprocessing,
                                  churn::parse_language(options.language));
  std::vector<std::string> reasons;
  for (const std::size_t column : churn::strongest_columns(found.values, options.top)) {
    reasons.push_back(words.reason(file.columns, row, columns[column].name, found.values[column]));
  }
  return reasons;
}

std::vector<churn::SimilarCustomer> similar_to(const CustomerFile& file,
                                               churn::Predictor& predictor, std::size_t row,
                                               std::size_t most) {
  const std::vector<double> embeddings = standard_embeddings(predictor, file.rows);
  std::vector<churn::SimilarCustomer> similar;
  for (const churn::NearRow& near :
       churn::nearest_rows({embeddings, embeddings.size() / file.rows.rows}, row, most)) {
    std::optional<bool> has_left;
    if (!file.labels.empty()) has_left = file.labels[near.row] == 1.0F;
    similar.push_back({file.ids[near.row], file.probabilities[near.row], has_left, near.distance});
  }
  return similar;
}

/// The segment of the customer in a file of ebb segment.
std::string segment_of(const ProfileOptions& options, const std::string& id_header) {
  const std::string name_column = "segment_name";
  preprocessing::CsvOptions csv;
  csv.delimiter = ',';
  for (const std::string& name : {id_header, name_column}) {
    csv.columns.push_back({name, preprocessing::DeclaredKind::identifier});
  }
  csv.undeclared = preprocessing::UndeclaredColumns::ignore;
  csv.require_declared = false;  // said below, with the option
  preprocessing::CsvReader reader(options.segments, csv);
  for (const std::string& name : {id_header, name_column}) {
    require_column(reader.header(), options.segments, {name, "a file of ebb segment"});
  }
  preprocessing::Table chunk;
  while (reader.next(chunk, std::numeric_limits<std::size_t>::max())) {
    const preprocessing::Column& ids = chunk.column(id_header);
    for (std::size_t row = 0; row < chunk.rows(); ++row) {
      if (ids.text(row) == options.id) return chunk.column(name_column).text(row);
    }
  }
  fail<DataError>("{} has no customer \"{}\": make it anew with ebb segment from the same table",
                  options.segments, options.id);
}

churn::BestOffer best_offer(const CustomerFile& file, std::size_t row,
                            const churn::ActionCatalogue& catalogue,
                            const ProfileOptions& options) {
  const preprocessing::Table customer =
      preprocessing::select_rows(file.table, std::array<std::size_t, 1>{row});
  const double value =
      options.value_column.empty()
          ? options.customer_value
          : churn::numbers_of(customer, options.value_column, "of what customers are worth")
                .front();
  churn::BestOffer best;
  for (const churn::Action& action : catalogue.actions) {
    const double effect = churn::effects_of(action, customer).front().effect;
    const double gain = churn::expected_gain(file.probabilities[row], effect, value, action.cost);
    if (gain > best.gain) best = {action.name, action.cost, gain};
  }
  return best;
}

churn::CustomerProfile make_profile(const ProfileOptions& options,
                                    const InterruptGuard& interrupt) {
  const churn::ModelFile model = churn::load_model(options.model.model);
  churn::ActionCatalogue catalogue;
  std::vector<NamedColumn> more = {{options.value_column, "--value-column"}};
  if (!options.actions.empty()) {
    catalogue = churn::load_action_catalogue(options.actions);
    for (const std::string& name : catalogue.columns()) more.push_back({name, options.actions});
  }
  const Device device =
      settle_device(options.model, options.out == kStandardOutput ? stderr : stdout);
  churn::Predictor predictor = make_predictor(model, options.model);
  const CustomerFile file =
      read_customer_file(options.model, model, predictor, device, more, interrupt);
  const std::size_t row = row_of(file, options);
  for (const std::string& warning : file.warnings) warn(warning);
  if (std::ranges::count(file.ids, options.id) > 1) {
    warn(fmt::format("{} has more than one customer \"{}\": this is the first",
                     preprocessing::source_name(options.model.data), options.id));
  }
  churn::CustomerProfile profile;
  profile.id_name = file.id_header;
  profile.id = options.id;
  profile.probability = file.probabilities[row];
  profile.threshold = options.model.threshold.value_or(model.threshold.threshold);
  profile.is_flagged = churn::is_flagged(profile.probability, profile.threshold);
  profile.decision = model.pipeline.classes()[profile.is_flagged ? 1 : 0];
  profile.risk = churn::risk_band(profile.probability, profile.threshold, model.training_base_rate);
  profile.customers = file.ids.size();
  profile.higher_than = churn::share_below(file.probabilities, row);
  profile.reasons = reasons_of(file, model, predictor, row, options, interrupt);
  profile.columns = churn::compare_columns(file.columns, row);
  profile.similar = similar_to(file, predictor, row, options.similar);
  if (!options.segments.empty()) profile.segment = segment_of(options, file.id_header);
  if (!options.actions.empty()) profile.offer = best_offer(file, row, catalogue, options);
  return profile;
}

ExitCode write_profile(const ProfileOptions& options, const InterruptGuard& interrupt) {
  set_default_threads(options.model.threads);  // also for reading the table
  Output output(options.out);
  const churn::CustomerProfile profile = make_profile(options, interrupt);
  interrupt.stop_here();
  const churn::Language language = churn::parse_language(options.language);
  const bool is_html = lower_case(options.out).ends_with(".html");
  output.write(is_html ? churn::profile_html(profile, language)
                       : churn::profile_text(profile, language));
  output.commit();
  if (options.out != kStandardOutput) fmt::print("written {}\n", churn::printable(options.out));
  return ExitCode::ok;
}

ExitCode profile(const ProfileOptions& options) {
  const bool has_value = !options.value_column.empty() || options.customer_value != 0.0;
  if (!options.value_column.empty() && options.customer_value != 0.0) {
    fail<UsageError>("give --value-column or --customer-value, not both");
  }
  if (has_value == options.actions.empty()) {
    fail<UsageError>("the best offer takes --actions and --value-column or --customer-value: {}",
                     has_value ? "--actions is missing" : "what is the customer worth?");
  }
  std::vector<std::string> inputs = files_read(options.model);
  for (const std::string& file : {options.actions, options.segments}) {
    if (!file.empty()) inputs.push_back(file);
  }
  refuse_replacing("--out", options.out, inputs);
  return write_unless_interrupted(options.out, [&](const InterruptGuard& interrupt) {
    return write_profile(options, interrupt);
  });
}

void declare_profile_options(CLI::App& command, ProfileOptions& options) {
  declare_model_options(command, options.model, "Table of customers, no label needed");
  command
      .add_option("--id", options.id,
                  "The customer, in the id column named in training (or the row's number)")
      ->type_name("ID")
      ->required();
  command.add_option("--out", options.out, "The page: .html or text (default: the screen)")
      ->type_name("FILE");
  command.add_option("--language", options.language, "Of the page: en (default) or zh")
      ->check(one_of({"en", "zh"}))
      ->type_name("NAME");
  command.add_option("--top", options.top, "Reasons (default 5)")
      ->transform(within<std::size_t>(1, 100))
      ->type_name("N");
  command.add_option("--similar", options.similar, "Similar customers (default 5)")
      ->transform(within<std::size_t>(0, 100))
      ->type_name("N");
  command.add_option("--segments", options.segments, "A file of ebb segment")->type_name("FILE");
  command.add_option("--actions", options.actions, "What can be done: a TOML file, see ebb offers")
      ->type_name("FILE");
  command
      .add_option("--value-column", options.value_column,
                  "What a customer who stays is worth, a column of the table")
      ->type_name("COLUMN");
  command.add_option("--customer-value", options.customer_value, "The same as a number")
      ->transform(within({.lowest = 0.0, .highest = 1e12, .open_lowest = true}))
      ->type_name("X");
  command.add_option("--seed", options.seed, "Of all that is drawn (default 0)")
      ->transform(within<std::uint64_t>(0, std::numeric_limits<std::uint64_t>::max()))
      ->type_name("N");
}

}  // namespace

void add_profile(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand("profile", "One page about one customer");
  command->footer(kProfileFooter);
  auto options = std::make_shared<ProfileOptions>();
  declare_profile_options(*command, *options);
  command->callback([&chosen, options] { chosen = [options] { return profile(*options); }; });
}

}  // namespace ebb::program
