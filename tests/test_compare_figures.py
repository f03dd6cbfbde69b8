"""Scores, intervals, differences and words are what they are said to be."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, balanced_accuracy_score, r2_score
from sklearn.naive_bayes import BernoulliNB, GaussianNB

import limpid
from limpid.comparison import compare, words
from limpid.comparison.naive_bayes import NaiveBayes
from limpid.comparison.scores import Judge, Score, average_precision, explained, wilson
from limpid.comparison.standing import Result, Standing, behind
from limpid.comparison.trial import Trial, affordable


def judged(y: Any, predictions: Any, certainty: Any = None, *, classes: bool = True) -> Score:
    given = Trial(np.asarray(predictions), certainty, 1.0, 1e-6, 100, len(y))
    return Judge.of(np.asarray(y), np.asarray(y), classes, 0).judge(given)


def test_scores_are_scikit_learns(random: np.random.Generator) -> None:
    weights = random.integers(0, 3, size=(4, 200)).astype(float)
    positive, sure = random.random(200) < 0.2, random.integers(0, 9, 200) / 8
    wanted = [average_precision_score(positive, sure, sample_weight=each) for each in weights]
    assert average_precision(positive, sure, weights) == pytest.approx(wanted)
    y, predictions = random.normal(size=200), random.normal(size=200)
    assert explained(y, predictions, weights) == pytest.approx(
        [r2_score(y, predictions, sample_weight=w) for w in weights]
    )
    assert explained(y, y, np.eye(1, 200)) == pytest.approx([1])
    assert judged(y, predictions, classes=False).value == pytest.approx(r2_score(y, predictions))
    assert judged(y, y + 2, classes=False).beside == pytest.approx(2)
    labels = np.repeat([0, 1, 2], [5, 60, 135])
    assert judged(labels, labels[::-1]).beside == pytest.approx(balanced_accuracy_score(labels, labels[::-1]))
    rare = judged(np.repeat([0, 1], [180, 20]), np.zeros(200, int), np.linspace(0, 1, 200))
    assert rare.value == pytest.approx(1)
    assert rare.beside == 0.9


def test_intervals(random: np.random.Generator) -> None:
    for right in (0, 7, 30):
        found = binomtest(right, 30).proportion_ci(method="wilson")
        assert wilson(right / 30, 30) == pytest.approx((found.low, found.high), abs=1e-6)
    y, noise = random.normal(size=400), random.normal(size=400)
    score = judged(y, y + noise, classes=False)
    assert score.low < score.value < score.high
    widths = [judged(y[:size], (y + noise)[:size], classes=False) for size in (50, 400)]
    assert widths[0].high - widths[0].low > 1.5 * (widths[1].high - widths[1].low)


def standing(name: str, *trials: tuple[Any, Any], seconds_a_row: float = 1e-6) -> Standing:
    results = [Result(Trial(got, None, 1.0, seconds_a_row, 100, 10), judged(y, got)) for y, got in trials]
    return Standing(name, tuple(results))


def test_differences_are_those_of_the_same_rows() -> None:
    y = np.arange(200) % 2
    right, wrong = y.copy(), y.copy()
    wrong[:12] = 1 - wrong[:12]
    best, other = standing("best", (y, right)), standing("other", (y, wrong))
    found = behind(best, other, 0.25)
    assert found.value == pytest.approx(0.06)
    assert 0.02 < found.low < found.high < 0.1
    assert not found.noise
    assert behind(best, best, 0.25) == (0, 0, 0)
    one, two = y.copy(), y.copy()  # the same share, on other rows
    one[:50], two[50:98] = 1 - one[:50], 1 - two[50:98]
    assert behind(standing("two", (y, two)), standing("one", (y, one)), 0.25).noise


def test_two_splits_that_agree_by_chance_do_not_make_a_difference_sure() -> None:
    y = np.arange(40) % 2
    worse = y.copy()
    worse[0] = 1 - worse[0]
    best, other = standing("best", (y, y), (y, y)), standing("other", (y, worse), (y, worse))
    assert behind(best, other, 0.25).noise
    assert behind(best, other, 0.25).value == pytest.approx(1 / 40)


def test_naive_bayes_counts_each_class_once(random: np.random.Generator) -> None:
    y = random.integers(0, 3, 300)
    numbers = random.normal(size=(300, 2)) + y[:, None]
    flags = (random.random((300, 3)) < (y[:, None] + 1) / 4).astype(float)
    X, which = np.column_stack([numbers[:, :1], flags, numbers[:, 1:]]), np.array([False, True, True, True, False])
    gaussian, bernoulli = GaussianNB().fit(numbers, y), BernoulliNB().fit(flags, y)
    share = np.bincount(y) / 300
    wanted = gaussian.predict_proba(numbers) * bernoulli.predict_proba(flags) / share
    wanted /= wanted.sum(axis=1, keepdims=True)
    assert NaiveBayes(which).fit(X, y).predict_proba(X) == pytest.approx(wanted)
    alone = NaiveBayes(np.zeros(2, bool)).fit(numbers, y)
    assert (alone.predict(numbers) == gaussian.predict(numbers)).all()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (12.34, "12 s"),
        (9.96, "10 s"),
        (1.25, "1.2 s"),
        (0.9999, "1.0 s"),
        (3e-8, "30 ns"),
        (1e-12, "0.0 ns"),
        (600, "600 s"),
    ],
)
def test_seconds_in_words(value: float, told: str) -> None:
    assert words.seconds_told(value) == told


def test_sizes_in_words() -> None:
    assert [words.size_told(size) for size in (12, 1260, 319_000_000)] == ["12 B", "1.3 kB", "319 MB"]


def verdict_of(*right: int, seconds_a_row: float = 1e-6) -> list[str]:
    """Of methods that answer so many of 200 rows rightly, the same ones first; the last takes that long for a row."""
    comparison, y = compare(limpid.read("iris")), np.arange(200) % 2
    answers = {
        name: np.where(np.arange(200) < most, y, 1 - y)
        for name, most in zip(comparison.names[: len(right)], right, strict=True)
    }
    comparison._standings = {name: standing(name, (y, got)) for name, got in answers.items()}
    last = [*answers][-1]
    comparison._standings[last] = standing(last, (y, answers[last]), seconds_a_row=seconds_a_row)
    return comparison.verdict()


def test_the_verdict_in_plain_words() -> None:
    assert verdict_of(100, 150, 180) == [
        "logistic regression wins: accuracy 90.0%, 15.0 points (10.5 to 20.5) more than the next, naive Bayes",
        "No simpler method is as good: the closest, naive Bayes, has 15.0 points (10.5 to 20.5) less",
    ]
    told = verdict_of(179, 100, 180)
    tell = "As far as 30 test rows tell, a simpler method is as good"
    assert told[1:] == [f"{tell}: majority class, 0.5 points (0.0 to 1.5, may be noise) less"]
    assert verdict_of(100, 180, 180)[0] == "naive Bayes wins: accuracy 90.0%, which logistic regression has too"
    assert verdict_of(180) == ["majority class wins: accuracy 90.0%"]
    told = verdict_of(180, 180, seconds_a_row=1e-7)
    assert told == ["majority class wins: accuracy 90.0%, which naive Bayes has too"]
    told = verdict_of(180, 180, seconds_a_row=5e-8)
    assert told[1:] == ["A quicker one is as good: naive Bayes answers in 50 ns a row instead of 1.0 µs"]
    assert compare(limpid.read("iris")).verdict() == []


def test_what_is_affordable() -> None:
    assert affordable([(100, 1.0)], 10.0) == 1000
    assert affordable([(100, 1.1), (200, 1.2)], 2.0) == pytest.approx(1000, abs=1)
    assert affordable([(100, 1.0)], -1.0) < 0
