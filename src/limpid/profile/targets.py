"""What is to be predicted: which column it may be, whether as a class or as a number, and what is wrong with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from limpid.dataset import MOST_CLASSES_GUESSED, guess_task
from limpid.profile.cells import Cells
from limpid.profile.figures import ColumnFigures
from limpid.profile.findings import Finding
from limpid.profile.names import words

CALLED_TARGET = {"target", "label", "labels", "class", "classes", "y", "outcome", "response", "output"}
OFTEN_A_TARGET = {
    "price", "quality", "species", "diagnosis", "income", "churn", "churned", "default", "fraud", "survived", "score",
    "rating", "grade", "sales", "demand", "result", "status", "category", "spam", "sentiment", "risk", "approved",
}  # fmt: skip
ENOUGH = 2
"""Points that a guess needs."""
RARE, FEW_ROWS = 0.1, 5
"""A class with a smaller share of the rows is told of; with fewer rows than this it can hardly be learned."""
MOST_TEXT_CLASSES = 0.2
"""Texts of which more than this share differ are no classes."""


@dataclass(frozen=True)
class Target:
    """What is to be predicted, in figures."""

    names: tuple[str, ...]
    """One column, or several."""
    task: str
    """classification, multilabel or regression: as given, or as learning guesses it."""
    guess: str = ""
    """Why this is taken for the target, where nobody named one."""
    classes: tuple[tuple[str, int], ...] = ()
    """Each class and how many rows have it, where it is classes of one column."""
    missing: int = 0
    """Rows that have no answer."""

    @property
    def called(self) -> str:
        """Its name, or its names."""
        return " and ".join(self.names)


def guess_target(columns: Sequence[ColumnFigures], never: Iterable[str] = ()) -> tuple[str, str] | None:
    """The name of the column that is likeliest to be predicted, and why: by its name, its place and its values.

    None where no column is likely, or only one of those that are `never`.
    """
    best, why = None, ""
    most = float(ENOUGH)
    for at, column in enumerate(columns):
        if column.name in never or not _may_be_predicted(column):
            continue
        said = _points(column, at, len(columns))
        points = sum(said.values())
        if points >= most:  # of equals the last
            best, why, most = column.name, ", ".join(said), points
    return (best, why) if best is not None else None


def _may_be_predicted(column: ColumnFigures) -> bool:
    if (
        column.kind in {"date", "identifier", "text", "nothing"}
        or column.distinct < 2
        or column.missing > column.present
    ):
        return False
    return column.kind != "category" or column.distinct <= max(2, MOST_TEXT_CLASSES * column.present)


def _points(column: ColumnFigures, at: int, columns: int) -> dict[str, float]:
    found = words(column.name)
    said: dict[str, float] = {}
    if len(found) == 1 and found[0] in CALLED_TARGET:
        said[f"it is called {column.name!r}"] = 4
    elif named := CALLED_TARGET.intersection(found):
        said[f"its name says {min(named)!r}"] = 3
    elif named := OFTEN_A_TARGET.intersection(found):
        said[f"its name says {min(named)!r}"] = 2
    if at == columns - 1:
        said["it is the last column"] = 2
    elif at == 0:
        said["it is the first column"] = 1
    if column.distinct <= MOST_CLASSES_GUESSED:
        said[f"it has {column.distinct} values"] = 1 if column.distinct == 2 else 0.5
    return said


def target_of(cells: Mapping[str, Cells], task: str | None, guess: str = "") -> Target:
    """The target that is in these columns; the `task` is guessed as learning does where it is None."""
    several = list(cells.values())
    complete = np.all([each.codes >= 0 for each in several], axis=0)
    missing = int((~complete).sum())
    names = tuple(cells)
    if len(several) > 1:
        labels = all(not each.texts and np.isin(each.values, (0, 1)).all() for each in several)
        return Target(names, task or ("multilabel" if labels else "regression"), guess, missing=missing)
    (only,) = several
    task = task or (guess_task(only.values[only.codes[complete]]) if only.present else "classification")
    classes = tuple((only.written(place), int(count)) for place, count in enumerate(only.counts))
    return Target(names, task, guess, classes if task == "classification" else (), missing)


def about_target(target: Target, cells: Mapping[str, Cells]) -> list[Finding]:
    """What keeps the target from being learned, and what to do about it."""
    found = []
    for name, each in cells.items():
        missing = len(each.codes) - each.present
        if missing:
            reason = f"{missing:,} of its cells are missing: only rows with an answer can be learned from"
            found.append(Finding(name, "target", reason))
        if len(each.values) == 1:
            found.append(Finding(name, "target", "every cell is the same: there is nothing to learn"))
        if each.values.dtype.kind == "M":
            found.append(Finding(name, "target", "it holds dates, which cannot be predicted"))
        elif each.texts and target.task != "classification":
            found.append(Finding(name, "target", f"it holds texts, a {target.task} needs numbers"))
        elif each.texts and len(each.values) > MOST_TEXT_CLASSES * each.present:
            found.append(Finding(name, "target", f"it has {len(each.values):,} classes in {each.present:,} rows"))
    if not found and len(target.names) == 1:
        (only,) = cells.values()
        found = [*_balance(target, only), *_numbers_as_classes(target, only)]
    return found


def _balance(target: Target, cells: Cells) -> list[Finding]:
    if not target.classes:
        return []
    (name,) = target.names
    (often, most), (seldom, least) = (extreme(target.classes, key=lambda each: each[1]) for extreme in (max, min))
    few = [text for text, count in target.classes if count < FEW_ROWS]
    found = []
    if least < RARE * cells.present / max(1, len(target.classes) / 2):
        reason = (
            f"only {least:,} of {cells.present:,} rows are {seldom!r} ({least / cells.present:.1%}); always answering "
            f"{often!r} is right on {most / cells.present:.1%}: judge each class apart, and weigh them alike "
            "(class_weight='balanced' of MLPClassifier)"
        )
        found.append(Finding(name, "imbalance", reason))
    if few:
        reason = f"fewer than {FEW_ROWS} rows are {_listed(few)}: join them with others or find more"
        found.append(Finding(name, "imbalance", reason))
    return found


def _numbers_as_classes(target: Target, cells: Cells) -> list[Finding]:
    if target.task != "classification" or cells.texts or len(cells.values) < 3:
        return []
    reason = f"its {len(cells.values)} numbers are taken for classes; where more means more: --task regression"
    return [Finding(target.names[0], "classes", reason)]


def _listed(names: Sequence[str], most: int = 5) -> str:
    told = ", ".join(map(repr, names[:most]))
    return told if len(names) <= most else f"{told} and {len(names) - most} more"
