"""Limpid beside the alternatives: every method learns from the same rows and answers for the same others."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from math import inf
from typing import Any

from threadpoolctl import threadpool_limits

from limpid.comparison import words
from limpid.comparison.methods import LIMPID, METHODS, Setting
from limpid.comparison.scores import Judge
from limpid.comparison.standing import Difference, Result, Standing, behind
from limpid.comparison.trial import Split, TooSlowError, Trial, try_limpid, try_method
from limpid.dataset import Dataset
from limpid.errors import LimpidError, choose
from limpid.recipe import Recipe

INTERRUPTED = "Training interrupted"
"""So begins the warning that scikit-learn's MLP makes of Ctrl-C."""


class Comparison:
    """Methods being compared: iterate it for a `Standing` each time that one has been tried on a split.

    `standings` tells at any time how all did so far. Ctrl-C ends the iteration; `interrupted` says so then.
    """

    def __init__(
        self, dataset: Dataset, recipe: Recipe, seeds: int, limit: float, methods: Sequence[str] | None = None
    ) -> None:
        """See `compare`; of `recipe` the seed, the test size and the threads are of use."""
        _check(dataset, recipe, seeds, limit)
        self.dataset, self.seeds, self.limit = dataset, seeds, limit
        self.interrupted = False
        self._recipe = recipe
        self._split = Split.of(dataset, recipe)  # what does not fit is found before the work
        self.judge = self._judge_of(self._split)
        known = {method.name(self._classifies): method for method in METHODS if method.name(self._classifies)}
        for name in methods or ():
            choose("method", name, {**known, LIMPID: None})
        asked = [*known, LIMPID] if methods is None else methods
        self._methods = {name: method for name, method in known.items() if method.installed and name in asked}
        self._ours = [LIMPID] if LIMPID in asked else []
        self.absent = [name for name in known if name in asked and name not in self._methods]
        self._standings = {name: Standing(name, ()) for name in self.names}

    @property
    def names(self) -> list[str]:
        """Of the methods, from the simplest on."""
        return [*self._methods, *self._ours]

    def __iter__(self) -> Iterator[Standing]:
        try:
            for number in range(self.seeds):
                if number:
                    self._split = Split.of(self.dataset, replace(self._recipe, seed=self._recipe.seed + number))
                judge = self._judge_of(self._split)
                for name in self.names:
                    yield self._tried(name, judge)
        except KeyboardInterrupt:
            self.interrupted = True

    @property
    def standings(self) -> list[Standing]:
        """Of the methods tried so far, from the simplest on."""
        return [standing for standing in self._standings.values() if standing.results or standing.failed]

    @property
    def best(self) -> Standing | None:
        """The one with the highest score among those tried on the most splits."""
        most = max((len(standing.results) for standing in self.standings), default=0)
        whole = [standing for standing in self.standings if len(standing.results) == most > 0]
        return max(whole, key=lambda standing: standing.score, default=None)

    def behind(self, standing: Standing) -> Difference | None:
        """How far that one is behind the best; None where it has no results."""
        if self.best is None or not standing.results:
            return None
        differ = self.dataset.test is None
        return behind(self.best, standing, self.rows_tested / self.rows_learned if differ else None)

    @property
    def as_good(self) -> list[Standing]:
        """The best and those whose differences from it are within noise, from the simplest on."""
        return [each for each in self.standings if (found := self.behind(each)) is not None and found.noise]

    def table(self) -> list[dict[str, Any]]:
        """For each of `standings` its figures by name: plain numbers and texts, None where there is none."""
        return [each.figures(self.behind(each)) for each in self.standings]

    def verdict(self) -> list[str]:
        """In plain words: who wins by how much, whether something simpler or quicker is as good, limpid's place."""
        return words.verdict(self)

    @property
    def rows_learned(self) -> int:
        return len(self._split.kept)

    @property
    def rows_tested(self) -> int:
        return len(self._split.test)

    @property
    def _classifies(self) -> bool:
        return self.dataset.task == "classification"

    def _judge_of(self, split: Split) -> Judge:
        assert split.test.y is not None
        assert self.dataset.y is not None
        return Judge.of(split.test.y, self.dataset.y, self._classifies, self._recipe.seed)

    def _tried(self, name: str, judge: Judge) -> Standing:
        standing = self._standings[name]
        if standing.failed:
            return standing
        try:
            trial = self._try(name, judge)
            standing = replace(standing, results=(*standing.results, Result(trial, judge.judge(trial))))
        except TooSlowError as reason:
            standing = Standing(name, (), f"left out: {reason}")
        except Exception as error:  # one method's trouble, of whatever kind, must not cost the others' figures
            told = " ".join(str(error).split())
            standing = Standing(name, (), f"failed: {type(error).__name__}: {told}")
        self._standings[name] = standing
        return standing

    def _try(self, name: str, judge: Judge) -> Trial:
        threads = self._recipe.threads
        with _quiet(), threadpool_limits(threads) if threads else nullcontext():
            if name == LIMPID:
                return try_limpid(self._split, judge.watched, self.limit)
            return try_method(self._methods[name], self._split, self._setting(), judge.watched, self.limit)

    def _setting(self) -> Setting:
        seed, threads = self._split.recipe.seed, self._recipe.threads or _cores()
        return Setting(self._classifies, seed, threads, self.rows_learned)


def compare(
    dataset: Dataset,
    *,
    seeds: int = 1,
    seed: int = 0,
    test_size: float = 0.2,
    threads: int | None = None,
    limit: float = 60.0,
    methods: Sequence[str] | None = None,
) -> Comparison:
    """Start to compare limpid's defaults with simpler and other methods on `dataset`; see `Comparison`.

    All learn from the rows that `learn` with the same `seed` and `test_size` learns from and watches, and are tested
    on the rows that it holds out, on `seeds` splits by the seeds from `seed` on. `threads`: processor cores to use at
    most. A method that would take longer than about `limit` seconds to learn from a split learns from fewer rows.
    `methods` names those to try, "limpid" among them; all where it is None.

    Errors: `LimpidError` for several answers a row, no rows to test on, an unknown method, or a number out of range; as
    `learn`.
    """
    return Comparison(dataset, Recipe(seed=seed, test_size=test_size, threads=threads), seeds, limit, methods)


def _check(dataset: Dataset, recipe: Recipe, seeds: int, limit: float) -> None:
    if dataset.y is not None and (dataset.y.ndim > 1 or dataset.task == "multilabel"):
        answers = 1 if dataset.y.ndim == 1 else dataset.y.shape[1]
        raise LimpidError(f"{dataset.name}: one answer a row is compared, a class or a number; got {answers}")
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
        raise LimpidError(f"the number of seeds must be an integer of at least 1, got {seeds!r}")
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not 0 < limit < inf:
        raise LimpidError(f"the limit must be a finite number of seconds above 0, got {limit!r}")
    if recipe.test_size == 0 and dataset.test is None:
        raise LimpidError(f"{dataset.name}: rows to test on are needed, a test size above 0")


@contextmanager
def _quiet() -> Iterator[None]:
    """No warnings, that something has not converged and the like: the scores tell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", INTERRUPTED)
        warnings.showwarning = _unheard  # scikit-learn's threads lose filters
        try:
            yield
        except UserWarning as warning:
            raise KeyboardInterrupt from warning


def _unheard(*_: Any, **__: Any) -> None:
    """Instead of printing a warning."""


def _cores() -> int:
    from joblib import cpu_count

    return int(cpu_count())
