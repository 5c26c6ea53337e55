// Where the texts of each language are.
#pragma once

#include "apps/churn/html_report/texts.h"

namespace ebb::churn {

extern const Texts kEnglishTexts;
extern const Texts kChineseTexts;

}  // namespace ebb::churn
