"""What the command line writes for programs: what training, testing and comparing came to, as JSON and CSV."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from limpid.comparison import Comparison
from limpid.evaluation import Evaluation
from limpid.inspection.capacity_curves import CapacityCurves
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
        "test_balanced_accuracy": evaluation.balanced_accuracy if evaluation else None,
        "slope": known.slope,
        "stopped_because": known.stopped_because,
        "model": str(path),
    }
    return json.dumps(plain(values), allow_nan=False)


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


def sized(curves: CapacityCurves) -> str:
    """What networks of many sizes came to, as one JSON object in one line."""
    values = {
        "source": curves.dataset.name,
        "task": curves.dataset.task,
        "seeds": curves.seeds,
        "score": curves.score_name,
        "sizes": curves.to_rows(),
        "best": list(curves.best),
        "smallest_as_good": list(curves.smallest),
        "verdict": curves.verdict(),
        "interrupted": curves.interrupted,
    }
    return json.dumps(plain(values), allow_nan=False)


def sized_table(curves: CapacityCurves) -> str:
    """The same as CSV, a row for each size."""
    rows = curves.to_rows()
    return _csv(rows[0], ([*row.values()] for row in rows))


def _csv(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
