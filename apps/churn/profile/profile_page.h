// A customer's profile as a page to read.
#pragma once

#include <string>
#include <string_view>

#include "apps/churn/explanation/reasons.h"
#include "apps/churn/profile/customer_profile.h"

namespace ebb::churn {

/// Plain text, control characters in values replaced by blanks.
std::string profile_text(const CustomerProfile& profile, Language language);

/// A whole HTML document that loads nothing else: light and dark by the reader's settings, fit for
/// a phone and for paper. All that comes from data is escaped.
std::string profile_html(const CustomerProfile& profile, Language language);

}  // namespace ebb::churn
