"""What is learned, several seeds each: the tables in docs/results.md.

`python -m benchmarks.lessons` for all of it, `python -m benchmarks.lessons textbook mnist` for some.
"""

import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from examples.textbook_digits import epochs as textbook_epochs
from limpid import Dataset, Learning, evaluate, learn, read

Row = tuple[str, str, str]
UCI = {"energy": "heating_load", "yacht": "residuary_resistance", "concrete": "compressive_strength"}


def lesson(dataset: Dataset, **choices: Any) -> tuple[Learning, float]:
    """A finished lesson, and its accuracy or root mean squared error on unseen rows (NaN where there are none)."""
    learning = learn(dataset, **choices)
    for _ in learning:
        pass
    if learning.test is None:
        return learning, float("nan")
    found = evaluate(learning.model, learning.test)
    return learning, found.accuracy if found.accuracy is not None else found.rmse or float("nan")


def digits() -> Iterator[Row]:
    scores = [lesson(read("digits"), seed=seed)[1] for seed in range(10)]
    told = f"median {statistics.median(scores):.2%}, least {min(scores):.2%}, most {max(scores):.2%}"
    yield "built-in digits, a fifth held out, seeds 0-9", "accuracy", told


def xor() -> Iterator[Row]:
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    choices: dict[str, Any] = {
        "hidden": [8],
        "activation": "tanh",
        "learning_rate": 0.05,
        "epochs": 400,
        "test_size": 0,
    }
    right = sum(
        (lesson(Dataset("xor", X, y), seed=seed, **choices)[0].model.predict(X) == y).all() for seed in range(10)
    )
    yield "XOR, 2-8-1, seeds 0-9", "networks with all four right", f"{right} of 10"


def sine() -> Iterator[Row]:
    random = np.random.default_rng(0)
    x = random.uniform(-3, 3, (600, 1))
    y = np.sin(2 * x[:, 0]) + 0.1 * random.normal(size=600)
    choices: dict[str, Any] = {"hidden": [64, 64], "activation": "tanh", "learning_rate": 0.005, "epochs": 300}
    errors = [lesson(Dataset("sine", x, y, "regression"), seed=seed, **choices)[1] for seed in range(5)]
    yield (
        "sin(2x) with noise of 0.1, 480 rows, seeds 0-4",
        "RMSE",
        f"median {statistics.median(errors):.3f} (noise 0.1)",
    )


def labels() -> Iterator[Row]:
    random = np.random.default_rng(0)
    X = random.normal(size=(3000, 5))
    y = np.column_stack([X[:, 0] > 0, X[:, 1] + X[:, 2] > 0, X[:, 3] - X[:, 4] > 0.5]).astype(int)
    scores = [lesson(Dataset("labels", X, y, "multilabel"), seed=seed)[1] for seed in range(5)]
    yield "three labels at once, 2,400 rows, seeds 0-4", "all three right", f"median {statistics.median(scores):.1%}"


def slopes() -> Iterator[Row]:
    common: dict[str, Any] = {"hidden": [6], "activation": "tanh", "l2": 1.0, "batch_size": 120, "gradient_tol": 1e-7}
    for optimizer in ("gradient_descent", "lbfgs"):
        learning, _ = lesson(
            read("iris"), optimizer=optimizer, learning_rate=1.0, epochs=20000, precision="float64", **common
        )
        epochs, model = len(learning.training.history), learning.model
        yield f"iris, 4-6-3, {optimizer}", "slope", f"{model.origin.slope:.1e} after {epochs} epochs"


def uci() -> Iterator[Row]:
    folder = Path(os.environ["LIMPID_DATA"]) / "uci"
    for name, target in UCI.items():
        table = read(folder / f"{name}.csv", target)
        splits = json.loads((folder / f"{name}.splits.json").read_text())["test"]
        errors = []
        for seed, held in enumerate(splits):
            kept = np.setdiff1d(np.arange(len(table)), held)
            split = replace(table.rows(kept), test=table.rows(np.array(held)))
            errors.append(lesson(split, seed=seed)[1])
        told = f"{np.mean(errors):.2f} ± {np.std(errors) / len(errors) ** 0.5:.2f}"
        yield f"UCI {name}, the {len(splits)} published splits", "RMSE, mean ± standard error", told


def mnist() -> Iterator[Row]:
    common: dict[str, Any] = {"hidden": [128], "batch_size": 128, "epochs": 20, "dropout": 0, "patience": 0}
    recipes: dict[str, dict[str, Any]] = {
        "rate 0.001": {},
        # the best of seven recipes on the last 10,000 training images
        "one-cycle rate up to 0.003": {"schedule": "one_cycle", "learning_rate": 0.003},
    }
    for name, recipe in recipes.items():
        scores = [lesson(read("mnist"), seed=seed, **common, **recipe)[1] for seed in range(5)]
        told = f"median {statistics.median(scores):.2%}, least {min(scores):.2%}, most {max(scores):.2%}"
        yield f"MNIST, 784-128-10, Adam, batch 128, 20 epochs, {name}, seeds 0-4", "accuracy on the test images", told


def textbook() -> Iterator[Row]:
    for hidden, published in ((30, 0.9542), (100, 0.9659)):
        best = [max(textbook_epochs(hidden, seed)) for seed in range(5)]
        told = f"median {statistics.median(best):.2%}, {min(best):.2%} to {max(best):.2%} (published: {published:.2%})"
        yield f"MNIST, 784-{hidden}-10, the textbook's (examples/textbook_digits.py), seeds 0-4", "best epoch", told


LESSONS: dict[str, Callable[[], Iterator[Row]]] = {
    each.__name__: each for each in (digits, xor, sine, labels, slopes, uci, mnist, textbook)
}


def main() -> None:
    names = sys.argv[1:] or list(LESSONS)
    if not os.environ.get("LIMPID_DATA"):
        print("UCI and MNIST are left out: LIMPID_DATA is not set", file=sys.stderr)
        names = [name for name in names if name not in {"uci", "mnist", "textbook"}]
    print("| lesson | measured | figure |\n|---|---|---|")
    for name in names:
        for row in LESSONS[name]():
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
