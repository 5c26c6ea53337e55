#!/usr/bin/env python3
"""Compares ebb with gradient boosting on churn tables: the same folds, the same time to tune, paired tests.

    bench/compare_boosting.py --data DIR [--tables wa_churn mlc_churn churn_modelling] [--budget 120]
                              [--folds 5] [--repeats 1] [--contenders ebb xgboost lightgbm catboost]
                              [--ebb build/bin/ebb]

DIR holds the tables, as for bench/quality.py. It needs pandas, scikit-learn, scipy and the libraries of the
contenders (all on PyPI). In each round every contender gets the rows of the other folds alone and BUDGET seconds
to tune on two cores; 15 % of those rows choose the settings, the number of trees or the epoch, and the threshold
for accuracy. `ebb` is `ebb tune`, then `ebb ensemble` with the best settings; the others take settings at random
from a space of their own, stop early, and predict with the best model that they found. Shown: the mean of each
metric over the rounds, and for each peer the difference with the corrected t-test for rounds that share training
rows (Nadeau and Bengio 2003).
"""
import argparse
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import pandas
from scipy.stats import t as student
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, train_test_split

VALIDATION_SHARE = 0.15
TABLES = {  # target, its positive class, columns that are no features
    "wa_churn": ("churn", "Yes", []),
    "mlc_churn": ("churn", "yes", []),
    "churn_modelling": ("Exited", 1, ["RowNumber", "CustomerId", "Surname"]),
}
METRICS = {"accuracy": 1, "roc_auc": 1, "brier": -1, "log_loss": -1}  # -1: less is better


def run(command: list) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")


def features(table: pandas.DataFrame, target: str) -> pandas.DataFrame:
    """The columns to learn from, texts as pandas categories."""
    columns = table.drop(columns=target)
    for name in columns.select_dtypes(exclude="number").columns:
        columns[name] = columns[name].astype("category")
    return columns


def same_levels(train: pandas.DataFrame, test: pandas.DataFrame) -> pandas.DataFrame:
    """Test rows with the categories of the training rows: what is unknown there is missing."""
    test = test.copy()
    for name in train.select_dtypes(include="category").columns:
        test[name] = test[name].astype(train[name].dtype)
    return test


def best_threshold(labels: numpy.ndarray, scores: numpy.ndarray) -> float:
    """Of the middles between scores the one of the best accuracy."""
    distinct = numpy.unique(scores)
    middles = (distinct[1:] + distinct[:-1]) / 2
    if not len(middles):
        return 0.5
    return float(max(middles, key=lambda middle: accuracy_score(labels, scores >= middle)))


class Ebb:
    """Search, then an ensemble of the best settings."""

    def __init__(self, program: str):
        self.program = program

    def fit_predict(self, train, test, target, positive, budget, seed, folder):
        train.to_csv(folder / "train.csv", index=False)
        test.to_csv(folder / "test.csv", index=False)
        common = ["--data", folder / "train.csv", "--target", target, "--positive", positive, "--seed", seed]
        run([self.program, "tune", *common, "--test-fraction", 0, "--budget", f"{budget}s", "--out", folder / "tune"])
        run([self.program, "ensemble", "--config", folder / "tune" / "best.toml", *common, "--test-fraction", 0,
             "--objective", "accuracy", "--out", folder / "model"])
        run([self.program, "predict", "--model", folder / "model", "--data", folder / "test.csv", "--out",
             folder / "scores.csv"])
        scores = pandas.read_csv(folder / "scores.csv")
        return scores["probability"].to_numpy(), (scores["decision"].astype(str) == str(positive)).to_numpy()


class Boosting:
    """What the libraries of trees share: settings at random while the time lasts."""

    def fit_predict(self, train, test, target, positive, budget, seed, folder):
        random = numpy.random.default_rng(seed)
        labels = (train[target] == positive).to_numpy().astype(int)
        inputs = features(train, target)
        fit_rows, check_rows = train_test_split(numpy.arange(len(train)), test_size=VALIDATION_SHARE,
                                                stratify=labels, random_state=seed)
        parts = (inputs.iloc[fit_rows], labels[fit_rows], inputs.iloc[check_rows], labels[check_rows])
        best, least, start = None, math.inf, time.monotonic()
        while best is None or time.monotonic() - start < budget:
            model = self.fit(self.draw(random), parts, seed)
            loss = log_loss(parts[3], model.predict_proba(parts[2])[:, 1])
            if loss < least:
                best, least = model, loss
        threshold = best_threshold(parts[3], best.predict_proba(parts[2])[:, 1])
        scores = best.predict_proba(same_levels(inputs, features(test, target)))[:, 1]
        return scores, scores >= threshold


class XGBoost(Boosting):
    def draw(self, random):
        return {"max_depth": int(random.integers(2, 11)), "learning_rate": float(10 ** random.uniform(-2.5, -0.5)),
                "subsample": float(random.uniform(0.5, 1)), "colsample_bytree": float(random.uniform(0.4, 1)),
                "min_child_weight": float(10 ** random.uniform(-1, 1.7)),
                "reg_lambda": float(10 ** random.uniform(-2, 1.5)), "gamma": float(10 ** random.uniform(-3, 1))}

    def fit(self, settings, parts, seed):
        from xgboost import XGBClassifier
        model = XGBClassifier(n_estimators=4000, early_stopping_rounds=50, enable_categorical=True, n_jobs=2,
                              eval_metric="logloss", tree_method="hist", random_state=seed, **settings)
        return model.fit(parts[0], parts[1], eval_set=[(parts[2], parts[3])], verbose=False)


class LightGBM(Boosting):
    def draw(self, random):
        return {"num_leaves": int(2 ** random.uniform(2, 7)), "learning_rate": float(10 ** random.uniform(-2.5, -0.5)),
                "min_child_samples": int(10 ** random.uniform(0.5, 2)), "subsample": float(random.uniform(0.5, 1)),
                "subsample_freq": 1, "colsample_bytree": float(random.uniform(0.4, 1)),
                "reg_lambda": float(10 ** random.uniform(-2, 1.5))}

    def fit(self, settings, parts, seed):
        import lightgbm
        model = lightgbm.LGBMClassifier(n_estimators=4000, n_jobs=2, random_state=seed, verbose=-1, **settings)
        return model.fit(parts[0], parts[1], eval_X=parts[2], eval_y=parts[3], eval_metric="binary_logloss",
                         callbacks=[lightgbm.early_stopping(50, verbose=False)])


class CatBoost(Boosting):
    def draw(self, random):
        return {"depth": int(random.integers(3, 9)), "learning_rate": float(10 ** random.uniform(-2, -0.5)),
                "l2_leaf_reg": float(10 ** random.uniform(-0.5, 1.5)), "random_strength": float(random.uniform(0, 3)),
                "bagging_temperature": float(random.uniform(0, 1))}

    def fit(self, settings, parts, seed):
        from catboost import CatBoostClassifier
        texts = list(parts[0].select_dtypes(include="category").columns)
        model = CatBoostClassifier(iterations=4000, early_stopping_rounds=50, cat_features=texts, thread_count=2,
                                   verbose=False, allow_writing_files=False, random_seed=seed, **settings)
        return TextColumns(model.fit(self.as_texts(parts[0]), parts[1], eval_set=(self.as_texts(parts[2]), parts[3])))

    @staticmethod
    def as_texts(table):
        """CatBoost wants a text where a category is missing."""
        table = table.copy()
        for name in table.select_dtypes(include="category").columns:
            table[name] = table[name].astype(object).where(table[name].notna(), "missing").astype(str)
        return table


class TextColumns:
    def __init__(self, model):
        self.model = model

    def predict_proba(self, table):
        return self.model.predict_proba(CatBoost.as_texts(table))


def measure(labels, scores, decisions) -> dict[str, float]:
    return {"accuracy": accuracy_score(labels, decisions), "roc_auc": roc_auc_score(labels, scores),
            "brier": brier_score_loss(labels, scores), "log_loss": log_loss(labels, scores)}


def corrected_test(differences: list[float], test_to_train: float) -> tuple[float, float]:
    """The mean and the two-sided p-value of paired differences over rounds."""
    rounds, mean = len(differences), statistics.mean(differences)
    variance = statistics.variance(differences) if rounds > 1 else math.nan
    error = math.sqrt(variance * (1 / rounds + test_to_train))
    if not error > 0:
        return mean, math.nan
    return mean, 2 * float(student.sf(abs(mean) / error, rounds - 1))


def compare(name: str, arguments, contenders: dict) -> None:
    target, positive, dropped = TABLES[name]
    table = pandas.read_csv(arguments.data / f"{name}.csv").drop(columns=dropped)
    labels = (table[target] == positive).to_numpy().astype(int)
    found = {contender: [] for contender in contenders}
    for repeat in range(arguments.repeats):
        folds = StratifiedKFold(arguments.folds, shuffle=True, random_state=repeat)
        for fold, (train, test) in enumerate(folds.split(table, labels)):
            for contender, method in contenders.items():
                with tempfile.TemporaryDirectory() as folder:
                    scores, decisions = method.fit_predict(table.iloc[train], table.iloc[test], target, positive,
                                                           arguments.budget, repeat, pathlib.Path(folder))
                figures = measure(labels[test], scores, decisions)
                found[contender].append(figures)
                shown = ", ".join(f"{metric} {value:.4f}" for metric, value in figures.items())
                print(f"{name} repeat {repeat} fold {fold} {contender}: {shown}", file=sys.stderr, flush=True)
    print(f"\n{name}: {arguments.folds} folds, {arguments.repeats} times, {arguments.budget} s to tune in each\n")
    print("| | " + " | ".join(METRICS) + " |\n|---|" + "---|" * len(METRICS))
    for contender, rounds in found.items():
        print(f"| {contender} | "
              + " | ".join(f"{statistics.mean(figures[metric] for figures in rounds):.4f}" for metric in METRICS) + " |")
    for contender, rounds in found.items():
        if contender == "ebb" or "ebb" not in found:
            continue
        cells = []
        for metric in METRICS:
            mean, p_value = corrected_test([ours[metric] - theirs[metric] for ours, theirs in zip(found["ebb"], rounds)],
                                           1 / (arguments.folds - 1))
            cells.append(f"{mean:+.4f} (p = {p_value:.2f})")
        print(f"| ebb - {contender} | " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--budget", type=int, default=120, help="seconds to tune in each round")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--ebb", default=str(pathlib.Path(__file__).parent.parent / "build/bin/ebb"))
    everyone = {"xgboost": XGBoost, "lightgbm": LightGBM, "catboost": CatBoost}
    parser.add_argument("--contenders", nargs="+", choices=["ebb", *everyone], default=["ebb", *everyone])
    arguments = parser.parse_args()
    contenders = {name: Ebb(arguments.ebb) if name == "ebb" else everyone[name]() for name in arguments.contenders}
    for name in arguments.tables:
        compare(name, arguments, contenders)


if __name__ == "__main__":
    main()
