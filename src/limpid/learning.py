"""From examples to a model: set some aside, scale, choose what was left open, train."""

from collections.abc import Iterator
from dataclasses import asdict
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.checkpoint_file import Owner
from limpid.checkpoints import Checkpoints
from limpid.dataset import Dataset
from limpid.encoder import Scaling
from limpid.engines import Coded, Examples, all_finite, find_engine
from limpid.errors import DataError, LimpidError, choose
from limpid.evaluation import Evaluation, evaluate, score_for
from limpid.framing import Framing, measure
from limpid.initializers import initial_parameters
from limpid.memory import check_memory
from limpid.model import Model, Origin
from limpid.model_file import plain
from limpid.preparation import (
    class_weights,
    classes_in,
    network_for,
    row_weights,
    step_rule,
    stopping,
    target_scaling,
    targets_for,
)
from limpid.recipe import PRECISIONS, Recipe, complete, optimizer_of
from limpid.schedules import find_schedule, warmed_up
from limpid.stochastic import shuffled
from limpid.table import Table
from limpid.table_encoder import TableEncoder
from limpid.training import LBFGS, Descending, Epoch, Training, Validation

LBFGS_PROGRESS = 1e-9
"""Where no slope is asked for, L-BFGS ends when an iteration lowers the cost by less than this share of it."""


class Learning:
    """One model being learned from a `Dataset`: iterate it for an `Epoch` each pass, then take `model`.

    `train`, `validation` (or None) and `test` (or None) are the parts of the data set.
    """

    def __init__(self, dataset: Dataset, recipe: Recipe, like: "Learning | None" = None) -> None:
        """Split, scale and draw; nothing is learned yet. `like` another, it has that one's parts and scaled inputs.

        Errors: `LimpidError` that says what was given and what is needed, for anything that does not fit.
        """
        self.dataset, self.recipe = dataset, completed(recipe, dataset)
        y = _known(dataset)
        self.classes = classes_in(dataset.name, y, dataset.task)
        parts = (like.train, like.validation, like.test) if like else _split(dataset, self.recipe)
        self.train: Dataset
        self.validation: Dataset | None
        self.test: Dataset | None
        self.train, self.validation, self.test = parts
        _check_classes(self.train, self.classes)
        self.encoder: TableEncoder | None = like.encoder if like else _encoder(self.train)
        inputs = self.encoder.outputs if self.encoder else dataset.X.shape[1]
        answers = 1 if y.ndim == 1 else y.shape[1]
        categories = self.encoder.categories if self.encoder else ()
        self.network = network_for(dataset.task, answers, inputs, self.recipe, self.classes, categories)
        self.input_scaling: Scaling = like.input_scaling if like else _input_scaling(self.train, inputs)
        self.target_scaling = target_scaling(_known(self.train), dataset.task, self.network)
        self._class_weights = class_weights(self.recipe, _known(self.train), self.classes)
        self.framing: Framing | None = like.framing if like else _framing(self.train)
        self._read: dict[int, Any] = like._read if like else {}  # each part's inputs by its identity
        self.training = self._training(shares=like is not None)
        self._checkpoints: Checkpoints | None = None
        if self.test:  # whatever does not fit is found before the work, not after it
            self._examples(self.test)

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self._checkpoints or self.training)

    def checkpoint(self, directory: str | Path, every: float = 30.0, resume: bool = False) -> bool:
        """Keep where the training stands in `checkpoint.limpid` in `directory`, which is made where it is missing.

        The file is replaced `every` so many seconds, also in the midst of a pass, and when the training ends or its
        loop is left. To `resume` is to go on from the file that is there: to the same bits as if the training had not
        been ended, but for L-BFGS, which begins anew from its last iterate. Of a training that was complete only the
        `model` is left to take. More epochs may be asked for than before, where the schedule is not laid out over
        all of them, and other `threads`. Returns whether there was a file to go on from; where there was none the
        training starts afresh. A disk that fails later is warned of and ends nothing. `train_many` keeps none of this.

        Errors: `LimpidError` for a file that is there without `resume`, or is of other examples or another recipe;
        `ModelFileError` for a damaged or newer one.
        """
        owner = Owner(self.dataset.fingerprint(), plain(asdict(self.recipe)))
        self._checkpoints = Checkpoints(self.training, self._random, owner, Path(directory), every, resume)
        return self._checkpoints.resumed

    def stop(self, reason: str = "interrupted") -> None:
        """Ask for an end soon; the model keeps the best so far."""
        self.training.stop(reason)

    def evaluate(self, model: Model) -> Evaluation | None:
        """What `model` makes of the rows held out for the test, None where there are none."""
        return evaluate(model, self.test) if self.test else None

    @property
    def model(self) -> Model:
        """The best so far, ready for raw inputs."""
        history = self.training.history
        return Model(
            network=self.network,
            parameters=self.training.parameters,
            task=self.dataset.task,
            input_scaling=self.input_scaling,
            target_scaling=self.target_scaling,
            encoder=self.encoder,
            classes=self.classes,
            features=self.encoder.names if self.encoder else self.dataset.features,
            targets=self.dataset.targets,
            image_shape=self.dataset.image_shape,
            framing=self.framing,
            history=list(history),
            path=self.training.path and [*self.training.path],
            origin=Origin(
                source=self.dataset.name,
                fingerprint=self.dataset.fingerprint(),
                rows_train=len(self.train) + len(self.validation or ()),
                rows_validation=len(self.validation or ()),
                rows_test=len(self.test or ()),
                stopped_because=self.training.stopped_because or ("left by its caller" if history else "not trained"),
                seconds_training=sum(epoch.seconds for epoch in history),
                cost_train=self.training.cost(),
                slope=self.training.slope(),
                recipe=asdict(self.recipe),
            ),
            state=self.training.state,
            engine=self.recipe.engine,
            threads=self.recipe.threads,
        )

    def _examples(self, part: Dataset) -> Examples:
        dtype = PRECISIONS[str(self.recipe.precision)]
        if not self.encoder and part.X.shape[1] != self.network.inputs:
            raise LimpidError(
                f"{part.name}: {self.network.inputs} inputs are learned from, {part.X.shape[1]} are tested"
            )
        assert part.y is not None
        assert self.dataset.y is not None
        if part.y.shape[1:] != self.dataset.y.shape[1:]:
            given = f"{self.dataset.y.shape[1:]} to learn from, {part.y.shape[1:]} to test on"
            raise LimpidError(f"{part.name}: answers of one shape are needed, got {given}")
        targets = targets_for(part.name, part.y, self.network, self.classes, self.target_scaling, dtype)
        weights = row_weights(self._class_weights, part.y, self.classes, dtype)
        if id(part) in self._read:
            return Examples(self._read[id(part)], targets, weights)
        inputs = self.encoder.encode(part.X, dtype) if self.encoder else self.input_scaling.inputs(part.X, dtype)
        if not all_finite(inputs):
            row, column = np.argwhere(~np.isfinite(inputs))[0]
            far = f"{part.X[row, column]:g} in column {column + 1}"
            raise LimpidError(f"{part.name}: {far} lies too far from the rest for {dtype.__name__}")
        self._read[id(part)] = inputs
        return Examples(inputs, targets, weights)

    def _training(self, shares: bool) -> Training:
        recipe, network = self.recipe, self.network
        random = self._random = np.random.default_rng(recipe.seed)
        engine = find_engine(recipe.engine, recipe.threads)
        dtype = PRECISIONS[str(recipe.precision)]
        new = 0 if shares else self.encoder.numbers(len(self.train)) if self.encoder else self.train.X.size
        check_memory(
            network,
            slots=len(optimizer_of(recipe).slots),
            batch_size=recipe.batch_size or len(self.train),
            dtype=dtype,
            scaled=0 if not self.encoder and self.train.X.dtype == np.uint8 else new,
            places=recipe.epochs or 0 if recipe.keep_path else 0,
        )
        examples = self._examples(self.train)
        if shares and isinstance(examples.X, np.ndarray | Coded):
            shared = self._read[id(self.train)] = engine.shared(examples.X, examples.Y.dtype)
            examples = examples._replace(X=shared)
        start = initial_parameters(network, str(recipe.initial_weights), random, examples.Y.dtype)
        rule = step_rule(recipe, len(self.train))
        validation = self.validation and Validation(self._examples(self.validation), score_for(self.dataset.task))
        return Training(
            network,
            start,
            examples,
            rule,
            self._method(random),
            engine=engine,
            epochs=recipe.epochs or 0,
            stopping=stopping(recipe),
            validation=validation or None,
            measure_slope=recipe.measure_slope,
            keep_path=recipe.keep_path,
        )

    def _method(self, random: np.random.Generator) -> Descending | LBFGS:
        recipe = self.recipe
        if recipe.optimizer == "lbfgs":
            return LBFGS(progress=LBFGS_PROGRESS if recipe.gradient_tol is None else 0.0)
        schedule = warmed_up(find_schedule(str(recipe.schedule)), recipe.warm_up)
        return Descending(shuffled(random, len(self.train)), recipe.learning_rate or 0.0, schedule)


def completed(recipe: Recipe, dataset: Dataset) -> Recipe:
    """`complete` for this data set."""
    pictures, table = dataset.image_shape is not None, isinstance(dataset.X, Table)
    return complete(recipe, len(dataset), pictures=pictures, table=table, task=dataset.task)


def learn(dataset: Dataset, **choices: Any) -> Learning:
    """Start to learn from `dataset`; `choices` are `Recipe`'s: `for epoch in learn(read("digits"), hidden=[64]): ...`.

    Errors: `LimpidError` for an unknown choice or a value that does not fit.
    """
    for name in choices:
        choose("choice", name, asdict(Recipe()))
    return Learning(dataset, Recipe(**choices))


def unseen(model: Model, dataset: Dataset) -> Dataset:
    """The rows of `dataset` that `model` did not learn from: all, unless the data set is the one that it learned from.

    Errors: `LimpidError` where the model learned from every row.
    """
    if dataset.test is not None:
        return dataset.test
    if model.origin.fingerprint != dataset.fingerprint():
        return dataset
    share, seed = model.origin.recipe.get("test_size"), model.origin.recipe.get("seed", 0)
    if not share:
        raise LimpidError(f"{dataset.name}: the model learned from every row of it; other rows are needed to evaluate")
    return dataset.rows(held_out(dataset, np.arange(len(dataset)), share, seed)[1])


def seen(model: Model, dataset: Dataset) -> NDArray[np.int64] | None:
    """The places in `dataset` of the rows that `model` learned from, without those that it only watched.

    None where the data set is not the one that it learned from, or it is not known how that was split.
    """
    recipe = model.origin.recipe
    if model.origin.fingerprint != dataset.fingerprint() or "validation_size" not in recipe:
        return None
    return _places(dataset, Recipe(**{name: recipe[name] for name in ("test_size", "validation_size", "seed")}))[0]


def _known(dataset: Dataset) -> NDArray[Any]:
    """The answers."""
    if dataset.y is None:
        raise LimpidError(f"{dataset.name}: answers to learn from are needed, the source has none")
    return dataset.y


def _check_classes(train: Dataset, classes: NDArray[Any] | None) -> None:
    if classes is not None and train.y is not None and len(np.unique(train.y)) < 2:
        raise LimpidError(
            f"{train.name}: rows of at least two classes are needed to learn from; "
            f"of the {len(train)} that are left each is of class {train.y[0]!s}"
        )


def _split(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, Dataset | None, Dataset | None]:
    """The rows to learn from, to watch and to test on; the last two may be none."""
    learned, watched, tested = _places(dataset, recipe)
    test = dataset.test if tested is None else dataset.rows(tested)
    return dataset.rows(learned), None if watched is None else dataset.rows(watched), test


def _places(
    dataset: Dataset, recipe: Recipe
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None, NDArray[np.int64] | None]:
    """Those of the rows to learn from, to watch and to test on; None where there are none, or the test has its own."""
    rows, tested, watched = np.arange(len(dataset)), None, None
    if dataset.test is None and recipe.test_size:
        rows, tested = held_out(dataset, rows, recipe.test_size, recipe.seed)
    if recipe.validation_size:
        rows, watched = held_out(dataset, rows, recipe.validation_size, recipe.seed)
    return rows, watched, tested


def held_out(
    dataset: Dataset, rows: NDArray[np.int64], share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`rows` in two: those kept and a `share` set aside, each class in proportion where every class has rows enough."""
    from sklearn.model_selection import train_test_split

    if ceil(share * len(rows)) >= len(rows):
        raise LimpidError(f"{dataset.name}: {len(rows)} rows are too few to set a share of {share:g} aside")
    labels = None
    if dataset.task == "classification" and dataset.y is not None:
        labels = dataset.y[rows]
        counts = np.unique(labels, return_counts=True)[1]
        if counts.min() < 2 or len(counts) > share * len(rows) or len(counts) > (1 - share) * len(rows):
            labels = None
    kept, aside = train_test_split(rows, test_size=share, random_state=seed % 2**32, stratify=labels)
    return np.sort(kept), np.sort(aside)


def _encoder(train: Dataset) -> TableEncoder | None:
    """For a table; rows of numbers are scaled."""
    table = train.X
    if not isinstance(table, Table):
        return None
    try:
        return TableEncoder.fit(table, table.__getitem__, train.categorical)
    except DataError as error:
        raise DataError(f"{train.name}: {error}") from None


def _input_scaling(train: Dataset, inputs: int) -> Scaling:
    if isinstance(train.X, Table):
        return Scaling.none(inputs)
    if train.full_scale is not None:
        return Scaling.divide(train.X.shape[1], train.full_scale)
    return Scaling.standard(train.X)


def _framing(train: Dataset) -> Framing | None:
    return measure(train.X, train.image_shape, train.full_scale) if train.image_shape else None
