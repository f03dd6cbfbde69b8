"""Networks of many sizes: what each point is, what differs by more than noise, what is said of known curves."""

from typing import Any

import numpy as np
import pytest

from limpid import Dataset, LimpidError, read
from limpid.engines.native import NativeEngine
from limpid.inspection import CapacityCurves, capacity_curves
from limpid.inspection.capacity_curves import Point, layers_told, sizes_of
from limpid.together import train_many


def made(costs: dict[tuple[int, ...], tuple[float, float]], noise: float = 0.01, seeds: int = 3) -> CapacityCurves:
    """Of sizes with these costs on rows learned from and on unseen ones."""
    random = np.random.default_rng(0)
    data, points = read("iris"), []
    for weights, (hidden, (learned, unseen)) in enumerate(costs.items(), start=1):
        for seed in range(seeds):
            rows = unseen + noise * random.normal(size=50)
            points.append(Point(hidden, seed, weights, learned, float(rows.mean()), 0.9, 10, 0.1, rows))
    return CapacityCurves(data, [*costs], seeds, {}, points)


@pytest.fixture(scope="module")
def found() -> CapacityCurves:
    return capacity_curves(read("iris"), [(2,), (8, 4), ()], 3, epochs=4, seed=5).run()


def test_every_point_is_a_network_as_if_it_were_alone(found: CapacityCurves) -> None:
    assert len(found.points) == 9
    assert {(point.hidden, point.seed) for point in found.points} == {
        (hidden, seed) for hidden in [(2,), (8, 4), ()] for seed in (5, 6, 7)
    }
    for point in found.points:
        (alone,) = train_many([{"hidden": point.hidden, "seed": point.seed}], read("iris"), epochs=4, seed=5).learnings
        list(alone)
        model, test = alone.model, alone.test
        assert test is not None
        evaluation = alone.evaluate(model)
        assert evaluation is not None
        assert point.cost_learned == model.origin.cost_train
        assert point.cost_unseen == pytest.approx(evaluation.cost)
        assert point.score == evaluation.accuracy
        assert point.weights == model.network.count()
        assert point.row_costs.shape == (len(test),)
        assert point.epochs == 4


def test_the_table_has_means_and_spreads(found: CapacityCurves) -> None:
    rows = found.to_rows()
    assert [row["hidden"] for row in rows] == ["none", "2", "8,4"] or [row["hidden"] for row in rows] == [
        ",".join(map(str, size)) or "none" for size in found.measured
    ]
    assert [row["weights"] for row in rows] == sorted(row["weights"] for row in rows)
    for row, size in zip(rows, found.measured, strict=True):
        unseen = [point.cost_unseen for point in found.of(size)]
        assert row["cost_unseen"] == pytest.approx(np.mean(unseen))
        assert row["deviation"] == pytest.approx(np.std(unseen, ddof=1))
        assert row["gap"] == pytest.approx(row["cost_unseen"] - row["cost_learned"])
        assert row["seeds"] == 3
    assert sum(row["best"] for row in rows) == 1
    assert found.to_frame().shape == (3, 14)


def test_differences_are_paired_by_row_and_seed() -> None:
    random = np.random.default_rng(1)
    hard = random.exponential(size=200)  # rows differ far more than the sizes do
    curves = made({(1,): (0.0, 0.0), (2,): (0.0, 0.0)})
    curves.points = [
        Point((size,), seed, size, 0.0, 0.0, 0.5, 1, 0.1, hard + 0.02 * size + 0.01 * random.normal(size=200))
        for size in (1, 2)
        for seed in range(3)
    ]
    apart = curves.apart((2,), (1,))
    assert apart.value == pytest.approx(0.02, abs=0.003)
    assert apart.error < 0.005
    assert apart.beyond
    assert not curves.apart((1,), (2,)).beyond
    assert curves.apart((1,), (1,)) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("costs", "told"),
    [
        (
            {(4,): (0.5, 0.6), (8,): (0.2, 0.3), (16,): (0.05, 0.5)},
            [
                "Least cost on unseen rows: 1 hidden layer of 8, cost 0.3, accuracy 90.0%",
                "Larger overfits: with 1 hidden layer of 16 the cost on rows learned from falls from 0.2 to 0.05, on "
                "unseen rows it rises from 0.3 to 0.5",
            ],
        ),
        (
            {(4,): (0.3, 0.31), (8,): (0.2, 0.3), (16,): (0.1, 0.2)},
            [
                "Least cost on unseen rows: 1 hidden layer of 16, cost 0.2, accuracy 90.0%",
                "Larger may help: the largest that was tried is best",
                "No size that was tried overfits beyond what noise explains",
            ],
        ),
        (
            {(4,): (0.3, 0.2), (8,): (0.4, 0.5)},  # worse on both: not by heart
            [
                "Least cost on unseen rows: 1 hidden layer of 4, cost 0.2, accuracy 90.0%",
                "No size that was tried overfits beyond what noise explains",
            ],
        ),
    ],
)
def test_the_verdict_on_curves_that_are_known(
    costs: dict[tuple[int, ...], tuple[float, float]], told: list[str]
) -> None:
    curves = made(costs, noise=1e-3)
    assert curves.verdict() == told
    assert curves.words == ". ".join(told) + "."


def test_a_smaller_size_that_does_as_well_is_told() -> None:
    curves, random = made({(4,): (0.3, 0.2), (8, 8): (0.2, 0.2)}), np.random.default_rng(3)
    noise = random.normal(size=(3, 50)) * 0.01
    noise -= noise.mean(axis=1, keepdims=True)
    curves.points = [
        point._replace(cost_unseen=float(rows.mean()), row_costs=rows)
        for point in curves.points
        for rows in [0.2 + (noise[point.seed] + 1e-4 if point.hidden == (4,) else 0.0) + np.zeros(50)]
    ]
    assert curves.verdict() == [
        "Least cost on unseen rows: 2 hidden layers of 8, cost 0.2, accuracy 90.0%",
        "Smaller would do as well: 1 hidden layer of 4, cost 0.2, accuracy 90.0%",
        "Larger would help little",
        "No size that was tried overfits beyond what noise explains",
    ]
    assert curves.smallest == (4,)
    assert curves.as_good == [(4,), (8, 8)]


def test_an_overfitting_network_is_met_on_noisy_rows() -> None:
    random = np.random.default_rng(2)
    X = random.normal(size=(150, 4))
    data = Dataset("noisy", X, X[:, 0] + random.normal(size=150), "regression")
    curves = capacity_curves(data, [(2,), (128, 128)], 3, epochs=300, learning_rate=0.01).run()
    assert curves.best == (2,)
    assert curves.verdict()[-1].startswith("Larger overfits: with 2 hidden layers of 128")


def test_what_was_done_is_kept_when_it_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    curves = capacity_curves(read("iris"), [(2,), (4,)], 3, epochs=3)
    whole = capacity_curves(read("iris"), [(2,), (4,)], 3, epochs=3).run()
    once = NativeEngine.train_many

    def interrupted(self: Any, works: Any) -> Any:
        if len(curves.points) >= 2:
            raise KeyboardInterrupt
        return once(self, works)

    monkeypatch.setattr(NativeEngine, "train_many", interrupted)
    curves.run()
    assert curves.interrupted
    assert [point.seed for point in curves.points] == [0, 0]
    assert all(
        point.cost_unseen == other.cost_unseen for point, other in zip(curves.points, whole.points[:2], strict=True)
    )
    assert len(curves.verdict()) >= 2
    assert not whole.interrupted
    empty = capacity_curves(read("iris"), [(2,)], 3)
    assert (empty.verdict(), empty.to_rows()) == ([], [])


def test_pictures_of_even_and_of_other_sizes(found: CapacityCurves) -> None:
    assert found.plot().ax_.get_xlabel() == "numbers that are learned"
    ax = made({(4,): (0.5, 0.6), (8,): (0.2, 0.3), (4, 4): (0.2, 0.3)}).plot().ax_
    assert ax.get_xlabel() == "neurons of each hidden layer"
    assert [each.get_text() for each in ax.get_xticklabels()] == ["4", "8"]
    assert len(ax.containers) == 4


def test_sizes_and_their_names() -> None:
    assert sizes_of((4, 8), (1, 2)) == [(4,), (8,), (4, 4), (8, 8)]
    assert layers_told(()) == "no hidden layer"
    assert layers_told((4,)) == "1 hidden layer of 4"
    assert layers_told((8, 4)) == "hidden layers of 8, 4"


def test_what_does_not_fit_is_refused() -> None:
    data = read("iris")
    for sizes, seeds, choices, told in (
        ([(4,)], 2, {}, "at least 3 seeds a size are needed to tell from noise, got 2"),
        ([(4,)], True, {}, "at least 3 seeds"),
        ([], 3, {}, "at least one size of network is needed"),
        ([(0,)], 3, {}, "a layer's number of neurons must be a positive integer, got 0"),
        ([(4,)], 3, {"test_size": 0}, "iris: rows to test on are needed"),
        ([(4,)], 3, {"epoch": 3}, "did you mean 'epochs'"),
    ):
        wrong: Any = seeds
        with pytest.raises(LimpidError, match=told):
            capacity_curves(data, sizes, wrong, **choices)
    for given, told in (
        (((), (1,)), "widths must be positive integers, at least one, got none"),
        (((4,), (0,)), "depths must be positive integers, got 0"),
        (((4.5,), (1,)), "widths must be positive integers, got 4.5"),
    ):
        numbers: Any = given
        with pytest.raises(LimpidError, match=told):
            sizes_of(*numbers)
