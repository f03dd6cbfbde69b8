"""What the command line shows a person: progress while a network learns, tables when it has."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from limpid.embedding import Embedding
from limpid.evaluation import Evaluation
from limpid.learning import Learning
from limpid.model import Model
from limpid.streamed_learning import StreamedLearning
from limpid.training import Epoch

console = Console(highlight=False)
UNEVEN = 0.8
"""A class with this share of the rows makes accuracy say little."""


def say(text: str, style: str = "") -> None:
    """Print prose: whatever names it holds are not markup, and a pipe gets one line."""
    console.print(Text(text, style), soft_wrap=not console.is_terminal)


@contextmanager
def progress(learning: Learning | StreamedLearning, quiet: bool) -> Iterator[Callable[[Epoch], None]]:
    """A bar on stderr with cost, validation score and time left; the function given is called with each epoch."""
    score = "R²" if learning.dataset.task == "regression" else "accuracy"
    if not quiet:
        say(describe(learning))
    with Progress(
        TextColumn("epoch {task.completed:.0f} of {task.total:.0f}"),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False),
        disable=quiet,
    ) as bar:
        task = bar.add_task("", total=learning.recipe.epochs, state="")

        def update(epoch: Epoch) -> None:
            seen = f"cost {epoch.cost:.4g}"
            if epoch.validation_cost is not None:
                seen += f", unseen {epoch.validation_cost:.4g}, {score} {epoch.validation_score:.1%}"
            if epoch.slope is not None:
                seen += f", slope {epoch.slope:.2g}"
            bar.update(task, completed=epoch.number, state=seen)

        yield update


def course(model: Model) -> str:
    """How training went and ended."""
    known = model.origin
    parts = [f"{len(model.history)} epochs in {known.seconds_training:.1f} s: {known.stopped_because}"]
    parts += [f"cost {known.cost_train:.4g} in training"] if known.cost_train is not None else []
    parts += [f"slope {known.slope:.2g}"] if known.slope is not None else []
    return ", ".join(parts)


def describe(learning: Learning | StreamedLearning) -> str:
    """One line: what learns from what."""
    parts = [f"{len(learning.train)} rows to learn from"]
    if learning.validation:
        parts.append(f"{len(learning.validation)} to watch")
    if learning.test:
        parts.append(f"{len(learning.test)} to test on")
    return (
        f"{learning.dataset.name}: {learning.dataset.task}, {', '.join(parts)}\n"
        f"{learning.network}, {learning.network.count():,} parameters, {learning.recipe.optimizer}"
    )


def headline(model: Model, evaluation: Evaluation | None) -> str:
    """One sentence: how good the model is."""
    if evaluation is None:
        return f"{model.network}: nothing was held out to test on"
    rows = f"{evaluation.rows:,} unseen rows"
    if evaluation.accuracy is None:
        error = f"Off by {evaluation.rmse:.4g} (root mean square) on {rows}"
        return f"{error}: R² {evaluation.r2:.3f}, cost {evaluation.cost:.4g}"
    what = "Every label right" if model.task == "multilabel" else "Right"
    told = f"{what} on {evaluation.accuracy:.2%} of {rows}, cost {evaluation.cost:.4g}"
    if evaluation.confusion is None or evaluation.confusion.sum(axis=1).max() < UNEVEN * evaluation.confusion.sum():
        return told
    return f"{told}; {evaluation.balanced_accuracy:.2%} where each class counts the same"


def summary(model: Model, evaluation: Evaluation | None) -> None:
    """How training ended, how good the model is, each class, the worst confusions."""
    say(course(model))
    if evaluation is not None and evaluation.confusion is not None and model.classes is not None:
        console.print(_class_table(model.classes, evaluation.confusion))
        worst = evaluation.worst_confusions(model.classes)
        if worst:
            told = ", ".join(f"{true} read as {got} ({count})" for true, got, count in worst)
            say(f"Worst confusions: {told}")
    say(headline(model, evaluation), style="bold")


def written(model: Path | None, report: Path | None) -> None:
    """Where to find what was written."""
    for what, path in (("model", model), ("report", report)):
        if path is not None:
            say(f"{what}: {path}")


def show(model: Model, path: Path) -> None:
    """Layers, parameters and history of a model."""
    say(f"{path}: {model.task}, {model.network}")
    table = Table("layer", "neurons", "activation", "weights", "biases", "largest weight", "rms weight")
    table.add_row("0", str(model.network.inputs), "inputs", "", "", "", "")
    for number, layer in enumerate(model.network.layers, start=1):
        weights, biases = model.parameters[f"W{number}"], f"{layer.units:,}"
        if isinstance(layer, Embedding):
            weights, biases = weights[layer.learned], ""
        sizes = str(layer.units), str(layer), f"{weights.size:,}", biases
        table.add_row(str(number), *sizes, f"{np.abs(weights).max():.3g}", f"{np.sqrt(np.mean(weights**2)):.3g}")
    console.print(table)
    say(f"{model.network.count():,} parameters of {model.parameters['W1'].dtype}")
    if model.classes is not None:
        say(f"{len(model.classes)} classes: {', '.join(map(str, model.classes[:20]))}")
    if model.features:
        say(f"inputs: {', '.join(model.features)}")
    say(f"learned from {model.origin.source}: {model.origin.rows_train:,} rows; {course(model)}")
    choices = (f"{choice} {_listed(value)}" for choice, value in model.origin.recipe.items() if value is not None)
    say("; ".join(choices), style="dim")
    if model.history:
        say(f"cost by epoch {sparkline([epoch.cost for epoch in model.history])}")


def datasets(summaries: dict[str, str]) -> None:
    """The data sets by name."""
    table = Table("name", "what it holds")
    for name, text in summaries.items():
        table.add_row(name, text)
    console.print(table)


def sparkline(values: list[float], width: int = 60) -> str:
    """The values as a row of bars, in at most `width` letters, tall for large; a blank for what is not finite."""
    bars = "▁▂▃▄▅▆▇█"
    sampled = np.asarray(values)[np.linspace(0, len(values) - 1, min(width, len(values))).astype(int)]
    finite = sampled[np.isfinite(sampled)]
    if not len(finite):
        return ""
    low, high = finite.min(), finite.max()
    heights = (sampled - low) / (high - low or 1) * (len(bars) - 1)
    return "".join(bars[round(height)] if np.isfinite(height) else " " for height in heights)


def _class_table(classes: Any, confusion: Any) -> Table:
    table = Table("class", "rows", "right", "accuracy", "most often taken for")
    for at, name in enumerate(classes):
        row = confusion[at].copy()
        total, right = int(row.sum()), int(row[at])
        row[at] = 0
        taken = f"{classes[row.argmax()]} ({row.max()})" if row.max() else ""
        share = f"{right / total:.1%}" if total else "no rows"
        table.add_row(Text(str(name)), str(total), str(right), share, Text(taken))
    return table


def _listed(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
