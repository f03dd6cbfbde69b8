"""The command line: parse, call, print. One line on stderr and exit code 2 where something does not fit."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limpid import __version__
from limpid.errors import LimpidError

if TYPE_CHECKING:
    from limpid.dataset import Dataset
    from limpid.evaluation import Evaluation
    from limpid.learning import Learning
    from limpid.model import Model

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Neural networks you can see through: learn from examples, answer, and show what was learned.",
)

Source = Annotated[
    str, typer.Argument(help="A built-in data set (see `limpid datasets`), or a .csv, .npz or IDX file.")
]
Target = Annotated[
    str | None,
    typer.Option(help="What to predict: a column (a,b for several), an .npz array, or the IDX file of labels."),
]
DataDir = Annotated[Path | None, typer.Option(help="The folder of MNIST's four IDX files.")]
Task = Annotated[str | None, typer.Option(help="classification, multilabel or regression, where the guess is wrong.")]
Threads = Annotated[int | None, typer.Option(help="Processor cores to use at most.", min=1)]
Engine = Annotated[str, typer.Option(help="What computes: reference.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
Quiet = Annotated[bool, typer.Option(help="Print nothing but what is asked for.")]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A model file.")]


@app.command()
def train(
    source: Source,
    data_dir: DataDir = None,
    target: Target = None,
    task: Task = None,
    hidden: Annotated[
        str, typer.Option(help="Neurons of each hidden layer, as 128,64; none for no hidden layer.")
    ] = "256,128",
    activation: Annotated[
        str, typer.Option(help="What hidden neurons do with their sum, one for all or one a layer.")
    ] = "relu",
    output: Annotated[str | None, typer.Option(help="The output layer's activation.")] = None,
    cost: Annotated[str | None, typer.Option(help="What training makes small.")] = None,
    optimizer: Annotated[str, typer.Option(help="How slopes become steps; lbfgs takes all rows at once.")] = "adam",
    learning_rate: Annotated[float | None, typer.Option(help="Length of a step.")] = None,
    momentum: Annotated[float | None, typer.Option(help="For the optimizers momentum and nesterov.")] = None,
    schedule: Annotated[str, typer.Option(help="How the learning rate changes.")] = "constant",
    warm_up: Annotated[float, typer.Option(help="Epochs over which the learning rate grows from 0.")] = 0,
    initial_weights: Annotated[str | None, typer.Option(help="How weights are drawn before the first step.")] = None,
    l2: Annotated[float, typer.Option(help="Penalty l2 / (2 batch rows) on the sum of squared weights.")] = 0,
    dropout: Annotated[float | None, typer.Option(help="Share of hidden neurons left out in each step.")] = None,
    clip_norm: Annotated[float | None, typer.Option(help="Longest slope that a step follows.")] = None,
    label_smoothing: Annotated[float, typer.Option(help="Share of a label's probability spread over all classes.")] = 0,
    batch_size: Annotated[int | None, typer.Option(help="Rows a step.")] = None,
    epochs: Annotated[int, typer.Option(help="Passes over the training rows at most.")] = 100,
    patience: Annotated[
        int | None, typer.Option(help="Passes without getting better on unseen rows; 0 never stops.")
    ] = None,
    tolerance: Annotated[float, typer.Option(help="By how much a cost must fall to count as better.")] = 0,
    gradient_tol: Annotated[float | None, typer.Option(help="Stop where the slope is at most this.")] = None,
    test_size: Annotated[float, typer.Option(help="Share of rows held out for the test.")] = 0.2,
    validation_size: Annotated[float | None, typer.Option(help="Share of training rows that patience watches.")] = None,
    seed: Annotated[int, typer.Option(help="Decides every random draw.")] = 0,
    precision: Annotated[str | None, typer.Option(help="float32, or float64 as lbfgs has it.")] = None,
    engine: Engine = "reference",
    threads: Threads = None,
    model: Annotated[Path | None, typer.Option(help="Where the model is written; SOURCE's name with .limpid.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where an HTML page about the model is written.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Learn from SOURCE, test on rows held out, write the model."""
    given = {name: value for name, value in locals().items() if name in _choices()}
    given |= {"hidden": _layers(hidden), "activation": activation.split(",") if "," in activation else activation}
    from limpid import console
    from limpid.evaluation import evaluate
    from limpid.files import check_writable
    from limpid.learning import Learning
    from limpid.readers import read
    from limpid.recipe import Recipe, check_recipe
    from limpid.report import write_report
    from limpid.saving import save

    recipe = Recipe(**given)
    check_recipe(recipe)
    path = model or Path(f"{Path(source).name.split('.')[0]}.limpid")
    for file, what in ((path, "model"), (report, "report")):
        if file is not None:
            check_writable(file, what)
    with _threads(threads):
        dataset = read(source, target, data_dir=data_dir, task=task)
        learning = Learning(dataset, recipe)
        with console.progress(learning, quiet) as show, _stoppable(learning):
            for epoch in learning:
                show(epoch)
        learned = learning.model
        evaluation = evaluate(learned, learning.test) if learning.test else None
        save(learned, path)
        if report is not None:
            write_report(learned, evaluation, report)
    if not quiet:
        console.summary(learned, evaluation)
        console.written(path, report)
    if as_json:
        print(json.dumps(_outcome(learned, evaluation, path)))


@app.command()
def evaluate(
    model: ModelFile,
    source: Source,
    data_dir: DataDir = None,
    target: Target = None,
    engine: Engine = "reference",
    threads: Threads = None,
    report: Annotated[Path | None, typer.Option(help="Where an HTML page about the model is written.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure MODEL on SOURCE; on what it learned from, only on the rows that were held out."""
    from limpid import console
    from limpid.evaluation import evaluate as measure
    from limpid.files import check_writable
    from limpid.learning import unseen
    from limpid.readers import read
    from limpid.report import write_report
    from limpid.saving import load

    if report is not None:
        check_writable(report, "report")
    with _threads(threads):
        learned = load(model, engine)
        dataset = read(source, target, data_dir=data_dir, like=learned)
        evaluation = measure(learned, unseen(learned, dataset))
        if report is not None:
            write_report(learned, evaluation, report)
    if not quiet:
        console.summary(learned, evaluation)
        if report is not None:
            console.written(None, report)
    if as_json:
        print(json.dumps(_outcome(learned, evaluation, model)))


@app.command()
def predict(
    model: ModelFile,
    source: Source,
    data_dir: DataDir = None,
    target: Target = None,
    engine: Engine = "reference",
    threads: Threads = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the answers are written; standard output if not said.")
    ] = None,
) -> None:
    """Answer for each row of SOURCE: CSV with the prediction and, for classes, each probability."""
    from limpid.files import check_writable, replace_file
    from limpid.readers import read
    from limpid.saving import load

    if out is not None:
        check_writable(out, "answers")
    with _threads(threads):
        learned = load(model, engine)
        text = _answers(learned, read(source, target, data_dir=data_dir, like=learned))
    if out is not None:
        replace_file(out, text.encode())
    else:
        print(text, end="")


@app.command()
def show(model: ModelFile) -> None:
    """Print what MODEL is: its layers, its parameters, what it learned from."""
    from limpid import console
    from limpid.saving import load

    console.show(load(model), model)


@app.command()
def datasets() -> None:
    """List the data sets that are known by name."""
    from limpid import console
    from limpid.readers import BUILTIN

    console.datasets({name: known.summary for name, known in BUILTIN.items()})


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and the SIMD level.")] = False,
) -> None:
    """Neural networks you can see through: learn from examples, answer, and show what was learned."""
    if version:
        from limpid._native import simd_level

        print(f"limpid {__version__} ({simd_level()})")
        raise typer.Exit


def main() -> None:
    """The command `limpid`."""
    try:
        code = app(standalone_mode=False)
    except BrokenPipeError:  # whoever reads our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        code = _refuse("interrupted", 130)
    except (LimpidError, OSError) as error:
        code = _refuse(str(error), 2)
    except Exception as error:  # typer's own errors share no public base class across its versions
        if not hasattr(error, "format_message"):
            raise
        typed = " ".join(sys.argv[1:])
        code = _refuse(f"{error.format_message()} (typed: {typed})", 2)
    sys.exit(code or 0)


def _refuse(message: str, code: int) -> int:
    if message:
        print("limpid: " + " ".join(message.split()), file=sys.stderr)
    return code


def _choices() -> list[str]:
    from dataclasses import fields

    from limpid.recipe import Recipe

    return [choice.name for choice in fields(Recipe)]


def _layers(text: str) -> list[int]:
    """ "128,64" as [128, 64]; "none" as no hidden layer."""
    if text.strip() in {"", "none"}:
        return []
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise LimpidError(f"--hidden needs positive integers with commas between, got {text!r}") from None


@contextmanager
def _threads(limit: int | None) -> Iterator[None]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limit):
        yield


@contextmanager
def _stoppable(learning: "Learning") -> Iterator[None]:
    """Ctrl-C and SIGTERM end the training with the best so far; a second one ends the program."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(*_: object) -> None:
        learning.stop()
        for each, handler in before.items():
            signal.signal(each, handler)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _outcome(model: "Model", evaluation: "Evaluation | None", path: Path) -> dict[str, Any]:
    """What training and testing came to, as plain values."""
    known = model.origin
    score = "test_rmse" if model.task == "regression" else "test_accuracy"
    return {
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


def _answers(model: "Model", dataset: "Dataset") -> str:
    """The predictions as CSV, a row for each row of the data set."""
    import csv
    import io

    rows = dataset.test.X if dataset.test else dataset.X
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
