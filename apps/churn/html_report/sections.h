// The sections of a report, in its order.
#pragma once

#include <string>

#include "apps/churn/html_report/report.h"

namespace ebb::churn {

struct Section {
  std::string id;
  std::string heading;
  std::string content;  ///< HTML; empty: left out, as data are missing
  std::string option;   ///< what gives those data
};

Section metrics_section(const ReportData& data);
Section ranking_section(const ReportData& data);
Section calibration_section(const ReportData& data);
Section decision_section(const ReportData& data);
Section profit_section(const ReportData& data);
Section learning_section(const ReportData& data);
Section importance_section(const ReportData& data);
Section segments_section(const ReportData& data);
Section offers_section(const ReportData& data);
Section search_section(const ReportData& data);
Section audit_section(const ReportData& data);

/// What stands above all sections: in words, and the most important figures.
std::string summary(const ReportData& data);

/// A share as "26.5 %"; "-" for NaN.
std::string percent(double share, int digits = 1);

}  // namespace ebb::churn
