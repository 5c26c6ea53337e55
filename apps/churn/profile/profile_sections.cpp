#include "apps/churn/profile/profile_sections.h"

#include <array>

#include <fmt/format.h>

namespace ebb::churn {
namespace {

struct ProfileWords {
  const char* title;  // of the id's name and the id
  const char* probability;
  const char* risk;
  std::array<const char*, 3> bands;  // by RiskBand
  const char* decision;
  const char* flagged;  // with the class and the threshold as {0} and {1}
  const char* not_flagged;
  const char* rank;
  const char* higher;  // with the share and the customers
  const char* segment;
  const char* offer;
  const char* no_offer;
  const char* offered;  // with the action, its cost and its gain
  const char* reasons;
  const char* reasons_note;
  std::array<const char*, 1> reasons_header;
  const char* columns;
  const char* columns_note;
  std::array<const char*, 4> columns_header;
  const char* missing;
  const char* above;  // with a share, of a number
  const char* alike;  // of a category
  const char* similar;
  const char* similar_note;
  std::array<const char*, 4> similar_header;
  std::array<const char*, 3> outcomes;  // unknown, stayed, left
};

constexpr ProfileWords kEnglish = {
    .title = "Customer {1} ({0})",
    .probability = "probability of leaving",
    .risk = "risk",
    .bands = {"low", "medium", "high"},
    .decision = "decision",
    .flagged = "{0} (at or above the threshold of {1:.4g})",
    .not_flagged = "{0} (below the threshold of {1:.4g})",
    .rank = "rank",
    .higher = "higher than {0:.1f} % of the other {1} customers",
    .segment = "segment",
    .offer = "best offer",
    .no_offer = "none gains",
    .offered = "{0}: costs {1:.2f}, expected gain {2:.2f}",
    .reasons = "Reasons",
    .reasons_note = "what the model goes by, in log-odds; not what makes customers leave",
    .reasons_header = {"reason, effect"},
    .columns = "Beside the typical customer",
    .columns_note = "typical: the median, or what is commonest",
    .columns_header = {"column", "value", "typical", "among all"},
    .missing = "missing",
    .above = "above {:.0f} %",
    .alike = "as {:.0f} %",
    .similar = "Similar customers",
    .similar_note = "nearest in the model's eyes, the nearest first",
    .similar_header = {"customer", "probability", "outcome", "distance"},
    .outcomes = {"unknown", "stayed", "left"},
};

constexpr ProfileWords kChinese = {
    .title = "客户 {1}（{0}）",
    .probability = "流失概率",
    .risk = "风险",
    .bands = {"低", "中", "高"},
    .decision = "判定",
    .flagged = "{0}（达到阈值 {1:.4g}）",
    .not_flagged = "{0}（低于阈值 {1:.4g}）",
    .rank = "排名",
    .higher = "高于其余 {1} 位客户中的 {0:.1f} %",
    .segment = "客户群",
    .offer = "最佳方案",
    .no_offer = "无方案可获益",
    .offered = "{0}：成本 {1:.2f}，预期收益 {2:.2f}",
    .reasons = "原因",
    .reasons_note = "模型的判断依据（对数几率），并非流失的因果",
    .reasons_header = {"原因，影响"},
    .columns = "与典型客户对比",
    .columns_note = "典型值：中位数或最常见的类别",
    .columns_header = {"列", "取值", "典型值", "在全部客户中"},
    .missing = "缺失",
    .above = "高于 {:.0f} %",
    .alike = "与 {:.0f} % 相同",
    .similar = "相似客户",
    .similar_note = "模型认为最接近的客户，由近到远",
    .similar_header = {"客户", "流失概率", "结果", "距离"},
    .outcomes = {"未知", "留存", "流失"},
};

template <class... Values>
std::string say(const char* phrase, const Values&... values) {
  return fmt::format(fmt::runtime(phrase), values...);
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100.0 * share); }

template <std::size_t count>
std::vector<std::string> texts(const std::array<const char*, count>& words) {
  return {words.begin(), words.end()};
}

std::vector<ProfileFact> profile_facts(const CustomerProfile& profile, const ProfileWords& words) {
  std::vector<ProfileFact> facts = {
      {words.probability, percent(profile.probability)},
      {words.risk, words.bands[static_cast<std::size_t>(profile.risk)]},
      {words.decision, say(profile.is_flagged ? words.flagged : words.not_flagged, profile.decision,
                           profile.threshold)}};
  if (profile.customers > 1) {
    facts.push_back(
        {words.rank, say(words.higher, 100.0 * profile.higher_than, profile.customers - 1)});
  }
  if (profile.segment) facts.push_back({words.segment, *profile.segment});
  if (profile.offer) {
    const BestOffer& offer = *profile.offer;
    facts.push_back({words.offer, offer.action.empty()
                                      ? std::string(words.no_offer)
                                      : say(words.offered, offer.action, offer.cost, offer.gain)});
  }
  return facts;
}

ProfileSection column_section(const CustomerProfile& profile, const ProfileWords& words) {
  ProfileSection section{words.columns, words.columns_note, texts(words.columns_header), {}};
  for (const ColumnComparison& column : profile.columns) {
    const std::string among =
        column.share ? say(column.is_number ? words.above : words.alike, 100.0 * *column.share)
                     : "";
    section.rows.push_back(
        {column.name, column.value.value_or(words.missing), column.typical, among});
  }
  return section;
}

ProfileSection similar_section(const CustomerProfile& profile, const ProfileWords& words) {
  ProfileSection section{words.similar, words.similar_note, texts(words.similar_header), {}};
  for (const SimilarCustomer& other : profile.similar) {
    const std::size_t outcome = !other.has_left ? 0 : *other.has_left ? 2 : 1;
    section.rows.push_back({other.id, percent(other.probability), words.outcomes[outcome],
                            fmt::format("{:.2f}", other.distance)});
  }
  return section;
}

}  // namespace

ProfileSections profile_sections(const CustomerProfile& profile, Language language) {
  const ProfileWords& words = language == Language::chinese ? kChinese : kEnglish;
  ProfileSections page{
      say(words.title, profile.id_name, profile.id), profile_facts(profile, words), {}};
  ProfileSection reasons{words.reasons, words.reasons_note, texts(words.reasons_header), {}};
  for (const std::string& reason : profile.reasons) reasons.rows.push_back({reason});
  for (ProfileSection& section : std::array{std::move(reasons), column_section(profile, words),
                                            similar_section(profile, words)}) {
    if (!section.rows.empty()) page.sections.push_back(std::move(section));
  }
  return page;
}

}  // namespace ebb::churn
