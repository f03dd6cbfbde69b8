"""The command line: parse, call, print. One line on stderr and exit code 2 where something does not fit."""

import sys
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

import typer

from limpid import __version__, inside, sizing
from limpid import options as option
from limpid.errors import LimpidError
from limpid.signals import interruptible, stoppable
from limpid.standard_output import Printed, Unbroken
from limpid.typed import check_writable, layers_in, model_for, names_in, refuse, seconds_in, shape_in

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
    activation: option.Activation = None,
    output: option.Output = None,
    cost: option.Cost = None,
    normalization: option.Normalization = None,
    embedding: option.Embedding = None,
    optimizer: option.Optimizer = None,
    learning_rate: option.LearningRate = None,
    momentum: option.Momentum = None,
    schedule: option.Schedule = None,
    warm_up: option.WarmUp = 0,
    initial_weights: option.InitialWeights = None,
    l2: option.L2 = None,
    dropout: option.Dropout = None,
    clip_norm: option.ClipNorm = None,
    max_norm: option.MaxNorm = None,
    label_smoothing: option.LabelSmoothing = 0,
    class_weight: option.ClassWeight = None,
    batch_size: option.BatchSize = None,
    epochs: option.Epochs = None,
    patience: option.Patience = None,
    tolerance: option.Tolerance = 0,
    gradient_tol: option.GradientTol = None,
    test_size: option.TestSize = 0.2,
    validation_size: option.ValidationSize = None,
    seed: option.Seed = 0,
    precision: option.Precision = None,
    keep_path: option.KeepPath = False,
    engine: option.Engine = "native",
    threads: option.Threads = None,
    checkpoint: option.Checkpoint = None,
    every: option.Every = None,
    resume: option.Resume = False,
    model: option.NewModel = None,
    report: option.Report = None,
    as_json: option.AsJson = False,
    quiet: option.Quiet = False,
    size: option.Size = None,
) -> None:
    """Learn from SOURCE, test on rows held out, write the model."""
    given = {name: value for name, value in locals().items() if name in _choices()}
    given |= {
        "hidden": layers_in(hidden),
        "activation": activation.split(",") if activation and "," in activation else activation,
    }
    from limpid import console
    from limpid.checkpoints import NAME
    from limpid.learning import Learning
    from limpid.memory import bytes_in
    from limpid.output import outcome
    from limpid.readers import read
    from limpid.readers.parts import open_stream
    from limpid.recipe import Recipe, check_recipe
    from limpid.report import write_report
    from limpid.saving import save
    from limpid.streamed_learning import StreamedLearning

    recipe = Recipe(**given)
    check_recipe(recipe)
    shape = shape_in(size)
    path, seconds = model or model_for(source), seconds_in(every)
    if checkpoint is None and (resume or every is not None):
        raise LimpidError(f"--{'resume' if resume else 'every'} needs --checkpoint FOLDER")
    kept = {} if checkpoint is None else {"checkpoint": checkpoint / NAME}
    check_writable({"source": source, **kept}, {"model": path, "report": report})
    ignored, names = names_in(ignore), names_in(categorical)
    learning: Learning | StreamedLearning
    if memory is not None:
        room = bytes_in(memory)
        found = open_stream(source, target or "", task=task, ignore=ignored, categorical=names)
        learning = StreamedLearning(found, recipe, room)
    else:
        common: dict[str, Any] = {"data_dir": data_dir, "task": task, "query": query, "threads": threads}
        with console.working("pictures", quiet) as told:
            dataset = read(source, target, ignore=ignored, categorical=names, image_shape=shape, told=told, **common)
        learning = Learning(dataset, recipe)
    if checkpoint is not None:
        there = learning.checkpoint(checkpoint, seconds, resume)
        if resume and not quiet:
            console.resumed(learning, kept["checkpoint"], there)
    with console.progress(learning, quiet) as show, stoppable(learning):
        for epoch in learning:
            show(epoch)
        if not learning.training.history:
            raise typer.Exit(refuse("interrupted before the first epoch had begun; nothing is written", 130))
        learned = learning.model
        save(learned, path)  # at once and out of Ctrl-C's reach: nothing below may lose what was learned
    evaluation = learning.evaluate(learned)
    if report is not None:
        known = None if isinstance(learning, StreamedLearning) else learning.train
        with console.working("parts of the page", quiet) as told:
            write_report(learned, evaluation, report, known, told)
    if not quiet:
        console.summary(learned, evaluation)
        console.written(path, report)
    if as_json:
        print(outcome(learned, evaluation, path))


@app.command()
def inspect(
    source: option.Source,
    data_dir: option.DataDir = None,
    target: option.Target = None,
    query: option.Query = None,
    ignore: option.Ignore = None,
    categorical: option.Categorical = None,
    task: option.Task = None,
    everything: option.All = False,
    as_json: option.AsJson = False,
    quiet: option.Quiet = False,
) -> None:
    """Look at SOURCE before learning: its columns, its target (guessed if not said), identifiers and leaks."""
    from limpid.inspecting import inspect as look

    folder = str(data_dir) if data_dir else None
    ignored, names = names_in(ignore), names_in(categorical)
    profile = look(source, target, data_dir=data_dir, task=task, ignore=ignored, categorical=names, query=query)
    if not quiet:
        from limpid.profile_tables import show as print_profile

        chosen = {"data-dir": folder, "target": target, "query": query, "ignore": ignore, "categorical": categorical}
        print_profile(profile, {**chosen, "task": task}, everything)
    if as_json:
        import json

        print(json.dumps(profile.describe(), allow_nan=False))


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
    from limpid.learning import seen, unseen
    from limpid.output import outcome
    from limpid.readers import read
    from limpid.readers.parts import streamed_unseen
    from limpid.report import write_report
    from limpid.saving import load

    check_writable({"source": source, "model": model}, {"report": report})
    learned = load(model, engine, threads)
    known = None
    if (parts := streamed_unseen(learned, source)) is not None:
        evaluation = evaluate_parts(learned, parts)
    else:
        with console.working("pictures", quiet) as told:
            dataset = read(source, target, data_dir=data_dir, query=query, like=learned, threads=threads, told=told)
        evaluation, places = measure(learned, unseen(learned, dataset)), seen(learned, dataset)
        known = None if places is None else dataset.rows(places)
    if report is not None:
        with console.working("parts of the page", quiet) as told:
            write_report(learned, evaluation, report, known, told)
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
    query: option.Query = None,
    engine: option.Engine = "native",
    threads: option.Threads = None,
    out: option.Out = None,
    seen: option.Seen = None,
) -> None:
    """Answer for each row of SOURCE: the prediction and, for classes, each probability."""
    from limpid import console
    from limpid.answers import answered, in_parts, seen_pictures, writer_for
    from limpid.files import replace_file, replacing
    from limpid.readers import read
    from limpid.readers.parts import read_parts
    from limpid.saving import load

    sources: dict[str, str | Path] = (
        {f"source {each}": each for each in source} if source[1:] else {"source": source[0]}
    )
    picture = seen / "seen_1.png" if seen and seen.is_dir() else seen
    check_writable({**sources, "model": model}, {"answers": out, "picture seen": picture})
    write = writer_for(out)
    learned = load(model, engine, threads)
    parts = None if source[1:] or seen else read_parts(learned, source[0])
    if parts is None:
        common: dict[str, Any] = {"data_dir": data_dir, "query": query, "like": learned, "threads": threads}
        with console.working("pictures", quiet=False) as told:
            dataset = read(source, target, answers=False, told=told, **common)
        parts = in_parts(dataset)
        if seen is not None:
            for path, content in seen_pictures(learned, dataset, seen):
                path.parent.mkdir(exist_ok=True)
                replace_file(path, content)
    if out is not None:
        with replacing(out) as file:
            write(file, answered(learned, parts))
    else:
        write(cast(BinaryIO, Printed()), answered(learned, parts))


@app.command()
def export(model: option.ModelFile, to: option.To, out: option.ExportPath = None, quiet: option.Quiet = False) -> None:
    """Write MODEL as something that answers without limpid, with rows to test itself by."""
    from limpid.errors import choose
    from limpid.exports import TARGETS
    from limpid.exports import export as write
    from limpid.saving import load
    from limpid.terminal import say

    target = choose("target", to, TARGETS)
    path = out or model.with_suffix(target.suffix)
    for each in target.paths(path):
        check_writable({"model": model}, {"export": each})
    written = write(load(model), path, to)
    if not quiet:
        for each in written:
            say(f"{to}: {each}")


@app.command()
def compare(
    source: option.Source,
    data_dir: option.DataDir = None,
    target: option.Target = None,
    query: option.Query = None,
    ignore: option.Ignore = None,
    categorical: option.Categorical = None,
    task: option.Task = None,
    test_size: option.TestSize = 0.2,
    seed: option.Seed = 0,
    seeds: option.Seeds = 1,
    limit: option.Limit = 60,
    threads: option.Threads = None,
    out: option.Figures = None,
    as_json: option.AsJson = False,
    quiet: option.Quiet = False,
) -> None:
    """Put limpid beside other methods on SOURCE: is it worth it, or is a simpler one as good?"""
    from limpid import console
    from limpid.comparison import compare as start
    from limpid.files import replace_file
    from limpid.output import compared, compared_table
    from limpid.readers import read
    from limpid.terminal import say

    check_writable({"source": source}, {"table": out})
    ignored, names = names_in(ignore), names_in(categorical)
    dataset = read(source, target, data_dir=data_dir, task=task, ignore=ignored, categorical=names, query=query)
    comparison = start(dataset, seeds=seeds, seed=seed, test_size=test_size, threads=threads, limit=limit)
    with console.comparing(comparison, quiet) as show, interruptible():
        for standing in comparison:
            show(standing)
    if not comparison.standings:
        raise typer.Exit(refuse("interrupted before the first method was done; nothing is written", 130))
    if out is not None:
        replace_file(out, compared_table(comparison).encode())
    if not quiet:
        console.compared(comparison)
        if out is not None:
            say(f"table: {out}")
    if as_json:
        print(compared(comparison))


app.command()(sizing.capacity)


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


app.command()(inside.explain)
app.command()(inside.report)


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
    sys.stdout = Unbroken(sys.stdout)
    try:
        code = app(standalone_mode=False)
    except (LimpidError, OSError) as error:
        code = refuse(str(error), 2)
    except MemoryError as error:
        code = refuse(f"there is not enough memory: {error}", 2)
    except Exception as error:  # typer's own errors share no public base class across its versions
        if not hasattr(error, "format_message"):
            raise
        from limpid.readers.databases import called  # an address may hold a password

        typed = " ".join(map(called, sys.argv[1:]))
        code = refuse(f"{error.format_message() or 'a command is needed, see limpid --help'} (typed: {typed})", 2)
    sys.exit(code or 0)


def _choices() -> list[str]:
    from dataclasses import fields

    from limpid.recipe import Recipe

    return [choice.name for choice in fields(Recipe)]
