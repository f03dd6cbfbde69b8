"""A comparison in plain words: figures as a person reads them, and what follows from them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from limpid.comparison.methods import LIMPID
from limpid.comparison.standing import Standing

if TYPE_CHECKING:
    from limpid.comparison.comparing import Comparison

MUCH_QUICKER = 10
"""Times; less is not worth a word."""


def score_told(comparison: "Comparison", value: float) -> str:
    """A score: a percentage for an accuracy."""
    return f"{value:.1%}" if _by_accuracy(comparison) else f"{value:.3f}"


def spread_told(comparison: "Comparison", standing: Standing) -> str:
    """How sure a score is, in its unit: the 95 % interval on one split, the standard deviation over several."""
    if standing.deviation is None:
        score = standing.results[0].score
        return f"{_figure(comparison, score.low)} to {_figure(comparison, score.high)}"
    return f"± {_figure(comparison, standing.deviation)}"


def beside_told(comparison: "Comparison", standing: Standing) -> str:
    """The figure that `Judge.beside` names."""
    assert standing.beside is not None
    return f"{standing.beside:.4g}" if comparison.judge.beside == "RMSE" else f"{standing.beside:.1%}"


def seconds_told(seconds: float) -> str:
    """With a unit."""
    return _with_unit(seconds, ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")))


def size_told(size: int) -> str:
    """Bytes with a unit."""
    return _with_unit(size, ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")))


def setting(comparison: "Comparison") -> str:
    """What is compared on what."""
    splits = f"{comparison.seeds} splits, each of " if comparison.seeds > 1 else ""
    rows = f"{comparison.rows_learned:,} rows to learn from and {comparison.rows_tested:,} to test on"
    return f"{comparison.dataset.name}: {comparison.dataset.task}, {splits}{rows}"


def notes(comparison: "Comparison") -> list[str]:
    """How to read the table, and what went otherwise than usual."""
    judge = comparison.judge
    told = ["= within noise of the best; " + _spread_meaning(comparison)]
    if judge.watched is not None:
        told.append(f"judged by average precision, since {judge.watched!s} is too rare for accuracy to tell much")
    told += [f"{each.name}: {each.remark}" for each in comparison.standings if each.remark]
    if comparison.absent:
        told.append(f"not installed, so left out: {', '.join(comparison.absent)}")
    if comparison.interrupted:
        told.append("interrupted: what was done by then is shown")
    return told


def verdict(comparison: "Comparison") -> list[str]:
    """See `Comparison.verdict`."""
    best = comparison.best
    if best is None:
        return []
    told = [_winner(comparison, best), *_simpler_and_quicker(comparison, best)]
    told += [_ours(comparison, each) for each in comparison.standings if each.name == LIMPID and each is not best]
    return [line for line in told if line]


def _winner(comparison: "Comparison", best: Standing) -> str:
    rest = [each for each in comparison.standings if each.results and each is not best]
    told = f"{best.name} wins: {comparison.judge.score} {score_told(comparison, best.score)}"
    if not rest:
        return told
    following = max(rest, key=lambda each: each.score)
    if following.score == best.score:
        return f"{told}, which {following.name} has too"
    return f"{told}, {_difference(comparison, following)} more than the next, {following.name}"


def _simpler_and_quicker(comparison: "Comparison", best: Standing) -> list[str]:
    good, at = comparison.as_good, comparison.standings.index(best)
    simpler = [each for each in comparison.standings[:at] if each.results]
    told, quickest = [], min(good, key=lambda each: each.seconds_a_row)
    if good[0] is not best:
        tell = f"As far as {comparison.rows_tested:,} test rows tell, a simpler method is as good"
        told.append(f"{tell}: {good[0].name}, {_difference(comparison, good[0])} less")
    elif simpler:
        closest = max(simpler, key=lambda each: each.score)
        less = f"{_difference(comparison, closest)} less"
        told.append(f"No simpler method is as good: the closest, {closest.name}, has {less}")
    if quickest is not good[0] and quickest.seconds_a_row * MUCH_QUICKER < best.seconds_a_row:
        times = f"{seconds_told(quickest.seconds_a_row)} a row instead of {seconds_told(best.seconds_a_row)}"
        told.append(f"A quicker one is as good: {quickest.name} answers in {times}")
    return told


def _ours(comparison: "Comparison", ours: Standing) -> str:
    return f"{LIMPID} has {_difference(comparison, ours)} less than the best" if ours.results else ""


def _difference(comparison: "Comparison", standing: Standing) -> str:
    """How far that one is behind the best, and whether that is more than noise."""
    found = comparison.behind(standing)
    assert found is not None
    value, low, high = (_figure(comparison, each) for each in (found.value, found.low, found.high))
    unit = " points" if _by_accuracy(comparison) else ""
    return f"{value}{unit} ({low} to {high}{', may be noise' if found.noise else ''})"


def _spread_meaning(comparison: "Comparison") -> str:
    if comparison.best and comparison.best.deviation is not None:
        return "± one standard deviation over splits; 95 % intervals of differences"
    score = "Wilson's for scores, for differences " if _by_accuracy(comparison) else ""
    return f"95 % intervals: {score}by drawing test rows again"


def _by_accuracy(comparison: "Comparison") -> bool:
    return comparison.judge.score == "accuracy"


def _figure(comparison: "Comparison", value: float) -> str:
    """A score or a difference without its unit: points of a percentage for an accuracy."""
    return f"{round(100 * value, 1) + 0.0:.1f}" if _by_accuracy(comparison) else f"{round(value, 3) + 0.0:.3f}"


def _with_unit(value: float, units: Sequence[tuple[float, str]]) -> str:
    """Two or three digits in the largest unit that leaves one of them before the point."""
    size, name = next((each for each in units if value >= 0.995 * each[0]), units[-1])
    return f"{value / size:.1f} {name}" if value < 9.95 * size else f"{value / size:.0f} {name}"
