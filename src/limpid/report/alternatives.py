"""How the network stands beside simple methods that anyone can try in a second."""

from collections.abc import Iterator
from dataclasses import replace

from limpid.comparison import Comparison, compare
from limpid.comparison.scores import Score
from limpid.comparison.trial import Trial
from limpid.dataset import Dataset
from limpid.report.figures import bar_figure
from limpid.report.html import Section, chart, paragraph
from limpid.report.material import Material, sample

SIMPLE = {
    "classification": ("majority class", "naive Bayes", "logistic regression", "decision tree", "nearest neighbours"),
    "regression": ("mean", "ridge regression", "decision tree", "nearest neighbours"),
}
ROWS, SECONDS = 5_000, 0.5
"""From how many rows, and for how long, each method learns at most."""
OURS = "this network"


def alternatives(of: Material) -> Iterator[Section]:
    if (
        of.seen is None
        or of.unseen is None
        or of.model.task not in SIMPLE
        or of.unseen.y is None
        or of.unseen.y.ndim > 1
    ):
        return
    learned = sample(of.seen, ROWS)
    comparison = compare(replace(learned, test=of.unseen), methods=SIMPLE[of.model.task], limit=SECONDS)
    for _ in comparison:
        pass
    scores = {each.name: each.results[0].score for each in comparison.standings if each.results}
    scores[OURS] = _ours(of, of.unseen, comparison)
    best = max((name for name in scores if name != OURS), key=lambda name: scores[name].value)
    yield Section(
        "alternatives",
        "How it compares",
        [
            paragraph(_told(scores[OURS], best, scores[best], comparison.judge.score), "verdict"),
            chart(
                bar_figure({name: score.value for name, score in scores.items()}, comparison.judge.score, OURS),
                f"{comparison.judge.score} on {len(of.unseen):,} unseen rows",
                ["method", comparison.judge.score, "at least", "at most", "rows learned from"],
                ([name, each.value, each.low, each.high, _rows(of, name, comparison)] for name, each in scores.items()),
            ),
            paragraph(
                f"The other methods learned for {SECONDS:g} s at most from {len(learned):,} rows at most: a first "
                "look. The fair race on all rows, with boosted trees and more, is the command limpid compare.",
                "soft",
            ),
        ],
    )


def _ours(of: Material, unseen: Dataset, comparison: Comparison) -> Score:
    outputs = of.model.outputs(unseen.X)
    certainty = None
    if comparison.judge.watched is not None and of.model.classes is not None:
        certainty = of.model.probabilities(outputs)[:, list(of.model.classes).index(comparison.judge.watched)]
    return comparison.judge.judge(Trial(of.model.answers(outputs), certainty, 0.0, 0.0, 0, of.model.origin.rows_train))


def _rows(of: Material, name: str, comparison: Comparison) -> int:
    if name == OURS:
        return of.model.origin.rows_train
    return next(each.results[0].trial.rows for each in comparison.standings if each.name == name)


def _told(ours: Score, name: str, best: Score, score: str) -> str:
    told = f"The network has {score} {ours.value:.3f}; the best of the simple methods, {name}, has {best.value:.3f}. "
    if ours.low > best.high:
        return told + "The network is better, by more than chance explains."
    if best.low > ours.high:
        return told + "The simpler method is better: use it, or look at what went wrong here."
    return told + "That is too close to call: the simpler method may do."
