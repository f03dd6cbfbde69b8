"""What a page is about: the model, rows that it was measured on, rows that it learned from, and their pictures."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset
from limpid.displays import grey_picture, weight_picture
from limpid.evaluation import Evaluation
from limpid.model import Model

MOST_ROWS = 2_000
"""Looked at where a figure needs no more: what is told of a sample says so."""


@dataclass(frozen=True)
class Material:
    """All that the sections of a page are made of."""

    model: Model
    evaluation: Evaluation | None
    """On rows that it did not learn from; None where there are none."""
    seen: Dataset | None = None
    """The rows that it learned from, where they are known."""

    @property
    def source(self) -> str:
        return Path(self.model.origin.source).name

    @cached_property
    def unseen(self) -> Dataset | None:
        """Rows that it did not learn from: at most `MOST_ROWS` of them."""
        return sample(self.evaluation.dataset) if self.evaluation else None

    @cached_property
    def learned(self) -> Dataset | None:
        """Rows that it learned from: at most `MOST_ROWS` of them."""
        return sample(self.seen) if self.seen else None

    @cached_property
    def rows(self) -> Dataset | None:
        """Those to look at neurons by: unseen ones where there are any."""
        return self.unseen or self.learned

    def few(self, most: int, dataset: Dataset | None = None) -> Any:
        """The inputs of at most so many rows, of those to look at neurons by where no data set is given."""
        chosen = dataset or self.rows
        assert chosen is not None, "there are rows to look at"
        return sample(chosen, most).X

    def few_answers(self, most: int, dataset: Dataset | None = None) -> Any:
        """The answers to these; None where they are not known."""
        chosen = dataset or self.rows
        assert chosen is not None, "there are rows to look at"
        return sample(chosen, most).y

    @staticmethod
    def both(dataset: Dataset | None) -> tuple[Any, Any]:
        """Inputs and answers, None each where there are none."""
        return (None, None) if dataset is None or dataset.y is None else (dataset.X, dataset.y)

    def strip(self, x: NDArray[Any]) -> str:
        """Some inputs (4, inputs), as the network sees them, as one picture, two by two."""
        tiles = np.reshape(x[np.arange(4) % len(x)], (2, 2, *self.shape)).transpose(0, 2, 1, 3)
        height, width = self.shape
        return grey_picture(tiles.reshape(2 * height, 2 * width), float(np.max(x)) or 1.0, self.negative)

    @property
    def negative(self) -> bool:
        """Whether ink is bright on dark, and is shown dark on white."""
        return self.model.framing is None or self.model.framing.background == "dark"

    def grey(self, x: NDArray[Any], full_scale: float | None = None) -> str:
        """An input (inputs,) as its picture's data address."""
        scale = full_scale or (self.rows and self.rows.full_scale) or float(np.max(x)) or 1.0
        return grey_picture(np.reshape(x, self.shape), float(scale), self.negative)

    def coloured(self, weights: NDArray[Any], limit: float) -> str:
        """Numbers for the inputs (inputs,), blue below 0 and orange above, as a picture's data address."""
        return weight_picture(np.reshape(weights, self.shape), limit)

    @property
    def shape(self) -> tuple[int, int]:
        assert self.model.image_shape is not None, "only pictures are drawn"
        return self.model.image_shape


def sample(dataset: Dataset, most: int = MOST_ROWS) -> Dataset:
    """At most so many of the rows, drawn by chance, the same ones each time."""
    if len(dataset) <= most:
        return dataset
    return dataset.rows(np.sort(np.random.default_rng(0).choice(len(dataset), most, replace=False)))
