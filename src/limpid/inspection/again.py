"""Networks trained as a model was trained, for comparison: on shuffled answers, on fewer rows, of other sizes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from limpid.dataset import Dataset
from limpid.errors import LimpidError
from limpid.inspection.capacity import Capacity, capacity, fewer
from limpid.inspection.known import constant_cost, costs_of
from limpid.learning import Learning
from limpid.together import train_many

SIZES = (0.1, 0.2, 0.4, 0.7, 1.0)
"""Of the rows, in the curve over their number."""


@dataclass(frozen=True)
class Again:
    """Training as the model was trained, for comparison."""

    dataset: Dataset
    recipe: dict[str, Any] | None
    epochs: int | None
    seeds: int
    seed: int

    def check(self) -> None:
        if self.recipe is None:
            raise LimpidError(
                "it is not known how the model was trained, which networks for comparison need: "
                "leave them out with shuffled=False, examples=False, sizes=False"
            )

    def _trained(self, dataset: Dataset, **choices: Any) -> list[Learning]:
        settings = {**self._choices, **choices}
        networks = [{"seed": self.seed + number} for number in range(self.seeds)]
        together = train_many(networks, dataset, **settings)
        for _ in together:
            pass
        return together.learnings

    @property
    def _choices(self) -> dict[str, Any]:
        assert self.recipe is not None
        kept = {name: value for name, value in self.recipe.items() if name not in {"seed", "test_size", "keep_path"}}
        epochs = self.recipe.get("epochs") if self.epochs is None else self.epochs
        return {**kept, "epochs": epochs}

    def by_heart(self) -> float:
        """The share of the cost that shuffled answers lose in training, of all that they could."""
        random = np.random.default_rng(self.seed)
        assert self.dataset.y is not None
        mixed = replace(self.dataset, y=random.permutation(self.dataset.y))
        # what is learned by heart is never seen to be good on others: all passes are made
        choices = {"patience": 0, "validation_size": 0.0}
        reached = []
        for learning in self._trained(mixed, **choices):
            model = learning.model
            constant = constant_cost(model, learning.train, learning.train)
            reached.append(1 - float(costs_of(model, learning.train).mean()) / constant)
        return float(np.clip(np.mean(reached), 0, 1))

    def by_examples(self) -> list[dict[str, float]]:
        """Costs against the number of rows."""
        found = []
        for share in SIZES:
            rows = max(10, int(share * len(self.dataset)))
            part = replace(fewer(replace(self.dataset, test=None), rows, self.seed), test=self.dataset.test)
            costs = [self._both(learning) for learning in self._trained(part)]
            unseen = np.array([each[1] for each in costs])
            found.append(
                {
                    "rows": float(len(part)),
                    "seen": float(np.mean([each[0] for each in costs])),
                    "unseen": float(unseen.mean()),
                    "error": float(unseen.std(ddof=1) / np.sqrt(len(unseen))),
                }
            )
        return found

    def by_size(self, widths: Sequence[int] | None, depths: Sequence[int]) -> Capacity:
        """Costs against the size, up to twice the model's where no widths are given, its own among them."""
        assert self.recipe is not None
        own = list(self.recipe["hidden"])
        widths = widths or sorted({max(1, int(max(own, default=16) * factor)) for factor in (0.125, 0.25, 0.5, 1, 2)})
        chosen = {
            name: value
            for name, value in self._choices.items()
            if name not in {"hidden", "epochs", "patience", "validation_size"} and not isinstance(value, tuple | list)
        }
        epochs = self._choices["epochs"] or 30
        run = capacity(
            self.dataset,
            widths=widths,
            depths=depths,
            seeds=self.seeds,
            epochs=epochs,
            rows=None,
            seed=self.seed,
            **chosen,
        )
        for _ in run:
            pass
        return run.result

    def _both(self, learning: Learning) -> tuple[float, float]:
        model = learning.model
        assert learning.test is not None
        return float(costs_of(model, learning.train).mean()), float(costs_of(model, learning.test).mean())
