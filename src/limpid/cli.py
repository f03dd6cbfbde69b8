"""The command line: parse, call, print. One line on stderr and exit code 2 where something does not fit."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limpid import __version__
from limpid import options as option
from limpid.errors import LimpidError, printable

if TYPE_CHECKING:
    from limpid.learning import Learning

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
    task: option.Task = None,
    hidden: option.Hidden = "256,128",
    activation: option.Activation = "relu",
    output: option.Output = None,
    cost: option.Cost = None,
    normalization: option.Normalization = None,
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
    size: option.Size = None,
) -> None:
    """Learn from SOURCE, test on rows held out, write the model."""
    given = {name: value for name, value in locals().items() if name in _choices()}
    given |= {"hidden": _layers(hidden), "activation": activation.split(",") if "," in activation else activation}
    from limpid import console
    from limpid.evaluation import evaluate
    from limpid.learning import Learning
    from limpid.output import outcome
    from limpid.readers import read
    from limpid.recipe import Recipe, check_recipe
    from limpid.report import write_report
    from limpid.saving import save

    recipe = Recipe(**given)
    check_recipe(recipe)
    shape = _shape(size)
    path = model or _model_for(source)
    _check_writable({"source": source}, {"model": path, "report": report})
    with console.reading(quiet) as told:
        dataset = read(source, target, data_dir=data_dir, task=task, image_shape=shape, threads=threads, told=told)
    learning = Learning(dataset, recipe)
    with console.progress(learning, quiet) as show, _stoppable(learning):
        for epoch in learning:
            show(epoch)
        if not learning.training.history:
            raise typer.Exit(_refuse("interrupted before the first epoch had begun; nothing is written", 130))
        learned = learning.model
        save(learned, path)  # at once and out of Ctrl-C's reach: nothing below may lose what was learned
    evaluation = evaluate(learned, learning.test) if learning.test else None
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
    engine: option.Engine = "native",
    threads: option.Threads = None,
    report: option.Report = None,
    as_json: option.AsJson = False,
    quiet: option.Quiet = False,
) -> None:
    """Measure MODEL on SOURCE; on what it learned from, only on the rows that were held out."""
    from limpid import console
    from limpid.evaluation import evaluate as measure
    from limpid.learning import unseen
    from limpid.output import outcome
    from limpid.readers import read
    from limpid.report import write_report
    from limpid.saving import load

    _check_writable({"source": source, "model": model}, {"report": report})
    learned = load(model, engine, threads)
    with console.reading(quiet) as told:
        dataset = read(source, target, data_dir=data_dir, like=learned, threads=threads, told=told)
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
    source: option.Sources,
    data_dir: option.DataDir = None,
    target: option.Target = None,
    engine: option.Engine = "native",
    threads: option.Threads = None,
    out: option.Out = None,
    seen: option.Seen = None,
) -> None:
    """Answer for each row of SOURCE: CSV with the prediction and, for classes, each probability."""
    from limpid import console
    from limpid.files import replace_file
    from limpid.output import answers, seen_pictures
    from limpid.readers import read
    from limpid.saving import load

    sources: dict[str, str | Path] = (
        {f"source {each}": each for each in source} if source[1:] else {"source": source[0]}
    )
    picture = seen / "seen_1.png" if seen and seen.is_dir() else seen
    _check_writable({**sources, "model": model}, {"answers": out, "picture seen": picture})
    learned = load(model, engine, threads)
    with console.reading(quiet=False) as told:
        dataset = read(source, target, data_dir=data_dir, like=learned, answers=False, threads=threads, told=told)
    text = answers(learned, dataset)
    if seen is not None:
        for path, content in seen_pictures(learned, dataset, seen):
            path.parent.mkdir(exist_ok=True)
            replace_file(path, content)
    if out is not None:
        replace_file(out, text.encode())
    else:
        print(text, end="")


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


def _refuse(message: str, code: int) -> int:
    if message:
        print("limpid: " + printable(" ".join(message.split())), file=sys.stderr)
    return code


def _choices() -> list[str]:
    from dataclasses import fields

    from limpid.recipe import Recipe

    return [choice.name for choice in fields(Recipe)]


def _model_for(source: str) -> Path:
    """Where the model goes when nothing was said: the source's name, here."""
    name = Path(source).resolve().name.removesuffix(".gz") or "pictures"
    return Path(f"{Path(name).stem if Path(name).suffix.lower() in {'.csv', '.npz', '.idx'} else name}.limpid")


def _layers(text: str) -> list[int]:
    """ "128,64" as [128, 64]; "none" as no hidden layer."""
    if text.strip() in {"", "none"}:
        return []
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise LimpidError(f"--hidden needs positive integers with commas between, got {text!r}") from None


def _shape(text: str | None) -> tuple[int, int] | None:
    """ "32x24", width and height, as (24, 32)."""
    width, _, height = (text or "").lower().partition("x")
    if text is None:
        return None
    if not (width.isdecimal() and height.isdecimal() and 0 < int(width) < 10000 and 0 < int(height) < 10000):
        raise LimpidError(f"--size needs width and height in pixels, as 28x28, got {text!r}")
    return int(height), int(width)


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
def _stoppable(learning: "Learning") -> Iterator[None]:
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
