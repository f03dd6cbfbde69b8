"""The command line: parse, call, print. One line on stderr and exit code 2 where something does not fit."""

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, cast

import typer

from limpid import __version__
from limpid import options as option
from limpid.errors import LimpidError

if TYPE_CHECKING:
    from limpid.learning import Learning
    from limpid.streamed_learning import StreamedLearning

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Neural networks you can see through: learn from examples, answer, and show what was learned.",
)


@app.command()
def train(
    source: option.Source,
    data_dir: option.DataDir = None,
    target: option.Target = None,
    query: option.Query = None,
    ignore: option.Ignore = None,
    categorical: option.Categorical = None,
    memory: option.Memory = None,
    task: option.Task = None,
    hidden: option.Hidden = "256,128",
    activation: option.Activation = "relu",
    output: option.Output = None,
    cost: option.Cost = None,
    normalization: option.Normalization = None,
    embedding: option.Embedding = None,
    optimizer: option.Optimizer = "adam",
    learning_rate: option.LearningRate = None,
    momentum: option.Momentum = None,
    schedule: option.Schedule = "constant",
    warm_up: option.WarmUp = 0,
    initial_weights: option.InitialWeights = None,
    l2: option.L2 = 0,
    dropout: option.Dropout = None,
    clip_norm: option.ClipNorm = None,
    max_norm: option.MaxNorm = None,
    label_smoothing: option.LabelSmoothing = 0,
    class_weight: option.ClassWeight = None,
    batch_size: option.BatchSize = None,
    epochs: option.Epochs = 100,
    patience: option.Patience = None,
    tolerance: option.Tolerance = 0,
    gradient_tol: option.GradientTol = None,
    test_size: option.TestSize = 0.2,
    validation_size: option.ValidationSize = None,
    seed: option.Seed = 0,
    precision: option.Precision = None,
    engine: option.Engine = "native",
    threads: option.Threads = None,
    model: option.NewModel = None,
    report: option.Report = None,
    as_json: option.AsJson = False,
    quiet: option.Quiet = False,
) -> None:
    """Learn from SOURCE, test on rows held out, write the model."""
    given = {name: value for name, value in locals().items() if name in _choices()}
    given |= {"hidden": _layers(hidden), "activation": activation.split(",") if "," in activation else activation}
    from limpid import console
    from limpid.learning import Learning
    from limpid.memory import bytes_in
    from limpid.output import outcome
    from limpid.readers import open_stream, read
    from limpid.recipe import Recipe, check_recipe
    from limpid.report import write_report
    from limpid.saving import save
    from limpid.streamed_learning import StreamedLearning

    recipe = Recipe(**given)
    check_recipe(recipe)
    path = model or _model_for(source)
    _check_writable({"source": source}, {"model": path, "report": report})
    ignored, names = _names(ignore), _names(categorical)
    learning: Learning | StreamedLearning
    if memory is not None:
        size = bytes_in(memory)
        found = open_stream(source, target or "", task=task, ignore=ignored, categorical=names)
        learning = StreamedLearning(found, recipe, size)
    else:
        dataset = read(source, target, data_dir=data_dir, task=task, ignore=ignored, categorical=names, query=query)
        learning = Learning(dataset, recipe)
    with console.progress(learning, quiet) as show, _stoppable(learning):
        for epoch in learning:
            show(epoch)
        if not learning.training.history:
            raise typer.Exit(_refuse("interrupted before the first epoch had begun; nothing is written", 130))
        learned = learning.model
        save(learned, path)  # at once and out of Ctrl-C's reach: nothing below may lose what was learned
    evaluation = learning.evaluate(learned)
    if report is not None:
        write_report(learned, evaluation, report)
    if not quiet:
        console.summary(learned, evaluation)
        console.written(path, report)
    if as_json:
        print(outcome(learned, evaluation, path))


@app.command()
def evaluate(
    model: option.ModelFile,
    source: option.Source,
    data_dir: option.DataDir = None,
    target: option.Target = None,
    query: option.Query = None,
    engine: option.Engine = "native",
    threads: option.Threads = None,
    report: option.Report = None,
    as_json: option.AsJson = False,
    quiet: option.Quiet = False,
) -> None:
    """Measure MODEL on SOURCE; on what it learned from, only on the rows that were held out."""
    from limpid import console
    from limpid.evaluation import evaluate as measure
    from limpid.evaluation import evaluate_parts
    from limpid.learning import unseen
    from limpid.output import outcome
    from limpid.readers import read, streamed_unseen
    from limpid.report import write_report
    from limpid.saving import load

    _check_writable({"source": source, "model": model}, {"report": report})
    learned = load(model, engine, threads)
    if (parts := streamed_unseen(learned, source)) is not None:
        evaluation = evaluate_parts(learned, parts)
    else:
        dataset = read(source, target, data_dir=data_dir, query=query, like=learned)
        evaluation = measure(learned, unseen(learned, dataset))
    if report is not None:
        write_report(learned, evaluation, report)
    if not quiet:
        console.summary(learned, evaluation)
        if report is not None:
            console.written(None, report)
    if as_json:
        print(outcome(learned, evaluation, model))


@app.command()
def predict(
    model: option.ModelFile,
    source: option.Source,
    data_dir: option.DataDir = None,
    target: option.Target = None,
    query: option.Query = None,
    engine: option.Engine = "native",
    threads: option.Threads = None,
    out: option.Out = None,
) -> None:
    """Answer for each row of SOURCE: the prediction and, for classes, each probability."""
    from limpid.answers import answered, in_parts, writer_for
    from limpid.files import replacing
    from limpid.readers import read, read_parts
    from limpid.saving import load

    _check_writable({"source": source, "model": model}, {"answers": out})
    write = writer_for(out)
    learned = load(model, engine, threads)
    parts = read_parts(learned, source)
    if parts is None:
        parts = in_parts(read(source, target, data_dir=data_dir, query=query, like=learned, answers=False))
    if out is not None:
        with replacing(out) as file:
            write(file, answered(learned, parts))
    else:
        write(cast(BinaryIO, _Printed()), answered(learned, parts))


@app.command()
def show(model: option.ModelFile) -> None:
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

        try:
            level = simd_level()
        except ValueError as error:
            raise LimpidError(f"LIMPID_SIMD: {error}") from None
        print(f"limpid {__version__} ({level})")
        raise typer.Exit


def main() -> None:
    """The command `limpid`."""
    sys.stdout = _Unbroken(sys.stdout)
    try:
        code = app(standalone_mode=False)
    except (LimpidError, OSError) as error:
        code = _refuse(str(error), 2)
    except MemoryError as error:
        code = _refuse(f"there is not enough memory: {error}", 2)
    except Exception as error:  # typer's own errors share no public base class across its versions
        if not hasattr(error, "format_message"):
            raise
        typed = " ".join(sys.argv[1:])
        code = _refuse(f"{error.format_message() or 'a command is needed, see limpid --help'} (typed: {typed})", 2)
    sys.exit(code or 0)


class _Unbroken:
    """Standard output that goes on silently when its reader has left: `| head` must not end a training."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name may hold letters that the terminal lacks

    def write(self, text: str) -> int:
        try:
            return int(self._stream.write(text))
        except BrokenPipeError:
            self._leave()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._leave()

    def _leave(self) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Printed(io.RawIOBase):
    """Bytes to standard output as the text that they are."""

    def write(self, content: Any) -> int:
        print(bytes(content).decode(), end="")
        return len(content)


def _refuse(message: str, code: int) -> int:
    if message:
        print("limpid: " + " ".join(message.split()), file=sys.stderr)
    return code


def _choices() -> list[str]:
    from dataclasses import fields

    from limpid.recipe import Recipe

    return [choice.name for choice in fields(Recipe)]


def _model_for(source: str) -> Path:
    """Where the model goes when nothing was said: the source's name, here."""
    from limpid.readers import SUFFIXES
    from limpid.readers.databases import SQLITE_SUFFIXES

    name = source.partition("?")[0].rstrip("/").rpartition("/")[2].removesuffix(".gz").removesuffix(".zst")
    known = Path(name).suffix.lower() in {*SUFFIXES, *SQLITE_SUFFIXES, ".npz", ".idx"}
    return Path(f"{'stdin' if name == '-' else Path(name).stem if known else name}.limpid")


def _names(text: str | None) -> list[str]:
    """ "a,b" as two names."""
    return text.split(",") if text else []


def _layers(text: str) -> list[int]:
    """ "128,64" as [128, 64]; "none" as no hidden layer."""
    if text.strip() in {"", "none"}:
        return []
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise LimpidError(f"--hidden needs positive integers with commas between, got {text!r}") from None


def _check_writable(inputs: dict[str, str | Path], outputs: dict[str, Path | None]) -> None:
    """Refuse, before long work, what could not be written or would lie on something else."""
    from limpid.displays import check_drawable
    from limpid.files import check_writable

    taken = {os.path.realpath(path): what for what, path in inputs.items()}
    for what, path in outputs.items():
        if path is None:
            continue
        check_writable(path, what)
        place = os.path.realpath(path)
        if place in taken:
            raise LimpidError(f"the {what} cannot be written to {path}: the {taken[place]} lies there")
        taken[place] = what
        if what == "report":
            check_drawable()


@contextmanager
def _stoppable(learning: "Learning | StreamedLearning") -> Iterator[None]:
    """Ctrl-C and SIGTERM end the training with the best so far; a second one ends the program at once."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(*_: object) -> None:
        learning.stop()
        for each in before:
            signal.signal(each, signal.SIG_DFL)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
