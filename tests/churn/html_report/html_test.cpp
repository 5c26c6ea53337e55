#include <array>
#include <bit>
#include <cmath>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/html_report/svg_axis.h"
#include "apps/churn/html_report/svg_plot.h"
#include "apps/churn/html_report/texts.h"
#include "apps/churn/reporting/evaluation.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

TEST(Escaped, LeavesNoMarkup) {
  EXPECT_EQ(escaped("<script>alert(\"x\" & 'y')</script>"),
            "&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;");
}

TEST(Escaped, ReplacesWhatXmlForbids) {
  using namespace std::string_literals;
  EXPECT_EQ(escaped("a\0b\x1b\n"s), "a b  ");
  EXPECT_EQ(escaped("流失 é 😀"), "流失 é 😀");
  EXPECT_EQ(escaped("a\xff"
                    "b"),
            "a\uFFFD"
            "b");
  // An overlong "<", a surrogate, U+FFFF, beyond U+10FFFF and a cut character: a sign for each
  // byte.
  EXPECT_EQ(escaped("\xc0\xbc"), "\uFFFD\uFFFD");
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(escaped("\xef\xbf\xbf"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(escaped("\xe6\xb5"), "\uFFFD\uFFFD");
}

TEST(HtmlTable, NeedsRowsAsLongAsItsHeader) {
  const HtmlTable table{.caption = "t", .header = {"a", "b"}, .rows = {{"1"}}};
  EXPECT_THROW(to_html(table), Error);
}

TEST(NiceTicks, AreRoundAndInside) {
  EXPECT_EQ(nice_ticks(0, 1), (std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1}));
  EXPECT_EQ(nice_ticks(3, 47), (std::vector<double>{10, 20, 30, 40}));
  EXPECT_EQ(nice_ticks(-7, 7), (std::vector<double>{-5, 0, 5}));
  EXPECT_EQ(nice_ticks(4, 4), (std::vector<double>{4}));
}

TEST(TicksOfAnAxis, AreWholeWhereItSaysSo) {
  EXPECT_EQ(ticks_of({"", 1, 3, TickFormat::whole}), (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(ticks_of({"", 1, 2, TickFormat::whole}), (std::vector<double>{1, 2}));
  EXPECT_EQ(ticks_of({"", 1, 20, TickFormat::whole}), (std::vector<double>{5, 10, 15, 20}));
  EXPECT_GT(ticks_of({"", 1, 3}).size(), 3U);
}

TEST(WidenedAxis, HoldsItsRange) {
  const Axis axis = widened({"", 0.23, 0.71});
  EXPECT_LE(axis.low, 0.23);
  EXPECT_GE(axis.high, 0.71);
  const Axis constant = widened({"", 5, 5});
  EXPECT_LT(constant.low, 5);
  EXPECT_GT(constant.high, 5);
}

TEST(TickText, HasTheDecimalsOfTheStep) {
  EXPECT_EQ(tick_text(0.6000000000000001, 0.2, TickFormat::number), "0.6");
  EXPECT_EQ(tick_text(0.25, 0.05, TickFormat::number), "0.25");
  EXPECT_EQ(tick_text(0.2, 0.2, TickFormat::percent), "20 %");
  EXPECT_EQ(tick_text(0.005, 0.005, TickFormat::percent), "0.5 %");
  EXPECT_EQ(tick_text(12000, 2000, TickFormat::number), "12,000");
}

TEST(Plot, BreaksItsLineWhereAFigureIsUndefined) {
  Plot plot{.id = "p", .title = "<t>", .description = "d", .x = {}, .y = {}, .series = {}};
  plot.series.push_back({.name = "s",
                         .points = {{0, 0}, {0.25, 1}, {0.5, std::nan("")}, {0.75, 1}, {1, 0}},
                         .intervals = {}});
  const std::string svg = to_svg(plot);
  const std::regex line("d=\"M[^ML]+ [^ML]+L[^ML]+M[^ML]+L[^ML]+\" class=\"mark1 line\"");
  EXPECT_TRUE(std::regex_search(svg, line)) << svg;
  EXPECT_NE(svg.find("<title id=\"p-title\">&lt;t&gt;</title>"), std::string::npos);
  EXPECT_NE(svg.find("<desc id=\"p-description\">d</desc>"), std::string::npos);
}

TEST(BarChart, DrawsBarsAsLongAsTheirValues) {
  const BarChart chart{
      "b", "t", "d", {{"one", 1, 0, "1"}, {"two", 2, 0, "2"}, {"minus", -1, 0, ""}}};
  const std::string svg = to_svg(chart);
  const std::regex bar("<rect x=\"([0-9.]+)\" y=\"[0-9.]+\" width=\"([0-9.]+)\"");
  std::vector<std::array<double, 2>> bars;
  for (std::sregex_iterator found(svg.begin(), svg.end(), bar), end; found != end; ++found) {
    bars.push_back({std::stod((*found)[1]), std::stod((*found)[2])});
  }
  ASSERT_EQ(bars.size(), 3U);
  EXPECT_GT(bars[0][1], 10);
  EXPECT_NEAR(bars[1][1], 2 * bars[0][1], 0.2);
  EXPECT_NEAR(bars[2][1], bars[0][1], 0.2);
  EXPECT_NEAR(bars[2][0] + bars[2][1], bars[0][0], 0.2);
}

constexpr std::size_t kTexts = sizeof(Texts) / sizeof(const char*);

std::set<std::string> places(const std::string& text) {
  const std::regex place("\\{[0-9]\\}");
  return {std::sregex_token_iterator(text.begin(), text.end(), place),
          std::sregex_token_iterator()};
}

TEST(Texts, AreThereInBothLanguagesWithTheSamePlaces) {
  const auto english = std::bit_cast<std::array<const char*, kTexts>>(texts(Language::english));
  const auto chinese = std::bit_cast<std::array<const char*, kTexts>>(texts(Language::chinese));
  for (std::size_t i = 0; i < kTexts; ++i) {
    ASSERT_NE(english[i], nullptr);
    ASSERT_NE(chinese[i], nullptr) << english[i];
    EXPECT_EQ(places(english[i]), places(chinese[i])) << english[i];
  }
}

TEST(FigureText, IsThereForEveryMetric) {
  for (const NamedFigure& figure : named_figures({}, CampaignResult{})) {
    EXPECT_FALSE(figure_text(Language::english, figure.name).meaning.empty()) << figure.name;
    EXPECT_FALSE(figure_text(Language::chinese, figure.name).meaning.empty()) << figure.name;
  }
  EXPECT_EQ(figure_text(Language::english, "unknown").name, "unknown");
}

}  // namespace
}  // namespace ebb::churn
