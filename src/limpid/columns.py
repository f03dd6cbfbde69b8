"""One column of a table as numbers that a network computes with: how each kind is fitted and encoded.

All is computed in float64 with nothing but + - x / and square roots, and sines from tables, so that whatever encodes
the same cells elsewhere can have the same bits.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from limpid.order_statistics import order_statistics
from limpid.table import NO_MOMENT, Column

FEWEST_ROWS = 5
"""A category that fewer rows have stands with the rare ones."""
MOST_CATEGORIES = 10_000
"""The most frequent ones that get an input of their own."""
SMOOTHNESS = 3.0
"""What scaled numbers stay below in size."""
FARTHEST = 1e9
"""Scaled numbers beyond it are all the same: their square must not overflow."""


class Piece(NamedTuple):
    """One output, or several of which at most one is not 0, for each row."""

    places: NDArray[np.int64] | int
    """Which output of the column: the same for all rows, or one for each, -1 for none."""
    values: NDArray[np.float64] | float


@dataclass(frozen=True)
class Number:
    """Numbers: shifted by the median, divided by the range of the middle half, smoothly kept within +-3.

    z / sqrt(1 + (z / 3)^2), as RealMLP has it (D. Holzmueller et al., 2024, "Better by default"). A missing cell is
    as the median, and told by an input of its own where `indicator`.
    """

    name: str
    shift: float
    scale: float
    indicator: bool
    kind = "number"

    @staticmethod
    def fit(name: str, column: Column) -> "Number | str":
        """From the rows to learn from; or why the column is of no use."""
        numbers = column.numbers(name)
        indicator = bool(len(numbers) and np.isnan(numbers.min()))
        present = numbers[~np.isnan(numbers)] if indicator else numbers
        found = robust(present, indicator)
        return found if isinstance(found, str) else Number(name, *found, indicator=indicator)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, f"{self.name} is missing") if self.indicator else (self.name,)

    def encode(self, column: Column) -> list[Piece]:
        numbers = column.numbers(self.name)
        values = smoothly_clipped(numbers, self.shift, self.scale)
        return [Piece(0, values), *([Piece(1, np.isnan(numbers).astype(np.float64))] if self.indicator else [])]


@dataclass(frozen=True)
class Category:
    """Texts: an input for each category, one for all rare or unseen ones, one for a missing cell.

    The last two only where the rows learned from had any; else such a cell sets no input.
    """

    name: str
    categories: tuple[str, ...]
    rare: bool
    missing: bool
    kind = "category"

    @staticmethod
    def fit(name: str, column: Column) -> "Category | str":
        """From the rows to learn from; or why the column is of no use."""
        codes, texts = column.labels()
        counts = np.bincount(codes + 1, minlength=len(texts) + 1)
        absent, counts = int(counts[0]), counts[1:]
        if not counts.any():
            return "every cell is missing"
        if not absent and (counts > 0).sum() == 1:
            return "every cell is the same"
        often = np.flatnonzero(counts >= FEWEST_ROWS)
        if len(often) > MOST_CATEGORIES:
            often = often[np.argsort(-counts[often], kind="stable")[:MOST_CATEGORIES]]
        if not len(often) and not absent:
            return f"no category has {FEWEST_ROWS} rows"
        rare = int(counts.sum() - counts[often].sum()) > 0
        return Category(name, tuple(sorted({texts[code] for code in often})), rare, absent > 0)

    @property
    def names(self) -> tuple[str, ...]:
        special = [("rare", self.rare), ("missing", self.missing)]
        named = (f"{self.name}={category}" for category in self.categories)
        return *named, *(f"{self.name} is {what}" for what, present in special if present)

    def encode(self, column: Column) -> list[Piece]:
        codes, texts = column.labels()
        known = {category: place for place, category in enumerate(self.categories)}
        other = len(known) if self.rare else -1
        gone = len(known) + self.rare if self.missing else -1
        return [Piece(np.array([known.get(text, other) for text in texts] + [gone], np.int64)[codes], 1.0)]


@dataclass(frozen=True)
class Date:
    """Moments: the day as a number; month, day, weekday and, where `times`, the hour as sine and cosine."""

    name: str
    shift: float
    """Of days since 1970-01-01."""
    scale: float
    times: bool
    indicator: bool
    kind = "date"

    @staticmethod
    def fit(name: str, column: Column) -> "Date | str":
        """From the rows to learn from; or why the column is of no use."""
        moments = column.moments(name)
        present = moments[moments != NO_MOMENT]
        indicator = len(present) < len(moments)
        found = robust(present / DAY, indicator)
        if isinstance(found, str):
            return found
        return Date(name, *found, times=bool((present % DAY).any()), indicator=indicator)

    @property
    def names(self) -> tuple[str, ...]:
        parts = [part for part in CYCLES if part != "hour" or self.times]
        circles = (f"{wave} of {self.name}'s {part}" for part in parts for wave in ("sine", "cosine"))
        return self.name, *circles, *([f"{self.name} is missing"] if self.indicator else [])

    def encode(self, column: Column) -> list[Piece]:
        moments, absent = column.moments(self.name), column.missing
        moments = np.where(absent, 0, moments)
        days = np.where(absent, np.nan, moments / DAY)
        values = [smoothly_clipped(days, self.shift, self.scale)]
        for part, steps in parts_of(moments).items():
            if part != "hour" or self.times:
                values += [np.where(absent, 0.0, wave[steps]) for wave in CYCLES[part]]
        values += [absent.astype(np.float64)] if self.indicator else []
        return [Piece(place, each) for place, each in enumerate(values)]


DAY = 86_400_000_000
"""In microseconds."""


def parts_of(moments: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Month, day and weekday (Monday is 0) and hour of moments (rows,), each counted from 0."""
    dates = moments.astype("M8[us]")
    months = dates.astype("M8[M]")
    return {
        "month": months.astype(np.int64) % 12,
        "day": (dates.astype("M8[D]") - months.astype("M8[D]")).astype(np.int64),
        "weekday": (moments // DAY + 3) % 7,
        "hour": moments // (DAY // 24) % 24,
    }


def _circle(steps: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    angles = 2 * np.pi * np.arange(steps) / steps
    return np.sin(angles).round(15), np.cos(angles).round(15)


CYCLES = {part: _circle(steps) for part, steps in (("month", 12), ("day", 31), ("weekday", 7), ("hour", 24))}
"""Sine and cosine of each part of a date."""


def robust(present: NDArray[Any], indicator: bool) -> tuple[float, float] | str:
    """Median and range of the middle half (half of the whole range where that is 0) of numbers, exactly.

    Or why they are of no use: where all are the same they are so only with an `indicator` beside them.
    """
    if not len(present):
        return "every cell is missing"
    last = len(present) - 1
    least, most = float(present.min()), float(present.max())
    if least == most:
        return (least, 1.0) if indicator else "every cell is the same"
    low, middle, high = order_statistics(present, [last // 4, last // 2, 3 * last // 4])
    scale = high - low or most / 2 - least / 2 or most - least  # half of the least number above 0 is 0
    return middle, min(scale, float(np.finfo(np.float64).max))


def smoothly_clipped(numbers: NDArray[np.float64], shift: float, scale: float) -> NDArray[np.float64]:
    """Scaled `numbers`, kept within +-3 without a corner; 0 where missing."""
    with np.errstate(over="ignore"):
        z = (numbers - shift) / scale
    z = np.clip(np.where(np.isnan(numbers), 0.0, z), -FARTHEST, FARTHEST)
    part = z / SMOOTHNESS
    clipped: NDArray[np.float64] = z / np.sqrt(1.0 + part * part)
    return clipped


def unclipped(values: NDArray[np.float64], shift: float, scale: float) -> NDArray[np.float64]:
    """The numbers that `smoothly_clipped` makes `values` of; +-3 and beyond are as far off as it tells apart."""
    part = np.clip(values / SMOOTHNESS, -1, 1)
    rest = np.sqrt(np.maximum(1.0 - part * part, (SMOOTHNESS / FARTHEST) ** 2))
    return np.asarray(SMOOTHNESS * part / rest * scale + shift)
