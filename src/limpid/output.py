"""What the command line writes for programs: an outcome as JSON, answers as CSV."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

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
        "rows_test": evaluation.rows if evaluation else 0,
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
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()
