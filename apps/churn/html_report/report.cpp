#include "apps/churn/html_report/report.h"

#include <fmt/format.h>

#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/html_report/sections.h"
#include "apps/churn/html_report/texts.h"

namespace ebb::churn {
namespace {

std::vector<Section> sections_of(const ReportData& data) {
  return {metrics_section(data),    ranking_section(data),  calibration_section(data),
          decision_section(data),   profit_section(data),   learning_section(data),
          importance_section(data), segments_section(data), offers_section(data),
          search_section(data),     audit_section(data)};
}

std::string contents(const std::vector<Section>& sections, const Texts& words) {
  std::string links;
  for (const Section& one : sections) {
    if (one.content.empty()) continue;
    links += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", one.id, escaped(one.heading));
  }
  return fmt::format("<nav aria-label=\"{}\">\n<ul>\n{}</ul>\n</nav>\n", escaped(words.contents),
                     links);
}

std::string footer(const std::vector<Section>& sections, const Texts& words) {
  std::string html = "<footer>\n";
  for (const Section& one : sections) {
    if (one.content.empty()) html += paragraph(filled(words.left_out, one.heading, one.option));
  }
  return html + paragraph(filled(words.made_by, EBB_VERSION)) + "</footer>\n";
}

}  // namespace

std::string html_report(const ReportData& data) {
  const Texts& words = texts(data.language);
  const std::vector<Section> sections = sections_of(data);
  std::string body = summary(data) + contents(sections, words);
  for (const Section& one : sections) {
    if (!one.content.empty()) body += section(one.id, one.heading, one.content);
  }
  body += footer(sections, words);
  return html_document(words.language, data.title.empty() ? words.default_title : data.title, body);
}

}  // namespace ebb::churn
