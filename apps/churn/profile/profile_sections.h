// What a profile says, in words and in order, whatever it is written in.
#pragma once

#include <string>
#include <vector>

#include "apps/churn/explanation/reasons.h"
#include "apps/churn/profile/customer_profile.h"

namespace ebb::churn {

/// Something named and what it is.
struct ProfileFact {
  std::string name;
  std::string value;
};

/// Rows of cells under a header, with a title above.
struct ProfileSection {
  std::string title;
  std::string note;  ///< how to read it
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

struct ProfileSections {
  std::string title;
  std::vector<ProfileFact> facts;
  std::vector<ProfileSection> sections;  ///< those that have rows
};

ProfileSections profile_sections(const CustomerProfile& profile, Language language);

}  // namespace ebb::churn
