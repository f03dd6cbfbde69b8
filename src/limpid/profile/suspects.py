"""Columns that had better not be learned from: those that name their row, and those that give the target away."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limpid.profile.cells import Cells
from limpid.profile.copies import FEWEST_OTHERS, FEWEST_ROWS, same
from limpid.profile.findings import Finding
from limpid.profile.names import afterwards, kin, names_a_row, series
from limpid.profile.targets import Target
from limpid.profile.telling import answers_of, beyond_chance, told_by_absence, told_share

MOST_ROWS = 20_000
"""Rows that are asked how much a column tells."""
NEARLY_ALL = 0.9
"""The share of cells that differ in a column that names its rows."""
GIVES_AWAY = {"classification": 0.95, "multilabel": 0.95, "regression": 0.995}
"""The share told from which a column is a leak; nature is seldom so plain with classes, with numbers it may be."""
STRONG = {"classification": 0.9, "multilabel": 0.9, "regression": 0.95}
"""The share from which it is worth a thought."""
BY_ABSENCE = 0.5
"""The share told by nothing but missing cells that is too much."""
OF_ORDER = 0.3
"""The share that an identifier tells only where rows lie in the target's order."""
SOMETHING = 0.02
"""What a column called like the target has to tell at least."""


@dataclass(frozen=True)
class Evidence:
    """The rows that are asked, and what is to be told in them."""

    target: Target
    cells: Mapping[str, Cells]
    """The target's own."""
    rows: NDArray[np.int64]
    """(asked,) rows of which every answer is known."""
    answers: Mapping[str, NDArray[np.float64]]
    """(asked, numbers) for each of the target's columns."""

    @staticmethod
    def of(target: Target, cells: Mapping[str, Cells]) -> "Evidence":
        """A sample of the rows of which all of the target's `cells` are known; the same at each call."""
        rows = np.flatnonzero(np.all([each.codes >= 0 for each in cells.values()], axis=0))
        if len(rows) > MOST_ROWS:
            rows = np.sort(np.random.default_rng(0).choice(rows, MOST_ROWS, replace=False))
        classes = target.task == "classification"
        answers = {name: answers_of(each, rows, classes) for name, each in cells.items() if len(each.counts)}
        return Evidence(target, cells, rows, answers)

    @property
    def enough(self) -> bool:
        """Whether there are rows enough to tell a leak from chance."""
        if len(self.rows) < FEWEST_ROWS:
            return False
        others = [len(self.rows) - np.bincount(each.codes[self.rows]).max() for each in self.cells.values()]
        return bool(min(others) >= FEWEST_OTHERS)

    def told(self, cells: Cells) -> float:
        """The share of a target that the column tells alone; of several targets the one that it tells most of."""
        return max((told_share(cells, self.rows, answer) for answer in self.answers.values()), default=0.0)

    def told_by_absence(self, cells: Cells) -> float:
        """The share of it that missing cells tell."""
        return max((told_by_absence(cells, self.rows, answer) for answer in self.answers.values()), default=0.0)


def identifier(name: str, cells: Cells) -> str | None:
    """Why the column called `name` seems to name its rows, where it does."""
    distinct, present = len(cells.counts), cells.present
    if present < FEWEST_ROWS or distinct < NEARLY_ALL * present or cells.sentences:
        return None
    differ = f"{'all' if distinct == present else f'{distinct:,}'} of its {present:,}"
    if cells.texts:
        return f"{differ} texts differ"
    if not cells.whole:
        return None
    if distinct == present and int(cells.values[-1]) - int(cells.values[0]) == present - 1:
        return f"its whole numbers are {cells.written(0)} to {cells.written(-1)}, each once"
    word = names_a_row(name)
    return f"{differ} whole numbers differ, and its name says {word!r}" if word else None


def identifiers(columns: Mapping[str, Cells], told: Mapping[str, float] | None = None) -> list[Finding]:
    """Those of the `columns` that seem to name their rows; `told` says how much of a target each tells alone."""
    found = []
    for name, cells in columns.items():
        reason = identifier(name, cells)
        share = told[name] if told else 0.0
        if reason and share > OF_ORDER:
            reason += f"; it tells {share:.0%} of the target, in whose order the rows lie"
        if reason:
            found.append(Finding(name, "identifier", reason))
    return found


def leaks(columns: Mapping[str, Cells], told: Mapping[str, float], evidence: Evidence) -> list[Finding]:
    """Those of the `columns` that seem to give the target away; `told` says how much of it each tells alone."""
    by_name = _called_alike(columns, told, evidence)
    found = []
    for name, cells in columns.items():
        reason = _same_as_target(cells, evidence) or _tells_nearly_all(cells, told[name], evidence)
        if reason is None and (word := afterwards(name)):
            reason = f"its name says {word!r}: is it known only afterwards?"
        reason = reason or by_name.get(name)
        if reason:
            found.append(Finding(name, "leak", reason))
        elif evidence.enough and told[name] >= STRONG[evidence.target.task]:
            reason = f"alone it tells {told[name]:.1%} of {evidence.target.called}: is it known beforehand?"
            found.append(Finding(name, "strong", reason))
    return found


def _same_as_target(cells: Cells, evidence: Evidence) -> str | None:
    for name, target in evidence.cells.items():
        if how := same(cells, target):
            return f"it says the same as {name}: {how}"
    return None


def _tells_nearly_all(cells: Cells, told: float, evidence: Evidence) -> str | None:
    if not evidence.enough:
        return None
    if told >= GIVES_AWAY[evidence.target.task]:
        return f"alone it tells {told:.1%} of {evidence.target.called} on rows held out"
    if cells.present < len(cells.codes):
        absence = evidence.told_by_absence(cells)
        if absence >= BY_ABSENCE:
            return f"whether its cell is missing tells {absence:.1%} of {evidence.target.called}"
    return None


def _called_alike(columns: Mapping[str, Cells], told: Mapping[str, float], evidence: Evidence) -> dict[str, str]:
    """Columns that share a rare word with the target and tell more of it than chance would, and their series."""
    found: dict[str, str] = {}
    for target, answers in evidence.answers.items():
        related = kin(target, columns)
        for name, word in related.items():
            if told[name] >= SOMETHING and beyond_chance(columns[name], evidence.rows, answers):
                found[name] = f"it shares the word {word!r} with {target} and tells {told[name]:.0%} of it"
        of_series = {series(name): name for name in found}
        for name in related.keys() - found.keys():
            if first := of_series.get(series(name)):
                found[name] = f"it shares a word with {target} and is of one series with {first}"
    return found
