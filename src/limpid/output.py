"""What the command line writes for programs: an outcome as JSON, answers as CSV, pictures that a network saw."""

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset
from limpid.displays import png
from limpid.errors import LimpidError
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
    """The predictions as CSV, a row for each row of the data set, those of its own test part last.

    Rows that were read from files of their own have these files' names.
    """
    rows = _rows(dataset)
    predicted = model.predict(rows)
    columns: dict[str, Any] = {"row": range(1, len(rows) + 1)}
    if dataset.names:
        columns["file"] = [*dataset.names, *(dataset.test.names if dataset.test else ())]
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


def seen_pictures(model: Model, dataset: Dataset, place: Path) -> Iterator[tuple[Path, bytes]]:
    """Where each row of the data set goes as the network saw it, and the PNG file: `place`, or in it for several.

    Errors: `LimpidError` where rows are no pictures, several have one place, or one lies where a source does.
    """
    if model.image_shape is None or model.framing is None:
        raise LimpidError("the network saw no pictures that could be written")
    folder = place.is_dir() or place.suffix.lower() != ".png"
    rows = _rows(dataset)
    if not folder and len(rows) > 1:
        raise LimpidError(f"a folder is needed for {len(rows)} pictures that the network saw, got {place}")
    paths = [place / f"seen_{row}.png" for row in range(1, len(rows) + 1)] if folder else [place]
    taken = {os.path.realpath(name) for name in dataset.names} & {os.path.realpath(path) for path in paths}
    if taken:
        raise LimpidError(f"the picture seen cannot be written to {taken.pop()}: a source lies there")
    for path, row in zip(paths, rows, strict=True):
        grey = np.rint(np.clip(row * (255 / model.framing.full_scale), 0, 255)).astype(np.uint8)
        yield path, png(grey.reshape(model.image_shape))


def _rows(dataset: Dataset) -> NDArray[Any]:
    return np.concatenate([dataset.X, dataset.test.X]) if dataset.test else dataset.X
