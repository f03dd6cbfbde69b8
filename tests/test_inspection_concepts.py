"""Detectors built by hand rank first on real digits, concepts of any kind are asked for, and what is odd is refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from limpid import Dataset, LimpidError, MLPClassifier, Model, learn, read
from limpid.backprop import forward
from limpid.inspection import Concept, Parts, parts
from limpid.inspection.concepts import concepts_for
from limpid.inspection.null import pooled
from limpid.inspection.shapes import AROUND, crossings, loops, skeletons, thickness
from limpid.inspection.strokes import STROKES, drawn
from limpid.inspection.subject import Subject
from limpid.network import Dense, Network, dense_network
from limpid.normalization import NORMALIZATIONS
from limpid.pixels import resized
from tests.helpers import EMBEDDINGS, make_network, make_parameters, model_of

SHAPE = (8, 8)
DIGITS = read("digits")
PICTURES = np.asarray(DIGITS.X[:700], float)
LABELS = np.asarray(DIGITS.y)[:700]


def taught(dataset: Dataset = DIGITS, **choices: Any) -> Model:
    learning = learn(dataset, **{"hidden": [24], "seed": 0, "epochs": 15, **choices})
    list(learning)
    return learning.model


def test_strokes_planted_in_a_trained_network_rank_first() -> None:
    """Twelve neurons more, whose weights are a stroke each, less what is common to all."""
    side, units, more = 24, 24, len(STROKES)
    X = resized(PICTURES.reshape(-1, *SHAPE), (side, side)).reshape(len(PICTURES), -1)
    model = taught(Dataset("large digits", X, LABELS, "classification", image_shape=(side, side), full_scale=16.0))
    strokes = np.column_stack([drawn(points, (side, side)).ravel() for points in STROKES.values()])
    strokes -= strokes.mean(axis=1, keepdims=True)
    given = model.parameters
    parameters = {
        "W1": np.concatenate([given["W1"], strokes / np.linalg.norm(strokes, axis=0)], axis=1, dtype=np.float32),
        "b1": np.concatenate([given["b1"], np.zeros(more)], dtype=np.float32),
        "W2": np.concatenate([given["W2"], np.zeros((more, 10))], dtype=np.float32),
        "b2": given["b2"],
    }
    planted = replace(model, network=dense_network(side * side, (units + more,), 10), parameters=parameters)
    found = parts(planted, X, y=LABELS)
    assert found.concepts == [*STROKES, "loop", "crossing"]
    own, concept = np.arange(units, units + more), np.arange(more)
    assert found.scores[:, :more].argmax(axis=0).tolist() == own.tolist()
    assert found.within[:, :more].argmax(axis=0).tolist() == own.tolist()
    assert found.effect[:, :more].argmax(axis=0).tolist() == own.tolist()
    assert (found.overlap[own, concept] > np.quantile(found.overlap[:units, :more], 0.9, axis=0)).all()
    assert set(zip(own.tolist(), concept.tolist(), strict=True)) <= set(found.detections)


def by_hand(random: np.random.Generator) -> Model:
    """A network over pictures of lines a pixel wide, whose last hidden layer counts loops and crossings.

    Loops less pieces are the negative Euler number of the ink (Gray 1971), faces less edges plus corners of its pixels.
    An edge or a corner counts once however many of its s pixels are ink, s - relu(s - 1), so that what is left is
    relu(s - 1) over corners less that over edges less all pixels. A crossing is a pixel of ink with three steps from
    paper to ink around it. Fourteen neurons more are random.
    """
    place = np.arange(64).reshape(SHAPE)
    corners = [place[max(0, r - 1) : r + 1, max(0, c - 1) : c + 1].ravel() for r in range(9) for c in range(9)]
    edges = [place[max(0, r - 1) : r + 1, c] for r in range(9) for c in range(8)]
    edges += [place[r, max(0, c - 1) : c + 1] for r in range(8) for c in range(9)]
    shared = np.array([np.isin(place.ravel(), pixels) for pixels in (*corners, *edges)]).T.astype(float)
    steps, at = np.zeros((64, 64, 8)), np.pad(place, 1, constant_values=-1)
    for pixel, (r, c) in enumerate(np.ndindex(SHAPE)):
        for turn, ((down, across), (next_down, next_across)) in enumerate(
            zip(AROUND, AROUND[1:] + AROUND[:1], strict=True)
        ):
            for sign, (d, a) in ((-1.0, (down, across)), (1.0, (next_down, next_across))):
                if (neighbour := at[r + 1 + d, c + 1 + a]) >= 0:
                    steps[neighbour, pixel, turn] = sign
    W1 = np.concatenate([shared, np.ones((64, 1)), np.eye(64), steps.reshape(64, -1)], axis=1)
    b1 = np.concatenate([-np.ones(shared.shape[1]), np.zeros(1 + 64 + 512)])
    W2 = np.zeros((W1.shape[1], 65))
    W2[:, 0] = np.concatenate([np.ones(len(corners)), -np.ones(len(edges)), [-1.0], np.zeros(64 + 512)])
    W2[shared.shape[1] + 1 : shared.shape[1] + 65, 1:] = 10 * np.eye(64)
    W2[shared.shape[1] + 65 :, 1:] = np.repeat(np.eye(64), 8, axis=0)
    b2 = np.concatenate([[3.0], np.full(64, -12.0)])
    W3 = random.normal(size=(65, 16)) / 8
    W3[:, :2] = 0
    W3[0, 0] = W3[1:, 1] = 1
    network = dense_network(64, (W1.shape[1], 65, 16), 2)
    last = {"W4": random.normal(size=(16, 2)), "b4": np.zeros(2)}
    parameters = {"W1": W1, "b1": b1, "W2": W2, "b2": b2, "W3": W3, "b3": np.zeros(16), **last}
    return replace(model_of(network, parameters), image_shape=SHAPE)


def test_loops_and_crossings_counted_by_hand_rank_first(random: np.random.Generator) -> None:
    lines = skeletons(PICTURES.reshape(-1, *SHAPE) > 7).reshape(-1, 64).astype(float)
    model, concepts = by_hand(random), [each for each in concepts_for(lines, SHAPE, random) if each.x is None]
    found = parts(model, lines, concepts, layer=3, y=LABELS)
    assert found.concepts == ["loop", "crossing"]
    assert found.scores.argmax(axis=0).tolist() == [0, 1]
    assert found.detections[0][0] in (0, 1)
    assert {(0, 0), (1, 1)} <= set(found.detections)
    assert found.within[0, 0] > 0.95
    assert found.scores[0, 0] > 0.98
    assert found.effect[0, 0] > 1
    assert found.effect[1, 1] > 1
    assert found.of_neuron(0)[0] == "loop"


def test_a_counted_loop_is_a_loop_less_pieces(random: np.random.Generator) -> None:
    """What the test above plants: not a lucky direction, but a count."""
    ring, two, none, dot = np.zeros((4, *SHAPE))
    ring[1:4, 1:4] = 1
    ring[2, 2] = 0
    two[1:4, 1:4] = two[3:6, 1:4] = 1
    two[2, 2] = two[4, 2] = 0
    none[3, 1:6] = 1
    dot[3, 3] = dot[6, 6] = 1
    a = forward(*_plain(by_hand(random)), np.array([ring, two, none, dot]).reshape(4, 64)).a[3]
    assert (a[:, 0] - 3).tolist() == [0, 1, -1, -2]


def _plain(model: Model) -> tuple[Network, Any]:
    return model.network, model.parameters


def test_digits_have_the_loops_and_crossings_that_a_person_sees() -> None:
    pictures = PICTURES.reshape(-1, *SHAPE) / 16

    def share(find: Any, digit: int) -> float:
        return float(find(pictures).any(axis=(1, 2))[digit == LABELS].mean())

    assert min(share(loops, digit) for digit in (0, 6, 8)) > 0.8
    assert max(share(loops, digit) for digit in (1, 5)) < 0.1
    assert min(share(crossings, digit) for digit in (6, 8, 9)) > 0.5
    assert max(share(crossings, digit) for digit in (0, 1, 5)) < 0.25


def test_skeletons_are_lines_that_keep_pieces_and_loops() -> None:
    from scipy.ndimage import label

    ink = np.kron(PICTURES[:60].reshape(-1, *SHAPE) > 7, np.ones((1, 3, 3))).astype(bool)
    thin = skeletons(ink)
    assert not (thin & ~ink).any()
    assert thin.sum() < ink.sum() / 3
    for one, other in zip(ink, thin, strict=True):
        assert label(one, np.ones((3, 3)))[1] == label(other, np.ones((3, 3)))[1]
        assert label(~np.pad(one, 1))[1] == label(~np.pad(other, 1))[1]
    assert (skeletons(thin) == thin).all()


@pytest.mark.parametrize("wide", [2.0, 3.0, 5.0])
def test_a_pens_width_is_measured(wide: float) -> None:
    pictures = np.array([drawn(points, (40, 40), wide) for points in STROKES.values()])
    assert thickness(pictures) == pytest.approx(wide, rel=0.2)
    assert thickness(np.zeros((2, 8, 8))) == 1


def test_dark_ink_on_light_paper_and_scaled_pixels_have_the_same_concepts(random: np.random.Generator) -> None:
    wanted = concepts_for(PICTURES, SHAPE, np.random.default_rng(1))
    turned = concepts_for(16 - PICTURES, SHAPE, np.random.default_rng(1))
    for one, other in zip(wanted, turned, strict=True):
        assert one.name == other.name
        assert (one.present == other.present).all()
        assert one.changed is not None
        assert other.changed is not None
        np.testing.assert_allclose(one.changed[0], 16 - other.changed[0])
        if one.x is not None:
            np.testing.assert_allclose(one.x, 16 - other.x)
    model = taught(replace(DIGITS, full_scale=None))
    assert model.input_scaling.shift.any()
    assert parts(model, PICTURES).concepts == [each.name for each in wanted]


def test_rows_drawn_on_share_their_answers() -> None:
    concept = concepts_for(PICTURES, SHAPE, np.random.default_rng(0))[0]
    assert concept.made_of is not None
    untouched = np.asarray(concept.x) >= PICTURES[concept.made_of] - 1e-9
    assert untouched.all()
    found = parts(taught(), PICTURES, y=LABELS, rows=300)
    assert found.classes == list("0123456789")
    assert found.by_class.shape == (10, 24, 14)
    assert not np.isnan(found.within).any()
    assert np.nanmin(found.by_class) >= 0
    low, high = np.nanmin(found.by_class, axis=0), np.nanmax(found.by_class, axis=0)
    assert ((low <= found.within + 1e-12) & (found.within <= high + 1e-12)).all()
    assert parts(taught(), PICTURES, rows=300).classes == []


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_normalised_layers_have_a_pool(normalization: str, random: np.random.Generator) -> None:
    model = taught(normalization=normalization, hidden=[12, 8], epochs=3)
    for layer in (1, 2):
        found = parts(model, PICTURES[:200], layer=layer)
        assert found.pool >= 14 * found.scores.shape[0] / 0.05
        assert 0.2 < found.p.mean() < 0.8


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_tables_have_concepts_of_the_users_own(embedding: Any, random: np.random.Generator) -> None:
    network = make_network(embedding=embedding)
    X = random.normal(size=(60, network.inputs))
    marks = X[:, 0] > 0
    found = parts(model_of(network, make_parameters(network, random)), X, [Concept("first", marks)])
    assert found.layer == 2
    assert found.scores.shape == (5, 1)
    assert np.isnan(found.overlap).all()


def test_the_pool_is_drawn_as_the_model_was(random: np.random.Generator) -> None:
    network = dense_network(64, (30,), 10, "tanh")
    model = model_of(network, make_parameters(network, random))
    marks = np.column_stack([LABELS == 1])

    def scores(recipe: dict[str, Any]) -> Any:
        drawn_as = replace(model, origin=model.origin._replace(recipe=recipe))
        return pooled(Subject.of(drawn_as), 1, [(PICTURES, marks)], 1, 0.05, np.random.default_rng(0))

    natural = scores({})
    assert (natural == scores({"initial_weights": "glorot_uniform"})).all()
    assert (natural == scores({"initial_weights": "zeros"})).all()
    assert (scores({"solver": "adam"}) == scores({"initial_weights": "scikit_learn"})).all()
    assert not (natural == scores({"solver": "adam"})).all()
    assert not (natural == scores({"initial_weights": "normal"})).all()


def test_scores_do_not_depend_on_the_cores() -> None:
    model = taught()
    one, four = (parts(replace(model, threads=threads), PICTURES[:200]) for threads in (1, 4))
    assert (one.p == four.p).all()
    assert (one.scores == four.scores).all()
    assert not (one.p == parts(model, PICTURES[:200], random=1).p).all()


def test_an_estimator_is_asked_about_concepts_of_ones_own() -> None:
    X, marks = PICTURES[:300] / 16, PICTURES[:300, 20] > 8
    fitted = MLPClassifier((8,), solver="lbfgs", alpha=1, max_iter=2000, random_state=0).fit(X, LABELS[:300])
    masks = np.zeros((300, *SHAPE), bool)
    masks[:, 2, 4] = True
    found = parts(fitted, X, [Concept("ink there", marks, masks)])
    assert found.overlap.max() <= 1 / 2
    assert "neurons of hidden layer 1" in found.words
    assert "The nearest: neuron" in found.words or "The surest: neuron" in found.words


def asked(concepts: list[Concept], **choices: Any) -> Parts:
    random = np.random.default_rng(0)
    network = dense_network(64, (6,), 3)
    return parts(model_of(network, make_parameters(network, random)), PICTURES, concepts, **choices)


def test_concepts_keep_their_order_and_may_bring_rows() -> None:
    own = Concept("own", PICTURES[:90, 20] > 8, x=PICTURES[:90])
    here, there = Concept("here", PICTURES[:, 20] > 8), Concept("there", (PICTURES[:, 30] > 8).astype(int))
    found = asked([here, own, there], rows=10_000)
    assert found.concepts == ["here", "own", "there"]
    for at, one in enumerate([here, own, there]):
        alone = asked([one], rows=10_000)
        np.testing.assert_allclose(found.scores[:, [at]], alone.scores)
    few = asked([here, own, there], rows=200)
    assert not np.allclose(few.scores[:, 0], found.scores[:, 0])
    np.testing.assert_allclose(few.scores[:, 1], found.scores[:, 1])


def test_a_neuron_that_nothing_excites_looks_nowhere() -> None:
    random = np.random.default_rng(0)
    network = dense_network(64, (2,), 3)
    parameters = make_parameters(network, random)
    parameters["b1"][0], parameters["W1"][:, 1], parameters["b1"][1] = -1e6, 1.0, 0.0
    masks = np.ones((700, 64), bool)
    found = parts(model_of(network, parameters), PICTURES, [Concept("ink", PICTURES[:, 20] > 8, masks)])
    assert found.overlap[0, 0] == 0
    assert found.overlap[1, 0] > 0.1
    assert found.scores[0, 0] == 0.5


ODD = [
    (
        [Concept("hat", np.arange(700) < 9, np.ones((3, 64), bool))],
        "masks must be 700 rows of 64 inputs, got shape .3, 64.",
    ),
    ([Concept("hat", np.arange(700) < 3)], "concept 'hat': at least 5 examples with it .* got 3 and 697"),
    ([Concept("hat", np.arange(9) < 5, x=PICTURES[:9])], "at least 5 examples with it .* got 5 and 4"),
    ([Concept("hat", np.arange(9) < 5, x=PICTURES[:19])], "concept 'hat': 19 rows need as many marks"),
    ([Concept("hat", np.arange(700) < 9, x=PICTURES[:9, :3])], "inputs must be rows of 64 numbers"),
    (
        [Concept("hat", np.arange(700) < 9, changed=(PICTURES[:3], PICTURES[:2]))],
        "concept 'hat': rows with it need as many without it, got 3 and 2",
    ),
]


@pytest.mark.parametrize(("concepts", "told"), ODD)
def test_odd_concepts_are_refused(concepts: list[Concept], told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        asked(concepts, rows=1000)


def test_marks_must_be_true_or_false() -> None:
    odd: Any = np.arange(3)
    with pytest.raises(LimpidError, match="concept 'hat': marks must be true or false"):
        Concept("hat", odd)
    with pytest.raises(LimpidError, match="concept 'hat': masks must be true or false"):
        Concept("hat", np.ones(3, bool), np.full((3, 2), 0.5))
    line = Network(64, (Dense(1, "identity"),), "squared_error")
    model = model_of(line, make_parameters(line, np.random.default_rng(0)))
    with pytest.raises(LimpidError, match="a hidden layer is needed"):
        parts(model, PICTURES)
