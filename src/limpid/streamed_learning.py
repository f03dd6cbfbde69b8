"""From a table that may be larger than memory to a model: as `Learning`, with a part of it in memory at a time."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.checkpoint_file import Owner
from limpid.checkpoints import Checkpoints
from limpid.dataset import Dataset, answers_in, guess_task
from limpid.encoder import Scaling
from limpid.engines import find_engine
from limpid.errors import LimpidError, choose
from limpid.evaluation import Evaluation, evaluate_parts, score_for
from limpid.initializers import initial_parameters
from limpid.memory import bytes_in, cores
from limpid.model import Model, Origin
from limpid.model_file import plain
from limpid.preparation import class_weights, classes_in, network_for, step_rule, stopping, target_scaling
from limpid.recipe import PRECISIONS, Recipe, complete
from limpid.schedules import find_schedule, warmed_up
from limpid.stream import LEARNED, TESTED, WATCHED, Split, Stream, StreamedTable, pass_order, split
from limpid.streamed_rows import StreamedRows
from limpid.table import Column, Table
from limpid.table_encoder import Encoded, TableEncoder, fit_column
from limpid.training import Epoch, Streaming, Training, Validation

MOST_WATCHED = 100_000
"""Rows to watch, about: they stay in memory."""
BYTES_A_CELL = 24
"""While a column's statistics are taken: its cells, a copy of some, and what is being read of the file."""
SPARE = 0.1
"""The share of the memory that is left alone."""
BASE = 450_000_000
"""Bytes for the program itself and all libraries, whatever it really takes: how rows are shuffled depends on what is
left, and the same command must have the same bits."""


class StreamedLearning:
    """One model being learned from a `Stream`: iterate it for an `Epoch` each pass, then take `model`.

    Scales and categories are exact, from all rows to learn from. In each pass the stream's blocks come in a new random
    order, and as many rows as the memory holds are shuffled together. Rows are held out at random, whatever their
    class; the cost of training is the last pass's average, and the slope is not measured.
    """

    def __init__(self, source: StreamedTable, recipe: Recipe, memory: int) -> None:
        """Columns are read one by one; nothing is learned yet.

        `memory` is what the process may use, in bytes. Errors: `LimpidError` as `Learning`, and where the memory does
        not suffice, with what would.
        """
        stream, targets = source.stream, source.targets
        rows = sum(stream.blocks)
        self.stream = stream
        _check_recipe(recipe)
        self._memory = int((1 - SPARE) * memory)
        y, labels = self._answers(targets)
        task = source.task or ("classification" if labels is not None else guess_task(y))
        self.classes = classes_in(stream.name, y if labels is None else labels, task)
        self.recipe = complete(recipe, rows, table=True, task=task)
        self.split = _split(stream, self.recipe)
        if not self.split.count(LEARNED):
            raise LimpidError(f"{stream.name}: {rows} rows are too few to set some aside")
        self.encoder, watched = self._encoder(source.inputs, source.categorical)
        answers = 1 if y.ndim == 1 else y.shape[1]
        inputs, categories = self.encoder.outputs, self.encoder.categories
        self.network = network_for(task, answers, inputs, self.recipe, self.classes, categories)
        scaling = target_scaling(y[self.split.rows(LEARNED)], task, self.network)
        self.target_scaling: Scaling = scaling
        self._rows = StreamedRows(
            stream,
            targets,
            task,
            self.split,
            self.encoder,
            self.network,
            self.classes,
            scaling,
            PRECISIONS[str(self.recipe.precision)],
            self.recipe.seed,
            self._class_weights(targets),
        )
        del y
        sample = next(self._rows.datasets(LEARNED))
        self.dataset: Dataset = sample.rows(np.arange(min(len(sample), 1000)))
        self.train, self.validation, self.test = (range(self.split.count(part)) for part in (LEARNED, WATCHED, TESTED))
        self.training = self._training(watched)
        self._checkpoints: Checkpoints | None = None

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self._checkpoints or self.training)

    def checkpoint(self, directory: str | Path, every: float = 30.0, resume: bool = False) -> bool:
        """As `Learning.checkpoint`; to go on in the midst of a pass, what was learned from in it is read again."""
        owner = Owner(self.stream.fingerprint(), plain({**asdict(self.recipe), "memory": self._memory}))
        # orders are drawn anew for each pass from the seed: this source is never asked
        unused = np.random.default_rng(self.recipe.seed)
        self._checkpoints = Checkpoints(self.training, unused, owner, Path(directory), every, resume)
        return self._checkpoints.resumed

    def stop(self, reason: str = "interrupted") -> None:
        """Ask for an end soon; the model keeps the best so far."""
        self.training.stop(reason)

    @property
    def model(self) -> Model:
        """The best so far, ready for rows of the table."""
        history = self.training.history
        last = history[-1] if history else None
        return Model(
            network=self.network,
            parameters=self.training.parameters,
            task=self.dataset.task,
            input_scaling=Scaling.none(self.encoder.outputs),
            target_scaling=self.target_scaling,
            encoder=self.encoder,
            classes=self.classes,
            features=self.encoder.names,
            targets=self.dataset.targets,
            history=list(history),
            path=self.training.path and [*self.training.path],
            origin=Origin(
                source=self.stream.name,
                fingerprint=self.stream.fingerprint(),
                rows_train=len(self.train) + len(self.validation),
                rows_validation=len(self.validation),
                rows_test=len(self.test),
                stopped_because=self.training.stopped_because or ("left by its caller" if history else "not trained"),
                seconds_training=sum(epoch.seconds for epoch in history),
                cost_train=last and last.cost - last.penalty,
                recipe=asdict(self.recipe),
            ),
            state=self.training.state,
            engine=self.recipe.engine,
            threads=self.recipe.threads,
        )

    def evaluate(self, model: Model) -> Evaluation | None:
        """What `model` makes of the rows held out for the test, None where there are none."""
        return evaluate_parts(model, self._rows.datasets(TESTED)) if self.test else None

    def pass_order(self, number: int) -> NDArray[np.int64]:
        """The rows of the table in the order in which pass `number`, from 0, learns from them."""
        return pass_order(self.split, self._most, self.recipe.seed, number)

    def _answers(self, targets: Sequence[str]) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """All answers, or as good as that: one text stands for all, beside the distinct labels."""
        every = np.ones(sum(self.stream.blocks), bool)
        table = self._table(targets, every)
        if len(targets) == 1 and (column := table[targets[0]]).kind == "text" and not column.missing.any():
            return np.zeros(len(every), np.int8), np.array(column.texts)
        return (y := answers_in(table, targets)), None if y.dtype.kind != "U" else np.unique(y)

    def _class_weights(self, targets: Sequence[str]) -> NDArray[np.float64] | None:
        if self.recipe.class_weight is None:
            return None
        kept = self.split.rows(LEARNED)
        return class_weights(self.recipe, answers_in(self._table(targets, kept), targets), self.classes)

    def _table(self, names: Sequence[str], kept: NDArray[np.bool_]) -> Table:
        return Table({name: self.stream.column(name, kept)[0] for name in names})

    def _encoder(self, inputs: Sequence[str], categorical: Sequence[str]) -> tuple[TableEncoder, Table]:
        """It, and the inputs of the rows to watch, which are met on the way."""
        kept, watched = self.split.rows(LEARNED), self.split.rows(WATCHED)
        needed, free = BYTES_A_CELL * len(kept), self._memory - BASE
        if needed > free:
            raise LimpidError(
                f"{self.stream.name}: statistics of {len(kept)} rows need about {needed / 1e6:.0f} MB, "
                f"{max(free, 0) / 1e6:.0f} MB of the memory are left; allow more"
            )
        workers = max(1, min(self.recipe.threads or cores(), free // needed))

        def fit(name: str) -> tuple[Encoded | str, Column]:
            learned, seen = self.stream.column(name, kept, watched)
            return fit_column(name, learned, categorical), seen

        with ThreadPoolExecutor(workers) as pool:
            found = list(pool.map(fit, inputs))
        encoder = TableEncoder.of(inputs, [encoded for encoded, _ in found], categorical)
        return encoder, Table(dict(zip(inputs, (cells for _, cells in found), strict=True)), int(watched.sum()))

    def _training(self, seen: Table) -> Training:
        recipe, random = self.recipe, np.random.default_rng(self.recipe.seed)
        engine = find_engine(recipe.engine, recipe.threads)
        rule = step_rule(recipe, len(self.train))
        watched = None
        if self.validation:
            answers = self._table(self.dataset.targets, self.split.rows(WATCHED))
            examples = self._rows.encoded(Table({**seen.columns, **answers.columns}))
            watched = Validation(examples, score_for(self.dataset.task))
        watching = self._rows.bytes_a_row * len(self.validation)
        self._most = self._rows.most(self._memory - BASE - watching)
        start = initial_parameters(self.network, str(recipe.initial_weights), random, self._rows.dtype)
        return Training(
            self.network,
            start,
            None,
            rule,
            Streaming(
                lambda number: self._rows.parts(number, self._most, rule.batch_size),
                len(self.train),
                recipe.learning_rate or 0.0,
                warmed_up(find_schedule(str(recipe.schedule)), recipe.warm_up),
            ),
            engine=engine,
            epochs=recipe.epochs or 0,
            stopping=stopping(recipe),
            validation=watched,
            keep_path=recipe.keep_path,
        )


def _check_recipe(recipe: Recipe) -> None:
    for name, given in (
        ("optimizer", recipe.optimizer == "lbfgs" and "lbfgs"),
        ("gradient_tol", recipe.gradient_tol),
        ("measure_slope", recipe.measure_slope),
    ):
        if given:
            raise LimpidError(f"{name} {given!r} needs all rows in memory at once: not with a memory bound")


def held_out_rows(model: Model, stream: Stream) -> Iterator[Dataset]:
    """The rows of `stream` that were held out for the test when `model` learned from it, some at a time."""
    assert model.encoder is not None
    chosen = _split(stream, Recipe(**model.origin.recipe))
    scaling, dtype = model.target_scaling, model.dtype
    return StreamedRows(
        stream, model.targets, model.task, chosen, model.encoder, model.network, model.classes, scaling, dtype, 0
    ).datasets(TESTED)


def _split(stream: Stream, recipe: Recipe) -> Split:
    """As a complete recipe has it."""
    watched = min(recipe.validation_size or 0.0, MOST_WATCHED / sum(stream.blocks))
    return split(stream.blocks, recipe.test_size, watched, recipe.seed)


def learn_stream(source: StreamedTable, memory: str | int, **choices: Any) -> StreamedLearning:
    """Start to learn from a table of which no more is held than `memory`, as "2GB" or in bytes, allows.

    `for epoch in learn_stream(open_stream("big.parquet", "price"), "2GB", hidden=[64]): ...`; `choices` are
    `Recipe`'s. Errors: `LimpidError` for an unknown choice or a value that does not fit.
    """
    for name in choices:
        choose("choice", name, asdict(Recipe()))
    return StreamedLearning(source, Recipe(**choices), bytes_in(memory))
