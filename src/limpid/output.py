"""What the command line writes for programs: what training and testing came to, as JSON."""

import json
from pathlib import Path

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
        "test_balanced_accuracy": evaluation.balanced_accuracy if evaluation else None,
        "slope": known.slope,
        "stopped_because": known.stopped_because,
        "model": str(path),
    }
    return json.dumps(plain(values), allow_nan=False)
