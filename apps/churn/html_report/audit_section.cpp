#include <fmt/format.h>

#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/html_report/sections.h"
#include "apps/churn/html_report/texts.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

using preprocessing::AuditReport;

HtmlTable findings_table(const AuditReport& report, const Texts& words) {
  HtmlTable table;
  table.caption = words.audit_caption;
  table.header = {words.topic, words.severity, words.finding};
  table.has_numbers = false;
  for (const preprocessing::Finding& finding : report.findings) {
    const bool is_serious = finding.severity == preprocessing::Severity::serious;
    table.rows.push_back({finding.topic, is_serious ? words.serious : words.note, finding.text});
  }
  return table;
}

HtmlTable missing_table(const AuditReport& report, const Texts& words) {
  HtmlTable table;
  table.caption = words.missing_caption;
  table.header = {words.column,        words.missing,       words.share,
                  words.leave_missing, words.leave_present, "p"};
  for (const preprocessing::MissingColumn& column : report.missingness.columns) {
    table.rows.push_back({column.name, format_count(column.missing), percent(column.share, 2),
                          percent(column.positives_missing), percent(column.positives_present),
                          fmt::format("{:.2g}", column.p_value)});
  }
  return table;
}

}  // namespace

Section audit_section(const ReportData& data) {
  const Texts& words = texts(data.language);
  Section section{"audit", words.audit, {}, {}};
  if (!data.audit) return section;
  const AuditReport& report = *data.audit;
  const preprocessing::ClassBalance& balance = report.balance;
  const double share = static_cast<double>(balance.positives) / static_cast<double>(balance.rows);
  section.content = paragraph(filled(words.audit_intro, data.source, format_count(report.rows),
                                     format_count(report.columns), format_count(balance.positives),
                                     balance.classes[1], percent(share)));
  if (report.findings.empty()) {
    section.content += paragraph(words.audit_none);
  } else {
    if (*words.audit_language != '\0') section.content += paragraph(words.audit_language);
    section.content += to_html(findings_table(report, words));
  }
  if (!report.missingness.columns.empty()) {
    section.content += to_html(missing_table(report, words));
  }
  return section;
}

}  // namespace ebb::churn
