// ebb predict: scores for new customers, in bounded memory.
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/churn/data/customer_tables.h"
#include "apps/churn/data/new_rows.h"
#include "apps/churn/data/score_columns.h"
#include "apps/churn/decision/risk_band.h"
#include "apps/churn/fusion/customer_scorer.h"
#include "apps/churn/metrics/confusion_matrix.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/model_options.h"
#include "apps/ebb/output.h"
#include "kernels/common/context.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/csv/byte_source.h"
#include "preprocessing/csv/csv_writer.h"

namespace ebb::program {
namespace {

constexpr const char* kPredictFooter = R"(Examples:
  ebb predict --model model/ --data new.csv --out scores.csv
  ebb predict --model model/ --data new.csv.gz --out - | sort -t, -k2 -gr | head

The scores file has, for each customer in the order of the table: the id column named in training
(or the row's number), the probability of leaving, the decision at the threshold, and a risk band:
high when the probability is at least the threshold and at least the average customer's, low when it
is below both, else medium. The label column is not needed. Columns whose values have drifted from
those of training are named as warnings.)";

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct PredictOptions {
  ModelOptions model;
  std::string out;
};

struct Counts {
  std::size_t rows = 0;
  std::size_t flagged = 0;
  std::array<std::size_t, 3> bands{};  // by RiskBand

  void add(const Counts& other) {
    rows += other.rows;
    flagged += other.flagged;
    for (std::size_t i = 0; i < bands.size(); ++i) bands[i] += other.bands[i];
  }
};

/// Some lines of the scores file.
struct Lines {
  std::string text;
  Counts counts;
};

/// Turns chunks of the table into lines of the scores file.
class Scorer {
 public:
  Scorer(const churn::CustomerModel& model, const ModelOptions& options)
      : model_(model),
        scorer_(model, options.model, {.device = options.device, .threads = options.threads},
                options.precision.value_or(Precision::f32)),
        threshold_(options.threshold.value_or(model.threshold.threshold)) {}

  std::string header(bool has_id) const {
    std::string text;
    const std::string& id = model_.config.data.id_column;
    std::vector<std::string> names = {has_id ? id : "row"};
    names.insert(names.end(), churn::kScoreColumns.begin(), churn::kScoreColumns.end());
    preprocessing::append_csv_record(text, names);
    return text;
  }

  std::string score(const preprocessing::Table& chunk) {
    const churn::EncodedCustomers rows = scorer_.encode(chunk);
    const Clock::time_point start = Clock::now();
    const std::vector<float> scores = scorer_.probabilities(rows);
    network_seconds_ += seconds_since(start);
    const preprocessing::Column* ids = chunk.find(model_.config.data.id_column);
    std::vector<Lines> parts((scores.size() + kRowsPerPart - 1) / kRowsPerPart);
    preprocessing::parallel_ranges(
        scores.size(), churn::kScoreColumns.size(), kRowsPerPart,
        [&](std::size_t begin, std::size_t end) {
          for (std::size_t row = begin; row < end; ++row) {
            const std::string id =
                ids != nullptr ? ids->text(row) : fmt::format("{}", counts_.rows + row + 1);
            append(parts[begin / kRowsPerPart], id, scores[row]);
          }
        });
    std::string text;
    for (const Lines& part : parts) {
      text += part.text;
      counts_.add(part.counts);
    }
    return text;
  }

  std::vector<std::string> warnings() const { return scorer_.drift_warnings(); }
  const Counts& counts() const { return counts_; }
  double network_seconds() const { return network_seconds_; }

 private:
  static constexpr std::size_t kRowsPerPart = 1024;

  void append(Lines& lines, const std::string& id, double probability) const {
    const bool flagged = churn::is_flagged(probability, threshold_);
    const churn::RiskBand band =
        churn::risk_band(probability, threshold_, model_.training_base_rate);
    ++lines.counts.rows;
    lines.counts.flagged += flagged ? 1 : 0;
    ++lines.counts.bands[static_cast<std::size_t>(band)];
    preprocessing::append_csv_record(
        lines.text, std::array<std::string, 4>{id, fmt::format("{:.6f}", probability),
                                               model_.pipeline().classes()[flagged ? 1 : 0],
                                               std::string(churn::to_string(band))});
  }

  const churn::CustomerModel& model_;
  churn::CustomerScorer scorer_;
  double threshold_;
  Counts counts_;
  double network_seconds_ = 0.0;
};

void print_prediction(const Scorer& scorer, double seconds, const std::string& out) {
  const Counts& counts = scorer.counts();
  std::FILE* stream = out == kStandardOutput ? stderr : stdout;
  fmt::print(stream, "{} scored: {} flagged ({:.1f} %); risk high {}, medium {}, low {}\n",
             churn::format_counted(counts.rows, "customer"), churn::format_count(counts.flagged),
             100.0 * static_cast<double>(counts.flagged) / static_cast<double>(counts.rows),
             churn::format_count(counts.bands[2]), churn::format_count(counts.bands[1]),
             churn::format_count(counts.bands[0]));
  const auto rows = static_cast<double>(counts.rows);
  fmt::print(stream, "{} rows/s with reading and writing, {} in the network alone\n",
             churn::format_count(rows / seconds),
             churn::format_count(rows / scorer.network_seconds()));
  if (out != kStandardOutput) fmt::print(stream, "scores written to {}\n", churn::printable(out));
}

ExitCode write_scores(const PredictOptions& options, const InterruptGuard& interrupt) {
  const Clock::time_point start = Clock::now();
  set_default_threads(options.model.threads);  // also for reading the table
  const churn::CustomerModel model = churn::load_customer_model(options.model.model);
  settle_device(options.model, options.out == kStandardOutput ? stderr : stdout);
  Scorer scorer(model, options.model);
  const std::string& id = model.config.data.id_column;
  std::vector<std::string> texts;
  if (!id.empty()) texts.push_back(id);
  preprocessing::CsvReader reader = churn::open_new_rows(
      options.model.data, model, texts,
      churn::further_delimiter(delimiter_of(options.model.delimiter), model.config.data));
  const std::string source = preprocessing::source_name(options.model.data);
  const bool has_id = !id.empty() && preprocessing::contains(reader.header(), id);
  if (has_id) {
    churn::check_id_column(id, source,
                           "rename it in the table, and customers are named by row number, or "
                           "train again with an id column of another name");
  }
  if (!id.empty() && !has_id) {
    warn(fmt::format("{} has no id column \"{}\": customers are named by row number", source, id));
  }

  Output output(options.out);
  // Written with the first scores, so that a table that does not fit writes nothing.
  std::string text = scorer.header(has_id);
  preprocessing::Table chunk;
  while (reader.next(chunk, churn::rows_per_chunk(model))) {
    interrupt.stop_here();
    text += scorer.score(chunk);
    output.write(text);
    text.clear();
  }
  // Ctrl-C also ends what feeds a pipe, and then looks like the end of the table.
  interrupt.stop_here();
  output.commit();
  for (const std::string& warning : scorer.warnings()) warn(warning);
  print_prediction(scorer, seconds_since(start), options.out);
  return ExitCode::ok;
}

ExitCode predict(const PredictOptions& options) {
  refuse_replacing("--out", options.out, files_read(options.model));
  return write_unless_interrupted(options.out, [&](const InterruptGuard& interrupt) {
    return write_scores(options, interrupt);
  });
}

}  // namespace

void add_predict(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand("predict", "Score new customers");
  command->footer(kPredictFooter);
  auto options = std::make_shared<PredictOptions>();
  declare_model_options(*command, options->model, "Table of customers, no label needed");
  command->add_option("--out", options->out, "Scores file, - for the screen")
      ->type_name("FILE")
      ->required();
  command->callback([&chosen, options] { chosen = [options] { return predict(*options); }; });
}

}  // namespace ebb::program
