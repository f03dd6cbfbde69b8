"""What comes of learning again: from fewer rows, and from shuffled answers, which can only be had by heart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from limpid.dataset import Dataset
from limpid.displays import BLUE, ORANGE
from limpid.errors import LimpidError
from limpid.inspection.arguments import is_between
from limpid.inspection.capacity_curves import Apart, CapacityCurves, Hidden, capacity_curves
from limpid.inspection.known_rows import answers_of
from limpid.inspection.result import Result
from limpid.inspection.scoring import score_on
from limpid.inspection.subject import Floats
from limpid.learning import held_out
from limpid.together import train_many


@dataclass
class LearningCurve(Result):
    """The cost on rows learned from and on unseen ones, over how many were learned from; several seeds each."""

    rows: list[int]
    """Of each step, those only watched included."""
    curves: list[CapacityCurves]
    """One size, for each of `rows`."""
    hidden: Hidden

    @property
    def cost_learned(self) -> Floats:
        """(steps, seeds)."""
        return np.array([[point.cost_learned for point in curve.points] for curve in self.curves])

    @property
    def cost_unseen(self) -> Floats:
        """(steps, seeds)."""
        return np.array([[point.cost_unseen for point in curve.points] for curve in self.curves])

    @property
    def last_step(self) -> Apart:
        """How much more unseen rows cost one step before all rows were learned from."""
        before, all_rows = self.curves[-2:]
        both = replace(all_rows, points=[])
        for curve, hidden in ((before, (0,)), (all_rows, (1,))):
            both.points += [point._replace(hidden=hidden) for point in curve.points]
        return both.apart((0,), (1,))

    @property
    def more_would_help(self) -> bool:
        """Whether the cost on unseen rows still falls by more than noise, and by a hundredth, at the last step."""
        return self.last_step.beyond and self.last_step.value > 0.01 * float(self.cost_unseen[-1].mean())

    @property
    def words(self) -> str:
        first, last = float(self.cost_unseen[0].mean()), float(self.cost_unseen[-1].mean())
        then = "and still falls: more data would help" if self.more_would_help else "and no longer falls by much"
        way = "falls" if last < first else "goes"
        return (
            f"From {self.rows[0]:,} to {self.rows[-1]:,} rows learned from, the cost on unseen rows {way} from "
            f"{first:.3g} to {last:.3g} {then}."
        )

    def to_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "rows": rows,
                "cost_learned": float(learned.mean()),
                "cost_unseen": float(unseen.mean()),
                "deviation": float(unseen.std(ddof=1)),
            }
            for rows, learned, unseen in zip(self.rows, self.cost_learned, self.cost_unseen, strict=True)
        ]

    def _draw(self, ax: Any) -> None:
        for costs, colour, style, of in (
            (self.cost_learned, BLUE, "o--", "rows learned from"),
            (self.cost_unseen, ORANGE, "s-", "unseen rows"),
        ):
            mean = costs.mean(axis=1)
            ends = np.array([mean - costs.min(axis=1), costs.max(axis=1) - mean]).clip(min=0)
            ax.errorbar(self.rows, mean, ends, fmt=style, color=colour, capsize=3, label=of)
        ax.set(xscale="log", yscale="log", xlabel="rows learned from", ylabel="cost: mean, least and most of the seeds")
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("{x:g}")
        ax.set_xticks(self.rows, [f"{rows:,}" for rows in self.rows])
        ax.set_xticks([], minor=True)
        ax.legend()


def learning_curve(
    kept: Dataset,
    unseen: Dataset,
    hidden: Hidden,
    shares: Sequence[float],
    seeds: int,
    choices: dict[str, Any],
    seed: int,
) -> LearningCurve | None:
    """From `shares` of the rows `kept`, the last of which is 1; a share in which a class is absent is left out.

    None where fewer than two are left.
    """
    rows, curves = [], []
    for share in shares:
        part = kept if share == 1 else _some(kept, share, seed)
        if part is None:
            continue
        rows.append(len(part))
        curve = capacity_curves(replace(part, test=unseen), [hidden], seeds, **{**choices, "seed": seed})
        curves.append(curve.run())
    return LearningCurve(rows, curves, hidden) if len(rows) > 1 else None


def check_shares(shares: Sequence[float]) -> None:
    """`LimpidError` unless they ascend from above 0 to 1."""
    if not all(is_between(share, 0, np.inf) for share in shares):
        raise LimpidError(f"shares must ascend from above 0 to 1, got {list(shares)!r}")
    steps = [float(share) for share in shares]
    if steps and (steps != sorted(set(steps)) or steps[-1] != 1):
        raise LimpidError(f"shares must ascend from above 0 to 1, got {list(shares)!r}")


def by_heart(
    kept: Dataset, hidden: Hidden, epochs: int, seeds: int, choices: dict[str, Any], draws: np.random.Generator
) -> Floats:
    """(seeds,): the score, on the rows learned from, of networks that learned shuffled answers for so many epochs.

    Nothing is watched and nothing ends them early: answers that follow from nothing can only be learned by heart.
    """
    shuffled = replace(kept, y=answers_of(kept)[draws.permutation(len(kept))], test=None)
    own = {**choices, "epochs": epochs, "patience": 0, "validation_size": 0.0, "test_size": 0.0, "gradient_tol": None}
    networks = [{"hidden": hidden, "seed": seed} for seed in range(seeds)]
    together = train_many(networks, shuffled, **own)
    for _ in together:
        pass
    models = [each.model for each in together.learnings]
    return np.array([score_on(each, each.examples(shuffled.X, answers_of(shuffled))) for each in models])


def _some(kept: Dataset, share: float, seed: int) -> Dataset | None:
    """A share of the rows, each class in proportion; None where one would be absent."""
    if round(share * len(kept)) < 2 or round((1 - share) * len(kept)) < 1:
        return None
    part = kept.rows(held_out(kept, np.arange(len(kept)), share, seed)[1])
    if kept.task == "classification" and len(np.unique(answers_of(part))) < len(np.unique(answers_of(kept))):
        return None
    return part
