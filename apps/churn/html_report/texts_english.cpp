#include "apps/churn/html_report/texts_of_language.h"

namespace ebb::churn {

const Texts kEnglishTexts = {
    .language = "en",
    .default_title = "Churn report",
    .contents = "Contents",
    .made_by = "Made by ebb {0}. The file holds all it shows and loads nothing.",
    .left_out = "{0}: not in this report; {1} adds it.",
    .from = "From",
    .to = "To",

    .summary = "In short",
    .measured_test_rows =
        "Measured on {0} of {1}: the test rows of the table that the model was trained on, which "
        "it has not seen.",
    .measured_whole =
        "Measured on all {0} of {1}. The figures are those of customers that the model has not "
        "seen "
        "only if it was trained on none of these rows.",
    .measured_seen_rows =
        "Measured on all {0} of {1}, the table that the model was trained on, since its settings "
        "leave no test rows: the model has seen them, and the figures are too good.",
    .rows = "{0} customers",
    .base_rate_sentence = "{0} of them left.",
    .auc_sentence =
        "Of a customer who left and one who stayed, the one who left has the higher score in {0} "
        "of 100 cases (ROC-AUC {1}; 50 of 100 would be chance).",
    .auc_interval = "On 95 of 100 such samples of customers ROC-AUC would lie between {0} and {1}.",
    .flagged_sentence =
        "Of 1,000 such customers the model flags {1} at its threshold of {0}: {2} who leave and "
        "{3} "
        "who would stay. It misses {4} of the {5} who leave.",
    .flagged_right = "Of those flagged, {0} leave; of as many customers picked blindly, {1} would.",
    .lift_sentence =
        "Among the tenth of customers with the highest scores there are {0} times as many leavers "
        "as in a tenth picked blindly.",
    .one_class_sentence =
        "All rows have the same label, so that nothing can be said of how well the model tells "
        "leavers from stayers.",

    .customers = "Customers measured",
    .base_rate = "Left",
    .threshold = "Threshold",

    .metrics = "Metrics",
    .metrics_caption = "Metrics on {0} customers",
    .metrics_intervals =
        "Between them lie 95 % of {0} bootstrap samples: as many customers, drawn again from those "
        "measured.",
    .metric = "Metric",
    .value = "Value",
    .meaning = "What it says",

    .ranking = "Ranking",
    .ranking_intro =
        "How well the scores put customers who leave above those who stay, whatever the threshold.",
    .roc_title = "ROC curve",
    .roc_description =
        "Share of leavers flagged against share of stayers flagged, for all thresholds. The area "
        "under the curve is {0}; chance, the diagonal, has 0.5.",
    .roc_x = "of stayers, flagged",
    .roc_y = "of leavers, flagged (recall)",
    .pr_title = "Precision and recall",
    .pr_description =
        "Precision against recall, for all thresholds. The average precision is {0}; flagging at "
        "random has a precision of {1}.",
    .gain_title = "Cumulative gain",
    .gain_description =
        "Share of all leavers that are reached against share of customers contacted, from the "
        "highest score down. The first tenth of customers holds {0} of the leavers.",
    .lift_title = "Lift by tenths",
    .lift_description =
        "Share of leavers in each tenth of the customers, by falling score, divided by that of "
        "all. "
        "The first tenth has {0} times the share of all, the last {1} times.",
    .model = "model",
    .at_random = "at random",
    .perfect = "perfect order",
    .at_threshold = "at the threshold {0}",
    .share_contacted = "of customers, contacted",
    .share_leavers = "of leavers, reached",
    .lift_y = "times the share of all",
    .tenths_x = "tenth of customers, 1 has the highest scores",
    .tenths_caption = "Tenths of the customers, by falling score",
    .tenth = "Tenth",
    .tenth_from = "Scores from",
    .leavers = "Left",
    .share_of_leavers_in = "Share",
    .lift = "Lift",
    .leavers_so_far = "Of all leavers, so far",

    .calibration = "Calibration",
    .calibration_intro =
        "Whether probabilities can be taken at their word: of customers with a probability of 30 "
        "%, "
        "30 % should leave. On average the two are {0} apart.",
    .calibration_title = "Predicted and happened",
    .calibration_description =
        "Share that left against mean probability, for {0} ranges of probability. Points on the "
        "diagonal would be right; lines are 95 % intervals.",
    .predicted = "Predicted: mean probability",
    .happened = "Happened: share that left",
    .happened_interval = "a range of probabilities, with 95 % interval",
    .if_right = "if probabilities are right",
    .scores_title = "How probabilities are spread",
    .scores_description =
        "Number of customers in each of {0} ranges of probability. The range with most, {1}, is "
        "from {2} to {3}.",
    .number_of_customers = "Customers",
    .probability = "probability of leaving",
    .calibration_caption = "Ranges of probability that hold customers",
    .range = "Probability",
    .interval = "95 % interval",

    .decisions = "Decisions",
    .decisions_chosen =
        "Customers are flagged from a probability of {0} on: the threshold chosen on validation "
        "rows for the objective \"{1}\".",
    .decisions_given = "Customers are flagged from a probability of {0} on, as --threshold says.",
    .confusion_caption = "Confusion matrix: what was decided, and what happened",
    .happened_class = "Happened",
    .flagged = "Flagged",
    .not_flagged = "Not flagged",
    .left = "left (\"{0}\")",
    .stayed = "stayed (\"{0}\")",
    .all = "All",
    .threshold_title = "Other thresholds",
    .threshold_description =
        "Precision, recall and share flagged for all thresholds. At {0}, precision is {1}, recall "
        "{2} and the share flagged {3}.",
    .precision = "precision",
    .recall = "recall",
    .share_flagged = "share of customers flagged",

    .profit = "Profit",
    .profit_option = "--customer-value (with --incentive-cost, --contact-cost, --acceptance-rate)",
    .profit_intro =
        "A campaign that contacts customers from the highest score down. A leaver who is kept is "
        "worth {0}; the offer costs {1}, a contact {2}; {3} of contacted leavers accept and stay, "
        "and all stayers take the offer.",
    .profit_title = "Profit per customer",
    .profit_description =
        "Profit per customer of all against share of customers contacted. It is highest, {0}, "
        "where "
        "{1} are contacted.",
    .profit_y = "per customer of all, in the value's currency",
    .profit_best = "highest: {1} at {0}",
    .profit_caption = "Profit by whom the campaign contacts",
    .contacted = "Contacted",
    .profit_nobody = "nobody",
    .profit_everyone = "everyone",
    .profit_flagged = "those flagged at {0}",
    .profit_most = "as many as pays best here",
    .per_thousand = "Profit per 1,000 customers",

    .learning = "Learning curves",
    .learning_option = "a model folder with the checkpoint of the run",
    .learning_intro =
        "The training ran {0} epochs. The model has the weights of epoch {1}, the best on "
        "validation rows.",
    .loss_title = "Log-loss",
    .loss_description =
        "Log-loss of training and validation rows by epoch. At the best epoch, {0}, validation "
        "rows "
        "have {1}.",
    .validation_auc_title = "ROC-AUC of validation rows",
    .validation_auc_description =
        "ROC-AUC of validation rows by epoch. At the best epoch, {0}, it is {1}.",
    .epoch = "epoch",
    .log_loss = "log-loss, in nats",
    .training_rows = "training rows (with dropout)",
    .validation_rows = "validation rows",
    .best_epoch = "best epoch",

    .importance = "Importance",
    .importance_option = "--importance-rows",
    .importance_intro =
        "How much worse the model gets without knowing a column: the rise of log-loss when the "
        "column's values are dealt to other customers (permutation importance, {0} customers). "
        "Columns that say much the same are dealt together. It tells what the model looks at, not "
        "what makes customers leave.",
    .importance_title = "Rise of log-loss without the column",
    .importance_description =
        "A bar for each column, with its standard error. The most important is {0}, with a rise of "
        "{1}.",
    .importance_caption = "Permutation importance, with standard errors",
    .columns = "Columns",
    .log_loss_rise = "Rise of log-loss",
    .auc_fall = "Fall of ROC-AUC",
    .importance_more = "The {0} columns or groups of least importance are not shown.",

    .segments = "Segments",
    .segments_intro = "{0} customers in {1} segments, by {2}.",
    .segments_caption = "How large segments are, and what sets them apart",
    .segment = "Segment",
    .segment_share = "Share",
    .segment_factors = "Sets it apart (all others)",
    .segment_level = "{0} is {1}: {2} ({3})",
    .segment_mean = "mean {0}: {1} ({2})",

    .search = "Search for settings",
    .search_none = "None of {0} trials was finished.",
    .search_intro =
        "{0} trials, method {1}. The best, number {2}, has a {3} of {4} on validation rows, which "
        "chose it: test rows judge it.",
    .search_title = "Trials of the search",
    .search_description =
        "A point for each finished trial, and a line for the best so far. The "
        "best is trial {0}, with {1}.",
    .search_caption = "The best trials",
    .trial = "Trial",
    .best_so_far = "best so far",
    .settings = "Settings",

    .offers = "Offers",
    .offers_intro =
        "{0} of {1} customers get an offer. All offers together cost {2} and are expected to gain "
        "{3}, costs taken off.",
    .offers_title = "Expected gain by action",
    .offers_description = "A bar for each action, greatest gain first. The first is {0}, with {1}.",
    .offers_caption = "What is done for how many customers",
    .action = "Action",
    .cost = "Cost",
    .expected_gain = "Expected gain",
    .no_action = "none",

    .audit = "Data audit",
    .audit_intro =
        "The table {0} holds {1} rows and {2} columns; {3} rows have the label \"{4}\", {5}.",
    .audit_language = "",
    .audit_none = "Nothing suspicious was found.",
    .audit_caption = "Findings: suspicions, serious ones first",
    .severity = "Weight",
    .topic = "Topic",
    .finding = "Finding",
    .serious = "serious",
    .note = "note",
    .missing_caption = "Columns with missing values",
    .column = "Column",
    .missing = "Missing",
    .share = "Share",
    .leave_missing = "Left, where missing",
    .leave_present = "Left, elsewhere",
};

}  // namespace ebb::churn
