#!/usr/bin/env python3
"""Remakes splits.json with scikit-learn (1.3 or newer): python3 make_splits.py > splits.json

"group": a group and a label for each row, the fold sizes of GroupKFold, ascending, and how far the folds of
StratifiedGroupKFold are from even: the largest difference, over folds and classes, between a fold's share of
a class and 1 / folds. The latter is the median over eleven shuffles, as the rule is greedy in both.
"time": times in the order of rows, none twice, and the rows of TimeSeriesSplit's folds.
"""
import json

import numpy as np
import sklearn
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, TimeSeriesSplit


def unevenness(folds, labels, tests):
    return max(abs(np.mean(np.isin(np.flatnonzero(labels == c), test)) - 1 / folds) for c in (0, 1) for test in tests)


def group_case(name, sizes, positive_rate, folds, random):
    """positive_rate: of each group."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = (random.random(len(groups)) < np.repeat(positive_rate, sizes)).astype(int)
    order = random.permutation(len(groups))
    groups, labels = groups[order], labels[order]
    rows = np.zeros((len(groups), 1))
    sizes = sorted(len(test) for _, test in GroupKFold(folds).split(rows, labels, groups))
    uneven = [unevenness(folds, labels, [test for _, test in StratifiedGroupKFold(
        folds, shuffle=True, random_state=seed).split(rows, labels, groups)]) for seed in range(11)]
    return {"name": name, "folds": folds, "groups": groups.tolist(), "labels": labels.tolist(),
            "group_k_fold_sizes": sizes, "stratified_group_k_fold_unevenness": float(np.median(uneven))}


def time_case(rows, folds, random):
    times = random.permutation(np.sort(random.choice(10**6, rows, replace=False)) - 500000)
    by_time = np.argsort(times)
    split = TimeSeriesSplit(folds).split(by_time)
    return {"folds": folds, "times": times.tolist(),
            "rounds": [{"train": sorted(by_time[train].tolist()), "test": sorted(by_time[test].tolist())}
                       for train, test in split]}


def main():
    random = np.random.default_rng(11)
    skewed = np.minimum(random.geometric(0.3, 90), 12)
    cases = [
        group_case("skewed sizes", skewed, np.full(90, 0.3), 5, random),
        group_case("groups of one class", skewed, (random.random(90) < 0.25).astype(float), 4, random),
        group_case("single rows", np.ones(60, int), np.full(60, 0.4), 7, random),
        group_case("a large group", np.array([70] + [3] * 40), np.full(41, 0.35), 3, random),
        group_case("rare positives", np.full(80, 4), np.full(80, 0.05), 3, random),
    ]
    times = [time_case(rows, folds, random) for rows, folds in ((60, 5), (23, 3), (12, 11), (10, 2))]
    text = json.dumps({"scikit_learn": sklearn.__version__, "numpy": np.__version__, "group": cases, "time": times})
    print(text.replace("}, {", "},\n{"))


if __name__ == "__main__":
    main()
