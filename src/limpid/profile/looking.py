"""From a data set to its profile: each column by itself, then all of them beside the target."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset
from limpid.errors import DataError, nearest
from limpid.profile.cells import Cells, cells_of, written
from limpid.profile.copies import repeated_rows, same_columns
from limpid.profile.figures import ColumnFigures, encoding, figures_of, kind_of
from limpid.profile.findings import SUSPECT, Finding
from limpid.profile.result import ArrayFigures, Profile
from limpid.profile.suspects import MOST_ROWS, Evidence, identifier, identifiers, leaks
from limpid.profile.targets import Target, about_target, guess_target, target_of
from limpid.table import Column, Table

MOSTLY_MISSING = 0.5
"""The share of missing cells that is worth a word."""
FEW_VALUES = range(3, 11)
"""Whole numbers of which there are so many may be names."""


def profile_of(dataset: Dataset, target: str | None = None, task: str | None = None) -> Profile:
    """What `dataset` holds, what learning would make of it, and what there is to beware of.

    `target` names the columns to be predicted, with commas between; else they are the data set's own answers, or one
    is guessed. `task` is guessed where it is None. Errors: `DataError` for a column that is not there.
    """
    table = _table(dataset)
    targets = target.split(",") if target else list(_answers(dataset))
    _check_names(dataset, table, targets)
    cells = _cells(dataset, table)
    figures = {name: _figures(dataset, name, table[name], cells[name], name in targets) for name in table}
    guess = None if targets else guess_target(list(figures.values()), dataset.categorical)
    targets, why = ([guess[0]], guess[1]) if guess else (targets, "")
    found = target_of({name: cells[name] for name in targets}, task, why) if targets else None
    inputs = {name: each for name, each in cells.items() if name not in targets}
    told, findings = _beside_target(found, cells, inputs)
    findings += _of_columns({name: figures[name] for name in inputs}, {finding.column for finding in findings})
    if dataset.image_shape:  # the 7 that a picture shows is no amount
        findings = [finding for finding in findings if finding.kind != "classes"]
    repeated = _repeated(dataset, table)
    return Profile(
        source=dataset.name,
        rows=len(dataset),
        columns=tuple(
            replace(each, inputs=0, left_out="") if name in targets else replace(each, told=told.get(name))
            for name, each in figures.items()
        ),
        target=found,
        findings=tuple(sorted([*findings, *_of_rows(repeated, len(dataset))], key=lambda each: not each.warning)),
        repeated=repeated,
        array=_array_figures(dataset),
        test_rows=len(dataset.test or ()),
    )


def suspects_of(dataset: Dataset) -> dict[str, str]:
    """The inputs of a table with answers that had better not be learned from, each with its kind: identifier or leak.

    Told by a sample of the rows where there are many.
    """
    if len(dataset) > MOST_ROWS:
        dataset = dataset.rows(np.sort(np.random.default_rng(0).choice(len(dataset), MOST_ROWS, replace=False)))
    table, names = _table(dataset), list(_answers(dataset))
    cells = _cells(dataset, table)
    target = target_of({name: cells[name] for name in names}, dataset.task)
    findings = _beside_target(target, cells, {name: each for name, each in cells.items() if name not in names})[1]
    return {found.column: found.kind for found in findings if found.kind in SUSPECT}


def _answers(dataset: Dataset) -> dict[str, Column]:
    """The data set's own answers as columns."""
    if dataset.y is None:
        return {}
    y = dataset.y.reshape(len(dataset), -1)
    numbered = [f"target {number}" for number in range(1, y.shape[1] + 1)]
    names = dataset.targets or (["target"] if len(numbered) == 1 else numbered)
    return {name: _column(cells) for name, cells in zip(names, y.T, strict=True)}


def _column(cells: NDArray[Any]) -> Column:
    if cells.dtype.kind != "U":
        return Column("number", cells)
    texts, codes = np.unique(cells, return_inverse=True)
    return Column("text", codes.astype(np.int32), tuple(texts.tolist()))


def _table(dataset: Dataset) -> Table:
    """The inputs that have names, and the answers, side by side."""
    inputs: dict[str, Column] = {}
    if isinstance(dataset.X, Table):
        inputs = dataset.X.columns
    elif dataset.features:
        inputs = {name: Column("number", cells) for name, cells in zip(dataset.features, dataset.X.T, strict=True)}
    return Table({**inputs, **_answers(dataset)}, len(dataset))


def _cells(dataset: Dataset, table: Table) -> dict[str, Cells]:
    try:
        return {name: cells_of(table[name], name in dataset.categorical) for name in table}
    except DataError as error:
        raise DataError(f"{dataset.name}: {error}") from None


def _check_names(dataset: Dataset, table: Table, targets: list[str]) -> None:
    for names, use in ((targets, "predicted"), (dataset.categorical, "categorical")):
        for name in names:
            if name not in table:
                near = nearest(name, table)
                raise DataError(f"{dataset.name}: no column {name!r}{near} to be {use}; columns: {', '.join(table)}")
    if len(set(targets)) < len(targets):
        raise DataError(f"{dataset.name}: each target can be named once, got {','.join(targets)!r}")


def _figures(dataset: Dataset, name: str, column: Column, cells: Cells, wanted: bool) -> ColumnFigures:
    names_rows = not wanted and identifier(name, cells) is not None
    kind = "identifier" if names_rows else kind_of(cells)
    return figures_of(name, cells, kind, *encoding(name, column, name in dataset.categorical))


def _beside_target(
    target: Target | None, cells: Mapping[str, Cells], inputs: Mapping[str, Cells]
) -> tuple[dict[str, float], list[Finding]]:
    """How much of the target each input tells alone; and what is to be said of target, identifiers, leaks, copies."""
    named = {name for name, each in inputs.items() if identifier(name, each)}
    rest = {name: each for name, each in inputs.items() if name not in named}
    if target is None:
        return {}, [*identifiers(inputs), *same_columns(rest)]
    answers = {name: cells[name] for name in target.names}
    evidence = Evidence.of(target, answers)
    told = {name: evidence.told(each) for name, each in inputs.items()}
    return told, [
        *about_target(target, answers),
        *identifiers(inputs, told),
        *leaks(rest, told, evidence),
        *same_columns(rest),
    ]


def _of_columns(inputs: Mapping[str, ColumnFigures], known: set[str]) -> list[Finding]:
    """Of missing cells, sentences, and numbers that may be names; the last not of columns that are `known`."""
    found = []
    for name, figures in inputs.items():
        absent = figures.missing / (figures.missing + figures.present)
        if MOSTLY_MISSING < absent < 1:
            found.append(Finding(name, "missing", f"{absent:.0%} of its cells are missing"))
        if figures.kind == "text":
            found.append(Finding(name, "text", "it holds sentences, of which only whole cells are compared"))
        if figures.kind == "whole number" and figures.distinct in FEW_VALUES and name not in known:
            told = f"its {figures.distinct} whole numbers may be names rather than amounts: --categorical {name}"
            found.append(Finding(name, "codes", told))
    return found


def _of_rows(repeated: int, rows: int) -> list[Finding]:
    if not repeated:
        return []
    told = f"rows that repeat an earlier one: {repeated:,} of {rows:,} ({repeated / rows:.1%})"
    return [Finding("", "repeats", f"{told}; some that are tested on will have been learned from")]


def _repeated(dataset: Dataset, table: Table) -> int:
    if isinstance(dataset.X, Table) or dataset.features:
        return repeated_rows(table.columns.values(), len(dataset))
    return len(dataset) - len({hash(row.tobytes()) for row in dataset.X})


def _array_figures(dataset: Dataset) -> ArrayFigures | None:
    """Of inputs without names."""
    X = dataset.X
    if isinstance(X, Table) or dataset.features:
        return None
    least, most = X.min(axis=0), X.max(axis=0)
    return ArrayFigures(
        inputs=X.shape[1],
        image_shape=dataset.image_shape,
        dtype=str(X.dtype),
        least=written(least.min().item()),
        most=written(most.max().item()),
        zeros=float(1 - np.count_nonzero(X) / X.size),
        constant=int((least == most).sum()),
    )
