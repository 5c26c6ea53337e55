"""Makes curves.json: ROC and precision-recall curves as scikit-learn draws them.

    python make_curves.py > curves.json
"""

import json

import numpy
from sklearn.metrics import precision_recall_curve, roc_curve

random = numpy.random.default_rng(7)
labels = (random.random(60) < 0.3).astype(int)
# Two decimals of few values: ties within and between classes.
scores = numpy.round(numpy.clip(0.25 * labels + random.random(60) * 0.6, 0, 1), 1).astype("float32")

false_positive, true_positive, _ = roc_curve(labels, scores, drop_intermediate=False)
precision, recall, _ = precision_recall_curve(labels, scores)
print(json.dumps({
    "labels": labels.tolist(),
    "scores": [float(score) for score in scores],
    "roc": {"x": false_positive.tolist(), "y": true_positive.tolist()},
    # From recall 0 on.
    "precision_recall": {"x": recall[::-1].tolist(), "y": precision[::-1].tolist()},
}, indent=1))
