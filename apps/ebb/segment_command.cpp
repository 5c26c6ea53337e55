// ebb segment: customers in groups, what each has in common and how many of it leave.
#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/churn/offers/action_effects.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/churn/segments/embedding_segments.h"
#include "apps/churn/segments/rfm_classes.h"
#include "apps/churn/segments/risk_value_quadrants.h"
#include "apps/churn/segments/segment_description.h"
#include "apps/churn/segments/segments_json.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/customer_file.h"
#include "apps/ebb/input_files.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/limits.h"
#include "apps/ebb/output.h"
#include "apps/ebb/usage.h"
#include "kernels/common/context.h"
#include "preprocessing/common/names.h"
#include "preprocessing/csv/csv_writer.h"
#include "preprocessing/statistics/quantiles.h"

namespace ebb::program {
namespace {

constexpr const char* kSegmentFooter = R"(Examples:
  ebb segment --model model/ --data customers.csv --value-column revenue --out segments.csv
  ebb segment --model model/ --data customers.csv --by rfm --recency-column days_since_order \
      --frequency-column orders --monetary-column revenue --out segments.csv
  ebb segment --model model/ --data customers.csv --by k-means --out segments.csv --summary segments.json

  quadrants  at risk or loyal (the model's threshold, --threshold or --risk-share), worth more than
             the median customer or less (--value-column)
  rfm        ten classes by how recently, how often and for how much customers bought
  k-means    clusters of customers whom the network takes for alike; without --clusters the number
             from 2 to 10 that sets them apart best
  mixture    the same as a mixture of normal distributions; the number by BIC

The segments file has, for each customer in the order of the table: the id column named in training
(or the row's number), the probability of leaving, the segment's number and its name. What is printed
names the columns in which each segment differs most from all other customers, and, where the table
has labels, how many of it left. See docs/segments.md.)";

struct SegmentOptions {
  ModelOptions model;
  std::string by;
  std::size_t clusters = 0;  // 0: chosen
  std::string covariance = "diagonal";
  std::string value_column;
  std::optional<double> risk_share;  // empty: those from the threshold on
  std::string recency_column;
  std::string frequency_column;
  std::string monetary_column;
  std::string language = "en";
  std::size_t top = 3;
  std::uint64_t seed = 0;
  std::string out;
  std::string summary;

  [[nodiscard]] bool is_clustering() const { return by == "k-means" || by == "mixture"; }
};

/// Refuses what the way of segmenting needs and lacks, or does not look at.
void check_columns(const SegmentOptions& options) {
  struct Need {
    const char* option;
    const std::string& column;
    const char* by;
  };
  for (const Need& need : {Need{"--value-column", options.value_column, "quadrants"},
                           Need{"--recency-column", options.recency_column, "rfm"},
                           Need{"--frequency-column", options.frequency_column, "rfm"},
                           Need{"--monetary-column", options.monetary_column, "rfm"}}) {
    const bool is_needed = options.by == need.by;
    if (is_needed && need.column.empty()) {
      fail<UsageError>("--by {} needs {}, a column of the table", options.by, need.option);
    }
    if (!is_needed && !need.column.empty()) {
      fail<UsageError>("{} is about --by {}, not --by {}", need.option, need.by, options.by);
    }
  }
  if (options.risk_share && (options.by != "quadrants" || options.model.threshold)) {
    fail<UsageError>("--risk-share is about --by quadrants, in place of --threshold");
  }
  if (options.clusters != 0 && !options.is_clustering()) {
    fail<UsageError>("--clusters is about --by k-means and --by mixture, not --by {}", options.by);
  }
}

/// From which probability on a customer is at risk.
double risk_threshold(const SegmentOptions& options, const churn::ModelFile& model,
                      const std::vector<float>& probabilities) {
  if (!options.risk_share) return options.model.threshold.value_or(model.threshold.threshold);
  const std::vector<double> values(probabilities.begin(), probabilities.end());
  return preprocessing::quantile(preprocessing::sorted_values(values), 1.0 - *options.risk_share);
}

/// A segmentation, and of clusters which numbers of them were tried.
struct MadeSegments {
  churn::Segmentation segments;
  std::vector<churn::ClusterCount> tried;
};

MadeSegments make_segments(const SegmentOptions& options, const CustomerFile& file,
                           churn::Predictor& predictor, double threshold,
                           const InterruptGuard& interrupt) {
  const churn::Language language = churn::parse_language(options.language);
  const auto numbers = [&](const std::string& column, const char* purpose) {
    return churn::numbers_of(file.table, column, purpose);
  };
  if (options.by == "quadrants") {
    const std::vector<double> values = numbers(options.value_column, "of what customers are worth");
    return {churn::risk_value_quadrants(file.probabilities, values, threshold, language), {}};
  }
  if (options.by == "rfm") {
    const std::vector<double> recency = numbers(options.recency_column, "of recency");
    const std::vector<double> frequency = numbers(options.frequency_column, "of frequency");
    const std::vector<double> monetary = numbers(options.monetary_column, "of what was spent");
    return {churn::rfm_classes({recency, frequency, monetary}, language), {}};
  }
  const std::vector<double> embeddings = standard_embeddings(predictor, file.rows);
  const bool shows_progress = isatty(STDERR_FILENO) != 0 && options.out != kStandardOutput;
  churn::EmbeddingSegments found =
      churn::segment_embeddings({embeddings, embeddings.size() / file.rows.rows},
                                {.method = churn::parse_clustering(options.by),
                                 .covariance = churn::parse_covariance(options.covariance),
                                 .clusters = options.clusters,
                                 .seed = options.seed,
                                 .between = [&] { interrupt.stop_here(); },
                                 .trying =
                                     [&](std::size_t clusters) {
                                       if (shows_progress)
                                         fmt::print(stderr, "\rmaking {} clusters\033[K", clusters);
                                     }});
  if (shows_progress) fmt::print(stderr, "\r\033[K");
  std::vector<std::size_t> order = churn::number_by_risk(found.of_row, file.probabilities);
  const std::size_t clusters = *std::ranges::max_element(order) + 1;
  return {{std::move(order), std::vector<std::string>(clusters)}, std::move(found.tried)};
}

/// Clusters get names made of what was found of them.
void name_clusters(churn::Segmentation& segments,
                   std::vector<churn::SegmentDescription>& descriptions,
                   const churn::ModelFile& model, double threshold, churn::Language language) {
  for (churn::SegmentDescription& segment : descriptions) {
    const churn::RiskBand risk =
        churn::risk_band(segment.mean_probability, threshold, model.training_base_rate);
    segment.name = churn::segment_name(risk, segment.factors, language);
    segments.names[segment.number - 1] = segment.name;
  }
}

std::string segments_text(const CustomerFile& file, const churn::Segmentation& segments) {
  const std::array<std::string, 4> header = {file.id_header, "probability", "segment",
                                             "segment_name"};
  if (preprocessing::contains(std::span(header).subspan(1), file.id_header)) {
    fail<DataError>(
        "the id column \"{}\" has the name of another column of the segments file: rename it in "
        "the table, and customers are named by row number",
        file.id_header);
  }
  std::string text;
  preprocessing::append_csv_record(text, header);
  for (std::size_t row = 0; row < file.ids.size(); ++row) {
    const std::size_t segment = segments.of_row[row];
    preprocessing::append_csv_record(
        text,
        std::array<std::string, 4>{file.ids[row], fmt::format("{:.6f}", file.probabilities[row]),
                                   fmt::format("{}", segment + 1), segments.names[segment]});
  }
  return text;
}

void print_segments(std::FILE* stream, const std::vector<churn::SegmentDescription>& segments,
                    churn::Language language) {
  churn::TextTable table({"segment", "customers", "share", "mean risk", "left", "95 % interval"});
  for (const churn::SegmentDescription& segment : segments) {
    const auto& rate = segment.churn_rate;
    table.add({fmt::format("{} {}", segment.number, churn::printable(segment.name)),
               churn::format_count(segment.customers),
               fmt::format("{:.1f} %", 100.0 * segment.share),
               fmt::format("{:.1f} %", 100.0 * segment.mean_probability),
               rate ? fmt::format("{:.1f} %", 100.0 * rate->share) : "-",
               rate ? fmt::format("{:.1f}-{:.1f} %", 100.0 * rate->low, 100.0 * rate->high) : "-"});
  }
  fmt::print(stream, "{}", table.to_text());
  fmt::print(stream, "what sets them apart (mean or share inside, elsewhere):\n");
  for (const churn::SegmentDescription& segment : segments) {
    std::string line;
    for (const churn::SegmentFactor& factor : segment.factors) {
      line += fmt::format("{}{} ", line.empty() ? "" : "; ",
                          churn::factors_in_words({&factor, 1}, 1, language));
      line += factor.level ? fmt::format("({:.0f} %, {:.0f} %)", 100.0 * factor.inside,
                                         100.0 * factor.outside)
                           : fmt::format("({:.4g}, {:.4g})", factor.inside, factor.outside);
    }
    fmt::print(stream, "  {}: {}\n", segment.number,
               line.empty() ? "nothing" : churn::printable(line));
  }
}

nlohmann::ordered_json summary_json(const SegmentOptions& options, const CustomerFile& file,
                                    double threshold, const MadeSegments& made,
                                    const std::vector<churn::SegmentDescription>& segments) {
  nlohmann::ordered_json json = {{"by", options.by},
                                 {"customers", file.ids.size()},
                                 {"threshold", threshold},
                                 {"language", options.language}};
  if (!made.tried.empty()) {
    json["score"] = options.by == "mixture" ? "bic" : "silhouette";
    json["tried"] = nlohmann::ordered_json::array();
    for (const churn::ClusterCount& tried : made.tried) {
      json["tried"].push_back({{"clusters", tried.clusters}, {"score", tried.score}});
    }
  }
  json["segments"] = churn::to_json(segments);
  return json;
}

ExitCode write_segments(const SegmentOptions& options, const InterruptGuard& interrupt) {
  const bool prints_file = options.out == kStandardOutput || options.summary == kStandardOutput;
  std::FILE* const stream = prints_file ? stderr : stdout;
  set_default_threads(options.model.threads);  // also for reading the table
  const churn::ModelFile model = churn::load_model(options.model.model);
  const churn::Language language = churn::parse_language(options.language);
  const Device device = settle_device(options.model, stream);
  churn::Predictor predictor = make_predictor(model, options.model);
  Output output(options.out);
  JsonOutput summary(options.summary);
  const CustomerFile file = read_customer_file(
      options.model, model, predictor, device,
      std::array<NamedColumn, 4>{{{options.value_column, "--value-column"},
                                  {options.recency_column, "--recency-column"},
                                  {options.frequency_column, "--frequency-column"},
                                  {options.monetary_column, "--monetary-column"}}},
      interrupt);
  const double threshold = risk_threshold(options, model, file.probabilities);
  MadeSegments made = make_segments(options, file, predictor, threshold, interrupt);
  std::vector<churn::SegmentDescription> descriptions = churn::describe_segments(
      made.segments,
      {.columns = file.columns, .probabilities = file.probabilities, .labels = file.labels},
      options.top);
  if (options.is_clustering()) {
    name_clusters(made.segments, descriptions, model, threshold, language);
  }
  interrupt.stop_here();
  output.write(segments_text(file, made.segments));
  output.commit();
  summary.write(summary_json(options, file, threshold, made, descriptions));
  for (const std::string& warning : file.warnings) warn(warning);
  print_segments(stream, descriptions, language);
  for (const std::string& path : {options.out, options.summary}) {
    if (!path.empty() && path != kStandardOutput) {
      fmt::print(stream, "written {}\n", churn::printable(path));
    }
  }
  return ExitCode::ok;
}

ExitCode segment(SegmentOptions options) {
  if (options.by.empty()) {
    const bool is_rfm = !options.recency_column.empty() || !options.frequency_column.empty() ||
                        !options.monetary_column.empty();
    options.by = !options.value_column.empty() ? "quadrants" : is_rfm ? "rfm" : "k-means";
  }
  check_columns(options);
  const std::vector<std::string> inputs = files_read(options.model);
  refuse_replacing("--out", options.out, inputs);
  refuse_replacing("--summary", options.summary, inputs);
  refuse_same_output("--out", options.out, "--summary", options.summary);
  return write_unless_interrupted(options.out, [&](const InterruptGuard& interrupt) {
    return write_segments(options, interrupt);
  });
}

void declare_segment_options(CLI::App& command, SegmentOptions& options) {
  declare_model_options(command, options.model, "Table of customers, no label needed");
  command
      .add_option(
          "--by", options.by,
          "quadrants, rfm, k-means or mixture (default: by the columns that are named, else "
          "k-means)")
      ->check(one_of({"quadrants", "rfm", "k-means", "mixture"}))
      ->type_name("NAME");
  command.add_option("--clusters", options.clusters, "Of k-means and mixture (default: chosen)")
      ->transform(within<std::size_t>(1, 1000))
      ->type_name("N");
  command
      .add_option("--covariance", options.covariance,
                  "Of mixture: diagonal (default) or full, which takes many customers")
      ->check(one_of({"diagonal", "full"}))
      ->type_name("NAME");
  const auto add_column = [&](const char* option, std::string& column, const char* description) {
    command.add_option(option, column, description)->type_name("COLUMN");
  };
  add_column("--value-column", options.value_column, "Of quadrants: what a customer is worth");
  command
      .add_option("--risk-share", options.risk_share,
                  "Of quadrants: this share of the customers is at risk (default: those from the "
                  "threshold on)")
      ->transform(within({.lowest = 0.0, .highest = 1.0, .open_lowest = true}))
      ->type_name("P");
  add_column("--recency-column", options.recency_column,
             "Of rfm: time since the last purchase, less is better");
  add_column("--frequency-column", options.frequency_column, "Of rfm: how many purchases");
  add_column("--monetary-column", options.monetary_column, "Of rfm: what was spent");
  command.add_option("--language", options.language, "Of names: en (default) or zh")
      ->check(one_of({"en", "zh"}))
      ->type_name("NAME");
  command.add_option("--top", options.top, "Columns named for each segment (default 3)")
      ->transform(within<std::size_t>(1, 100))
      ->type_name("N");
  command.add_option("--seed", options.seed, "Of all that is drawn (default 0)")
      ->transform(within<std::uint64_t>(0, std::numeric_limits<std::uint64_t>::max()))
      ->type_name("N");
  command.add_option("--out", options.out, "Segments file, - for the screen")
      ->type_name("FILE")
      ->required();
  command.add_option("--summary", options.summary, "Also describe the segments in this JSON file")
      ->type_name("FILE");
}

}  // namespace

void add_segment(CLI::App& program, Command& chosen) {
  CLI::App* command =
      program.add_subcommand("segment", "Put customers in groups and say what sets them apart");
  command->footer(kSegmentFooter);
  auto options = std::make_shared<SegmentOptions>();
  declare_segment_options(*command, *options);
  command->callback([&chosen, options] { chosen = [options] { return segment(*options); }; });
}

}  // namespace ebb::program
