"""How much one column alone tells of what is to be predicted: the share of its variance, on rows held out."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from limpid.profile.cells import Cells

FOLDS = 5
MOST_CLASSES = 50
"""Of which each counts; rarer ones stand together."""
COARSE, ROWS_EACH = 32, 20
"""Numbers are cut into groups of equal size, first into at most this many with at least this many rows."""
FINE = 5
"""Then into groups of about this many rows."""
PERMUTATIONS = 99


def answers_of(cells: Cells, rows: NDArray[np.int64], classes: bool) -> NDArray[np.float64]:
    """(n, numbers) what is to be told in `rows` (n,): 1 for the class of a row and 0 else, or its number's rank."""
    codes = cells.codes[rows]
    if not classes:
        ranks = np.cumsum(cells.counts) - (cells.counts + 1) / 2  # of numbers as they are a few huge ones would decide
        return ranks[codes][:, None]
    told = cells.frequent(MOST_CLASSES)[: max(len(cells.counts) - 1, 1)]  # the last follows from the others
    return np.stack([codes == place for place in told], axis=1).astype(np.float64)


def groupings(cells: Cells, rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Ways to put `rows` (n,) of like cells together: the group of each (n,), missing cells last, and how many groups.

    Each category is a group; numbers are cut coarsely, to see a course, and finely, to see a threshold.
    """
    codes, distinct = cells.codes[rows].astype(np.int64), len(cells.counts)
    if cells.texts or distinct <= COARSE:
        yield codes % (distinct + 1), distinct + 1
        return
    before, present = np.cumsum(cells.counts) - cells.counts, int((codes >= 0).sum())
    coarse = min(COARSE, max(2, present // ROWS_EACH))
    for groups in sorted({coarse, max(coarse, present // FINE)}):
        yield np.append(before * groups // cells.present, groups)[codes], groups + 1


def told_share(cells: Cells, rows: NDArray[np.int64], answers: NDArray[np.float64]) -> float:
    """The share of the variance of `answers` (n, numbers) that the column alone tells in `rows` (n,), from 0 to 1.

    Cross-validated: the rows of each fold are told by the means of like rows in the others.
    """
    return _share(groupings(cells, rows), answers)


def told_by_absence(cells: Cells, rows: NDArray[np.int64], answers: NDArray[np.float64]) -> float:
    """The share that it tells by nothing but whether a cell is missing."""
    return _share([((cells.codes[rows] < 0).astype(np.int64), 2)], answers)


def beyond_chance(cells: Cells, rows: NDArray[np.int64], answers: NDArray[np.float64]) -> bool:
    """Whether the column tells more of `answers` in `rows` than of each of 99 permutations of them."""
    groups, count = next(groupings(cells, rows))
    sizes = np.maximum(np.bincount(groups, minlength=count), 1)

    def explained(order: NDArray[np.int64]) -> float:
        sums = (np.bincount(groups, answer[order], count) for answer in answers.T)
        return float(sum((each**2 / sizes).sum() for each in sums))

    random = np.random.default_rng(0)
    chance = (explained(random.permutation(len(rows))) for _ in range(PERMUTATIONS))
    return explained(np.arange(len(rows))) > max(chance)


def _share(ways: Iterable[tuple[NDArray[np.int64], int]], answers: NDArray[np.float64]) -> float:
    folds = np.random.default_rng(0).permutation(len(answers)) % FOLDS
    base = _left(folds, np.zeros(len(answers), np.int64), 1, answers)
    if not base > 0:
        return 0.0
    return float(max(0.0, *(1 - _left(folds, groups, count, answers) / base for groups, count in ways)))


def _left(folds: NDArray[np.int64], groups: NDArray[np.int64], count: int, answers: NDArray[np.float64]) -> float:
    """The sum of squares that is left when each row is told by its group's mean in the other folds."""
    cells = folds * count + groups
    rows = np.bincount(cells, minlength=FOLDS * count).reshape(FOLDS, count)
    others = rows.sum(axis=0) - rows
    left = 0.0
    for answer in answers.T:
        sums = np.bincount(cells, answer, FOLDS * count).reshape(FOLDS, count)
        elsewhere = sums.sum(axis=0) - sums
        unseen = elsewhere.sum(axis=1) / np.maximum(others.sum(axis=1), 1)
        means = np.where(others > 0, elsewhere / np.maximum(others, 1), unseen[:, None])
        left += float((answer**2).sum() - 2 * (means * sums).sum() + (rows * means**2).sum())
    return left
