"""What the command line writes for programs: an outcome as JSON, answers as CSV."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from limpid.comparison import Comparison
from limpid.dataset import Dataset
from limpid.evaluation import Evaluation
from limpid.model import Model
from limpid.model_file import plain


def outcome(model: Model, evaluation: Evaluation | None, path: Path) -> str:
    """What training and testing came to, as one JSON object in one line."""
    known = model.origin
    score = "test_rmse" if model.task == "regression" else "test_accuracy"
    values = {
        "task": model.task,
        "rows_train": known.rows_train,
        "rows_test": len(evaluation.dataset) if evaluation else 0,
        "network": str(model.network),
        "parameters": model.network.count(),
        "epochs": len(model.history),
        "seconds_training": known.seconds_training,
        "cost_train": known.cost_train,
        "cost_test": evaluation.cost if evaluation else None,
        score: (evaluation.rmse if model.task == "regression" else evaluation.accuracy) if evaluation else None,
        "slope": known.slope,
        "stopped_because": known.stopped_because,
        "model": str(path),
    }
    return json.dumps(plain(values), allow_nan=False)


def answers(model: Model, dataset: Dataset) -> str:
    """The predictions as CSV, a row for each row of the data set, those of its own test part last."""
    rows = np.concatenate([dataset.X, dataset.test.X]) if dataset.test else dataset.X
    predicted = model.predict(rows)
    columns: dict[str, Any] = {"row": range(1, len(rows) + 1)}
    if predicted.ndim == 1:
        columns["prediction"] = predicted.tolist()
    else:
        names = model.targets or tuple(str(number) for number in range(1, predicted.shape[1] + 1))
        columns |= {f"prediction {name}": predicted[:, at].tolist() for at, name in enumerate(names)}
    if model.classes is not None and model.network.output.range == (0.0, 1.0):
        probabilities = model.predict_proba(rows).astype(float).round(6)
        columns |= {f"probability {name}": probabilities[:, at].tolist() for at, name in enumerate(model.classes)}
    return _csv(columns, zip(*columns.values(), strict=True))


def compared(comparison: Comparison) -> str:
    """What methods came to, as one JSON object in one line."""
    values = {
        "source": comparison.dataset.name,
        "task": comparison.dataset.task,
        "rows_train": comparison.rows_learned,
        "rows_test": comparison.rows_tested,
        "seeds": comparison.seeds,
        "score": comparison.judge.score,
        "beside": comparison.judge.beside or None,
        "methods": comparison.table(),
        "best": comparison.best and comparison.best.name,
        "as_good": [standing.name for standing in comparison.as_good],
        "verdict": comparison.verdict(),
        "absent": comparison.absent,
        "interrupted": comparison.interrupted,
    }
    return json.dumps(plain(values), allow_nan=False)


def compared_table(comparison: Comparison) -> str:
    """What methods came to, as CSV, a row for each."""
    rows = comparison.table()
    return _csv(rows[0], ([*row.values()] for row in rows))


def _csv(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
