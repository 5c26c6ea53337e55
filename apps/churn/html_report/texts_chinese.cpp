#include "apps/churn/html_report/texts_of_language.h"

namespace ebb::churn {

const Texts kChineseTexts = {
    .language = "zh-CN",
    .default_title = "客户流失报告",
    .contents = "目录",
    .made_by = "由 ebb {0} 生成。文件自身包含全部内容，不加载任何外部资源。",
    .left_out = "{0}：本报告未包含；用 {1} 可加入。",
    .from = "下限",
    .to = "上限",

    .summary = "摘要",
    .measured_test_rows = "评估对象是 {1} 中的 {0}：模型训练所用表的测试行，模型没有见过这些行。",
    .measured_whole =
        "评估对象是 {1} 的全部 "
        "{0}。只有当模型没有用这些行训练过时，各项指标才反映它对未见过客户的表现。",
    .measured_seen_rows =
        "评估对象是 {1} 的全部 {0}，即模型训练所用的表，因为模型的设置没有留出测试行："
        "模型见过这些行，指标偏于乐观。",
    .rows = "{0} 位客户",
    .base_rate_sentence = "其中 {0} 已流失。",
    .auc_sentence =
        "任取一位流失客户和一位留存客户，100 次中有 {0} 次流失客户的得分更高"
        "（ROC-AUC 为 {1}；随机猜测为 50 次）。",
    .auc_interval = "若重复抽取这样的客户样本，100 次中有 95 次 ROC-AUC 落在 {0} 与 {1} 之间。",
    .flagged_sentence =
        "每 1,000 位这样的客户中，模型按阈值 {0} 标记 {1} 位：其中 {2} 位会流失，{3} 位本会留下；"
        "在 {5} 位流失客户中漏掉 {4} 位。",
    .flagged_right = "被标记的客户中 {0} 会流失；随意挑选同样多的客户，只有 {1} 会流失。",
    .lift_sentence = "得分最高的十分之一客户中，流失者是随意挑选的十分之一客户的 {0} 倍。",
    .one_class_sentence = "所有行的标签相同，无法判断模型区分流失与留存客户的能力。",

    .customers = "评估客户数",
    .base_rate = "流失率",
    .threshold = "阈值",

    .metrics = "指标",
    .metrics_caption = "{0} 位客户上的指标",
    .metrics_intervals =
        "下限与上限之间包含 {0} 个自助样本的 95 "
        "%：每个样本从被评估客户中有放回地抽取同样多的客户。",
    .metric = "指标",
    .value = "数值",
    .meaning = "含义",

    .ranking = "排序能力",
    .ranking_intro = "无论阈值取多少，得分能在多大程度上把流失客户排在留存客户之前。",
    .roc_title = "ROC 曲线",
    .roc_description =
        "各阈值下，被标记的流失客户比例对被标记的留存客户比例。曲线下面积为 {0}；"
        "对角线代表随机，面积为 0.5。",
    .roc_x = "留存客户中被标记的比例",
    .roc_y = "流失客户中被标记的比例（召回率）",
    .pr_title = "精确率与召回率",
    .pr_description = "各阈值下的精确率对召回率。平均精确率为 {0}；随机标记的精确率为 {1}。",
    .gain_title = "累积增益",
    .gain_description =
        "从最高得分开始联系客户时，触达的流失客户比例对联系客户比例。前十分之一客户包含 {0} "
        "的流失客户。",
    .lift_title = "十分位提升度",
    .lift_description =
        "按得分从高到低，每十分之一客户的流失率与总体流失率之比。第一个十分位是总体的 {0} 倍，"
        "最后一个是 {1} 倍。",
    .model = "模型",
    .at_random = "随机",
    .perfect = "完美排序",
    .at_threshold = "阈值 {0} 处",
    .share_contacted = "联系的客户比例",
    .share_leavers = "触达的流失客户比例",
    .lift_y = "相对总体流失率的倍数",
    .tenths_x = "客户十分位，1 为得分最高",
    .tenths_caption = "客户十分位，按得分从高到低",
    .tenth = "十分位",
    .tenth_from = "最低得分",
    .leavers = "流失",
    .share_of_leavers_in = "流失率",
    .lift = "提升度",
    .leavers_so_far = "累计占全部流失",

    .calibration = "校准",
    .calibration_intro = "概率是否可信：概率为 30 % 的客户中应有 30 % 流失。两者平均相差 {0}。",
    .calibration_title = "预测与实际",
    .calibration_description =
        "{0} 个概率区间中，实际流失率对平均预测概率。落在对角线上的点是准确的；竖线为 95 % 区间。",
    .predicted = "预测：平均概率",
    .happened = "实际：流失率",
    .happened_interval = "一个概率区间，附 95 % 区间",
    .if_right = "概率准确时",
    .scores_title = "概率的分布",
    .scores_description = "{0} 个概率区间各有多少客户。客户最多的区间是 {2} 至 {3}，有 {1} 位。",
    .number_of_customers = "客户数",
    .probability = "流失概率",
    .calibration_caption = "有客户的概率区间",
    .range = "概率",
    .interval = "95 % 区间",

    .decisions = "决策",
    .decisions_chosen = "概率不低于 {0} 的客户被标记：该阈值在验证行上按目标“{1}”选出。",
    .decisions_given = "概率不低于 {0} 的客户被标记，由 --threshold 指定。",
    .confusion_caption = "混淆矩阵：决策与实际",
    .happened_class = "实际",
    .flagged = "被标记",
    .not_flagged = "未标记",
    .left = "流失（“{0}”）",
    .stayed = "留存（“{0}”）",
    .all = "合计",
    .threshold_title = "其他阈值",
    .threshold_description =
        "各阈值下的精确率、召回率与标记比例。阈值 {0} 处精确率为 {1}，召回率为 {2}，标记比例为 "
        "{3}。",
    .precision = "精确率",
    .recall = "召回率",
    .share_flagged = "被标记的客户比例",

    .profit = "利润",
    .profit_option = "--customer-value（可加 --incentive-cost、--contact-cost、--acceptance-rate）",
    .profit_intro =
        "挽留活动从得分最高的客户开始联系。留住一位流失客户价值 {0}；优惠成本 {1}，联系成本 {2}；"
        "被联系的流失客户中 {3} 接受优惠并留下，本会留下的客户都会领取优惠。",
    .profit_title = "平均每位客户的利润",
    .profit_description = "按全部客户平均的利润对联系客户比例。联系 {1} 的客户时最高，为 {0}。",
    .profit_y = "按全部客户平均，货币与客户价值相同",
    .profit_best = "最高：联系 {0} 时为 {1}",
    .profit_caption = "联系不同客户时的利润",
    .contacted = "联系比例",
    .profit_nobody = "不联系任何人",
    .profit_everyone = "联系所有人",
    .profit_flagged = "联系阈值 {0} 标记的客户",
    .profit_most = "在此最划算的人数",
    .per_thousand = "每 1,000 位客户的利润",

    .learning = "学习曲线",
    .learning_option = "含有该次训练检查点的模型文件夹",
    .learning_intro = "训练进行了 {0} 轮。模型采用第 {1} 轮的权重，即验证行上最好的一轮。",
    .loss_title = "对数损失",
    .loss_description =
        "训练行与验证行的对数损失随轮次的变化。最好的一轮（第 {0} 轮）验证行为 {1}。",
    .validation_auc_title = "验证行的 ROC-AUC",
    .validation_auc_description = "验证行的 ROC-AUC 随轮次的变化。最好的一轮（第 {0} 轮）为 {1}。",
    .epoch = "轮次",
    .log_loss = "对数损失（奈特）",
    .training_rows = "训练行（含随机失活）",
    .validation_rows = "验证行",
    .best_epoch = "最好的一轮",

    .importance = "重要性",
    .importance_option = "--importance-rows",
    .importance_intro =
        "若不知道某列，模型会差多少：把该列的值打乱分给其他客户后对数损失的上升"
        "（置换重要性，{0} "
        "位客户）。含义相近的列一起打乱。它说明模型看重什么，而不是客户流失的原因。",
    .importance_title = "缺少该列时对数损失的上升",
    .importance_description = "每列一条，附标准误。最重要的是 {0}，上升 {1}。",
    .importance_caption = "置换重要性及标准误",
    .columns = "列",
    .log_loss_rise = "对数损失上升",
    .auc_fall = "ROC-AUC 下降",
    .importance_more = "最不重要的 {0} 列（组）未列出。",

    .segments = "客户分群",
    .segments_intro = "{0} 位客户按 {2} 分为 {1} 群。",
    .segments_caption = "各群的大小与特点",
    .segment = "客户群",
    .segment_share = "占比",
    .segment_factors = "特点（其余客户）",
    .segment_level = "{0} 为 {1}：{2}（{3}）",
    .segment_mean = "{0} 均值：{1}（{2}）",

    .search = "参数搜索",
    .search_none = "{0} 次试验均未完成。",
    .search_intro =
        "共 {0} 次试验，方法为 {1}。最佳的是第 {2} 次，验证集上的 {3} "
        "为 {4}；它由验证集选出，应以测试集评判。",
    .search_title = "搜索过程",
    .search_description = "每个点为一次完成的试验，折线为迄今最佳。最佳为第 {0} 次，{1}。",
    .search_caption = "最佳的几次试验",
    .trial = "试验",
    .best_so_far = "迄今最佳",
    .settings = "参数",

    .offers = "挽留方案",
    .offers_intro = "{1} 位客户中 {0} 位得到方案。全部方案成本 {2}，扣除成本后预期收益 {3}。",
    .offers_title = "各行动的预期收益",
    .offers_description = "每种行动一条，收益最大者在前。第一种是 {0}，收益 {1}。",
    .offers_caption = "对多少客户采取什么行动",
    .action = "行动",
    .cost = "成本",
    .expected_gain = "预期收益",
    .no_action = "无",

    .audit = "数据审计",
    .audit_intro = "表 {0} 有 {1} 行、{2} 列；{3} 行的标签为“{4}”，占 {5}。",
    .audit_language = "审计结论为英文原文。",
    .audit_none = "没有发现可疑之处。",
    .audit_caption = "审计结论：均为疑点，严重者在前",
    .severity = "程度",
    .topic = "主题",
    .finding = "结论",
    .serious = "严重",
    .note = "提示",
    .missing_caption = "有缺失值的列",
    .column = "列",
    .missing = "缺失数",
    .share = "占比",
    .leave_missing = "缺失时的流失率",
    .leave_present = "其余的流失率",
};

}  // namespace ebb::churn
