#!/usr/bin/env python3
"""Remakes encoding.json with scikit-learn, pandas and xxhash: python3 make_encoding.py > encoding.json

Texts with a target for each row, and what the peers make of them; null is a missing text.
"""
import json

import numpy as np
import pandas as pd
import sklearn
import xxhash
from sklearn.model_selection import PredefinedSplit
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder


def column(values):
    return np.array(values, dtype=object).reshape(-1, 1)


def one_hot(texts, new, **options):
    encoder = OneHotEncoder(sparse_output=False, **options).fit(column(texts))
    names = [name[len("x0_"):] for name in encoder.get_feature_names_out()]
    return {"names": names, "rows": encoder.transform(column(new)).astype(int).tolist()}


def target(texts, targets, folds, new, smooth, kind):
    encoder = TargetEncoder(smooth=smooth, target_type=kind, cv=PredefinedSplit(folds))
    out_of_fold = encoder.fit_transform(column(texts), targets)
    return {"smooth": smooth, "targets": targets.tolist(), "out_of_fold": out_of_fold.ravel().tolist(),
            "new": encoder.transform(column(new)).ravel().tolist()}


def main():
    random = np.random.default_rng(5)
    levels = ["basic", "pro", "客户", "rare", "Z", "once"]
    texts = random.choice(levels, size=120, p=[0.4, 0.25, 0.2, 0.08, 0.05, 0.02]).tolist() + ["alone"]
    for row in range(0, 120, 11):
        texts[row] = None
    new = ["pro", "never seen", None, "basic", "rare", "alone"]
    churned = (random.uniform(size=len(texts)) < [0.2 + 0.1 * len(t or "") % 0.6 for t in texts]).astype(float)
    spend = np.round(random.lognormal(3, 1, len(texts)), 2)
    folds = random.integers(0, 5, len(texts))
    series = pd.Series(texts, dtype=object)
    present = [t for t in texts if t is not None]
    print(json.dumps({
        "made_with": f"scikit-learn {sklearn.__version__}, pandas {pd.__version__}, xxhash {xxhash.VERSION}",
        "texts": texts, "new": new, "folds": folds.tolist(),
        "one_hot": {
            "all": one_hot(texts, new, handle_unknown="ignore"),
            "min_count": one_hot(present, [t for t in new if t], handle_unknown="ignore", min_frequency=10),
            "min_share": one_hot(present, [t for t in new if t], handle_unknown="infrequent_if_exist",
                                 min_frequency=0.1),
            # One of the three is the column that rare levels share.
            "max_levels": one_hot(present, [t for t in new if t], handle_unknown="infrequent_if_exist",
                                  max_categories=3),
        },
        "ordinal": OrdinalEncoder().fit_transform(column(present)).ravel().astype(int).tolist(),
        "share": [series.value_counts(normalize=True, dropna=False).get(t) for t in texts],
        "count": [int(series.value_counts(dropna=False).get(t)) for t in texts],
        "target": [target(texts, y, folds, new, smooth, kind) for y, kind in
                   ((churned, "binary"), (spend, "continuous")) for smooth in ("auto", 0.0, 7.5)],
        "hashes": [{"text": text, "seed": seed, "hash": str(xxhash.xxh3_64_intdigest(text.encode(), seed))}
                   for text in ("a", "basic", "客户", "x" * 300) for seed in (0, 1, 2**64 - 1)],
    }, ensure_ascii=False, indent=None).replace(', "', ',\n"'))


if __name__ == "__main__":
    main()
