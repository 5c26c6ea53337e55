#include "apps/churn/html_report/texts.h"

#include <algorithm>
#include <array>

#include "apps/churn/html_report/texts_of_language.h"

namespace ebb::churn {
namespace {

struct FigureTexts {
  std::string_view name;                // as in JSON
  std::array<FigureText, 2> languages;  // in the order of Language
};

constexpr std::array<FigureTexts, 14> kFigures = {{
    {"accuracy", {{{"Accuracy", "right decisions"}, {"准确率", "决策正确的比例"}}}},
    {"precision", {{{"Precision", "of those flagged, left"}, {"精确率", "被标记者中流失的比例"}}}},
    {"recall", {{{"Recall", "of those who left, flagged"}, {"召回率", "流失者中被标记的比例"}}}},
    {"f1", {{{"F1", "harmonic mean of precision and recall"}, {"F1", "精确率与召回率的调和平均"}}}},
    {"balanced_accuracy",
     {{{"Balanced accuracy", "mean of right decisions among leavers and among stayers"},
       {"平衡准确率", "流失者与留存者中决策正确比例的平均"}}}},
    {"roc_auc",
     {{{"ROC-AUC", "chance that a leaver scores above a stayer; 0.5 is none"},
       {"ROC-AUC", "流失者得分高于留存者的概率；随机为 0.5"}}}},
    {"pr_auc",
     {{{"PR-AUC", "average precision; the share of leavers is chance"},
       {"PR-AUC", "平均精确率；随机等于流失率"}}}},
    {"log_loss",
     {{{"Log-loss", "of the probabilities, in nats; lower is better"},
       {"对数损失", "概率的损失，单位奈特；越低越好"}}}},
    {"brier",
     {{{"Brier score", "mean squared error of probabilities; lower is better"},
       {"Brier 分数", "概率的均方误差；越低越好"}}}},
    {"expected_calibration_error",
     {{{"Calibration error", "how far probabilities are from what happened; lower is better"},
       {"校准误差", "概率与实际的平均差距；越低越好"}}}},
    {"lift_at_10_percent",
     {{{"Lift at 10 %", "leavers in the top tenth, times those of a random tenth"},
       {"前 10 % 提升度", "最高十分位的流失者是随机十分位的几倍"}}}},
    {"profit_per_customer",
     {{{"Profit per customer", "of all, if those flagged are contacted"},
       {"每位客户利润", "联系被标记者时，按全部客户平均"}}}},
    {"expected_maximum_profit",
     {{{"Expected maximum profit", "of all, if as many as pays best are contacted"},
       {"期望最大利润", "联系最划算的人数时，按全部客户平均"}}}},
    {"best_contacted_share",
     {{{"Best share to contact", "where the expected profit is highest"},
       {"最佳联系比例", "期望利润最高时的比例"}}}},
}};

}  // namespace

const Texts& texts(Language language) {
  return language == Language::chinese ? kChineseTexts : kEnglishTexts;
}

FigureText figure_text(Language language, std::string_view name) {
  const auto found = std::ranges::find(kFigures, name, &FigureTexts::name);
  if (found == kFigures.end()) return {name, {}};
  return found->languages[static_cast<std::size_t>(language)];
}

}  // namespace ebb::churn
