#include <fmt/ranges.h>

#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/html_report/sections.h"
#include "apps/churn/html_report/texts.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

constexpr std::size_t kMostFactors = 3;

std::string factor_text(const SegmentFactor& factor, const Texts& words) {
  if (factor.level) {
    return filled(words.segment_level, factor.column, *factor.level, percent(factor.inside),
                  percent(factor.outside));
  }
  return filled(words.segment_mean, factor.column, format_metric(factor.inside, 2),
                format_metric(factor.outside, 2));
}

std::string factors_text(const SegmentDescription& segment, const Texts& words) {
  std::vector<std::string> texts;
  for (const SegmentFactor& factor : segment.factors) {
    if (texts.size() < kMostFactors) texts.push_back(factor_text(factor, words));
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

}  // namespace

Section segments_section(const ReportData& data) {
  const Texts& words = texts(data.language);
  Section section{"segments", words.segments, {}, "--segments"};
  if (!data.segments) return section;
  HtmlTable table;
  table.caption = words.segments_caption;
  table.header = {words.segment,  words.number_of_customers, words.segment_share, words.predicted,
                  words.happened, words.segment_factors};
  table.ends_in_words = true;
  for (const SegmentDescription& segment : data.segments->segments) {
    const std::string rate =
        segment.churn_rate
            ? fmt::format("{} ({} – {})", percent(segment.churn_rate->share),
                          percent(segment.churn_rate->low), percent(segment.churn_rate->high))
            : "-";
    table.rows.push_back({segment.name, format_count(segment.customers), percent(segment.share),
                          percent(segment.mean_probability), rate, factors_text(segment, words)});
  }
  section.content = paragraph(filled(words.segments_intro, format_count(data.segments->customers),
                                     data.segments->segments.size(), data.segments->by)) +
                    to_html(table);
  return section;
}

}  // namespace ebb::churn
