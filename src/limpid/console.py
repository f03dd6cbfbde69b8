"""What the command line shows a person: progress while a network learns, tables when it has."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from limpid.comparison import Comparison, Standing, words
from limpid.embedding import Embedding
from limpid.evaluation import Evaluation
from limpid.inspection.capacity_curves import CapacityCurves, layers_told
from limpid.inspection.scoring import score_name, told
from limpid.learning import Learning
from limpid.model import Model
from limpid.profile import suspects_of
from limpid.streamed_learning import StreamedLearning
from limpid.terminal import console, say
from limpid.training import Epoch

UNEVEN = 0.8
"""A class with this share of the rows makes accuracy say little."""


@contextmanager
def progress(learning: Learning | StreamedLearning, quiet: bool) -> Iterator[Callable[[Epoch], None]]:
    """A bar on stderr with cost, validation score and time left; the function given is called with each epoch."""
    score = score_name(learning.dataset.task)
    if not quiet:
        say(describe(learning))
        for caution in cautions(learning):
            say(caution)
    with Progress(
        TextColumn("epoch {task.completed:.0f} of {task.total:.0f}"),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False),
        disable=quiet,
    ) as bar, _warned_in_a_line():  # fmt: skip
        done = len(learning.training.history)
        task = bar.add_task("", total=learning.recipe.epochs, completed=done, state="")

        def update(epoch: Epoch) -> None:
            seen = f"cost {epoch.cost:.4g}"
            if epoch.validation_cost is not None:
                seen += f", unseen {epoch.validation_cost:.4g}"
            if epoch.validation_score is not None:
                seen += f", {score} {told(learning.dataset.task, epoch.validation_score)}"
            if epoch.slope is not None:
                seen += f", slope {epoch.slope:.2g}"
            bar.update(task, completed=epoch.number, state=seen)

        yield update


@contextmanager
def _warned_in_a_line() -> Iterator[None]:
    """A warning is told as a refusal is."""

    def tell(message: Warning | str, *_: object, **__: object) -> None:
        print(f"limpid: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = tell
        yield


def resumed(learning: Learning | StreamedLearning, checkpoint: Path, found: bool) -> None:
    """From where training goes on, or that it does not."""
    training = learning.training
    if not found:
        say(f"{checkpoint}: there is none yet, training starts afresh")
    elif training.stopped_because:
        say(f"{checkpoint}: training was complete, {training.stopped_because}; the model is written again")
    else:
        say(f"{checkpoint}: training goes on after {len(training.history)} epochs")


@contextmanager
def working(what: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr for a person who waits for so many of `what`; to be called with those done and all of them."""
    stderr = Console(stderr=True, highlight=False)
    told_of = TextColumn(f"{{task.completed:.0f}} of {{task.total:.0f}} {what}")
    columns = told_of, BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=stderr, disable=quiet or not stderr.is_terminal, transient=True) as bar:
        tasks: list[TaskID] = []

        def told(done: int, total: int) -> None:
            if not tasks:  # where nothing is to be done no bar is shown
                tasks.append(bar.add_task("", total=total))
            bar.update(tasks[0], completed=done)

        yield told


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


def cautions(learning: Learning | StreamedLearning) -> list[str]:
    """A line each: which columns of a table are left out and why, and which had better be."""
    if learning.encoder is None:
        return []
    left = [f"{name} ({reason})" for name, reason in learning.encoder.left_out]
    suspects = {name: kind for name, kind in suspects_of(learning.dataset).items() if name in learning.encoder.inputs}
    told = [f"left out: {_few(left)}"] if left else []
    if suspects:
        named = _few([f"{name} ({kind})" for name, kind in suspects.items()])
        told.append(f"suspect: {named}; leave it out with --ignore {','.join(suspects)} (limpid inspect says why)")
    return told


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


@contextmanager
def comparing(comparison: Comparison, quiet: bool) -> Iterator[Callable[[Standing], None]]:
    """A bar on stderr with the method at work and what the last one came to; to be called with each `Standing`."""
    if not quiet:
        say(words.setting(comparison))
    work = [name for _ in range(comparison.seeds) for name in comparison.names]
    with _passing("", quiet) as bar:
        task = bar.add_task("", total=len(work), state=f"{work[0]} ...")
        done: list[str] = []

        def update(standing: Standing) -> None:
            done.append(standing.name)
            came = words.score_told(comparison, standing.score) if standing.results else standing.failed
            following = f"; {work[len(done)]} ..." if len(done) < len(work) else ""
            bar.update(task, completed=len(done), state=f"{standing.name} {came}{following}")

        yield update


def _passing(what: str, quiet: bool) -> Progress:
    """A bar on stderr that is gone when all is done, with what it counts and a field `state` beside it."""
    counted, state = (
        TextColumn(f"{{task.completed:.0f}} of {{task.total:.0f}}{what}"),
        TextColumn("{task.fields[state]}"),
    )
    stderr = Console(stderr=True, highlight=False)
    return Progress(counted, BarColumn(bar_width=20), state, console=stderr, transient=True, disable=quiet)


def compared(comparison: Comparison) -> None:
    """The table of methods from the simplest on, how to read it, and what follows from it."""
    judge = comparison.judge
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False, show_edge=False)
    table.add_column("method", no_wrap=True)
    for heading in (judge.score, "", *([judge.beside] if judge.beside else []), "learns", "a row", "size"):
        table.add_column(
            heading if heading == "a row" else heading.replace(" ", "\n"), justify="right" if heading else "left"
        )
    for each in comparison.standings:
        table.add_row(*_figures(comparison, each), style="bold" if each is comparison.best else "")
    console.print(table)
    for line in words.notes(comparison):
        say(line, style="dim")
    for line in comparison.verdict():
        say(line, style="bold")


def _figures(comparison: Comparison, standing: Standing) -> list[str]:
    if not standing.results:
        return [standing.name, standing.failed.partition(":")[0]]
    mark = "= " if standing in comparison.as_good else ""
    return [
        standing.name,
        mark + words.score_told(comparison, standing.score),
        words.spread_told(comparison, standing),
        *([words.beside_told(comparison, standing)] if comparison.judge.beside else []),
        words.seconds_told(standing.seconds),
        words.seconds_told(standing.seconds_a_row),
        words.size_told(standing.size),
    ]


@contextmanager
def sizing(curves: CapacityCurves, quiet: bool) -> Iterator[Callable[[tuple[int, ...], int, Epoch], None]]:
    """A bar on stderr of the seeds, with the last pass; to be called with each pass's hidden layers, seed, `Epoch`."""
    first = int(curves.choices.get("seed", 0))
    if not quiet:
        say(f"{curves.dataset.name}: {curves.dataset.task}, {len(curves.sizes)} sizes, {curves.seeds} seeds each")
    with _passing(" networks", quiet) as bar:
        task = bar.add_task("", total=len(curves.sizes) * curves.seeds, state="")

        def update(hidden: tuple[int, ...], seed: int, epoch: Epoch) -> None:
            state = f"{layers_told(hidden)}, seed {seed}, epoch {epoch.number}: cost {epoch.cost:.4g}"
            bar.update(task, completed=(seed - first) * len(curves.sizes), state=state)

        yield update


def sized(curves: CapacityCurves) -> None:
    """The table of sizes from the smallest on, how to read it, and what follows from it."""
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False, show_edge=False)
    headings = ("hidden", "weights", "cost learned", "cost unseen", "", "gap", curves.score_name, "epochs")
    for heading in headings:
        table.add_column(heading.replace(" ", "\n"), justify="left" if heading in {"hidden", ""} else "right")
    for row in curves.to_rows():
        spread = f"± {row['deviation']:.2g}" if row["deviation"] is not None else ""
        score = told(curves.dataset.task, row["score"])
        costs = f"{row['cost_learned']:.3g}", f"{'= ' if row['as_good'] else ''}{row['cost_unseen']:.3g}"
        table.add_row(
            *(row["hidden"], f"{row['weights']:,}", *costs, spread, f"{row['gap']:.2g}", score, f"{row['epochs']:.0f}"),
            style="bold" if row["best"] else "",
        )
    console.print(table)
    say("= as good as the best: within one standard error of it; ± one standard deviation over seeds", style="dim")
    if curves.interrupted:
        say("interrupted: what was done by then is shown", style="dim")
    for line in curves.verdict():
        say(line, style="bold")


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
    if model.image_shape and model.framing:
        say(f"pictures of {model.image_shape[1]} x {model.image_shape[0]} pixels, {model.framing}")
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


def _few(told: list[str], most: int = 8) -> str:
    return ", ".join(told[:most]) + (f" and {len(told) - most} more" if len(told) > most else "")


def _listed(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
