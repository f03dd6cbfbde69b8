import pickle
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

from limpid.encoder import Scaling
from limpid.errors import LimpidError
from limpid.initializers import initial_parameters
from limpid.model import Model
from limpid.network import dense_network
from tests.helpers import assert_close


def make(
    output: str = "softmax", outputs: int = 3, classes: object = ("a", "b", "c"), task: str = "classification"
) -> Model:
    network = dense_network(4, [], outputs, output=output)
    parameters = {"W1": np.arange(4.0 * outputs).reshape(4, outputs) / 10, "b1": np.zeros(outputs)}
    given = None if classes is None else np.array(classes)
    scaling = Scaling(np.full(outputs, 1.0), np.full(outputs, 2.0)) if task == "regression" else Scaling.none(outputs)
    return Model(network, parameters, task, Scaling.divide(4, 2), scaling, given, image_shape=(2, 2))


X = np.array([[0, 2, 4, 6], [-2, 0, 0, 0]])


def test_classes() -> None:
    model = make()
    assert model.predict(X).tolist() == ["c", "a"]
    assert_close(model.predict_proba(X).sum(axis=1), [1, 1], 1e-15)


def test_one_output_for_two_classes() -> None:
    model = make("sigmoid", 1, (False, True))
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (2, 2)
    assert_close(probabilities.sum(axis=1), [1, 1], 1e-15)
    assert model.predict(X).tolist() == [True, False]


def test_sigmoids_for_classes_are_shared_out() -> None:
    model = make("sigmoid")
    assert_close(model.predict_proba(X).sum(axis=1), [1, 1], 1e-15)
    model.parameters["b1"] = np.full(3, -1e9)
    assert_close(model.predict_proba(X), np.full((2, 3), 1 / 3), 1e-15)


def test_several_labels() -> None:
    model = make("sigmoid", 3, None, "multilabel")
    assert model.predict(X).tolist() == [[1, 1, 1], [0, 0, 0]]
    assert model.predict_proba(X).max() <= 1


def test_numbers_come_in_their_own_units() -> None:
    one, two = make("identity", 1, None, "regression"), make("identity", 2, None, "regression")
    assert_close(one.predict(X), [1 + 2 * 1.4, 1.0], 1e-15)
    assert two.predict(X).shape == (2, 2)
    with pytest.raises(LimpidError, match="predict_proba needs a classification"):
        one.predict_proba(X)


def test_no_probabilities_from_other_outputs() -> None:
    model = make("tanh")
    assert model.predict(X).tolist() == ["c", "a"]
    with pytest.raises(LimpidError, match="needs a softmax or sigmoid output, this is 'tanh'"):
        model.predict_proba(X)


def test_a_row_a_batch_and_pictures_are_all_taken() -> None:
    model = make()
    whole = model.outputs(X)
    assert_close(model.outputs(X[0]), whole[:1], 1e-15)
    assert_close(model.outputs(X.reshape(2, 2, 2)), whole, 1e-15)
    assert_close(model.outputs(X[0].reshape(2, 2)), whole[:1], 1e-15)
    assert_close(model.outputs(X.tolist()), whole, 1e-15)


def test_trace_and_gradients() -> None:
    model = make()
    trace = model.trace(X)
    assert_close(trace.a[0], X / 2, 1e-15)
    assert_close(trace.z[0], X / 2 @ model.parameters["W1"], 1e-15)
    assert_close(trace.a[1], model.predict_proba(X), 1e-15)
    found = model.gradients(X, ["c", "b"])
    assert_close(found.deltas[0], (trace.a[1] - [[0, 0, 1], [0, 1, 0]]) / 2, 1e-15)
    assert_close(found.parameters["W1"], (X / 2).T @ found.deltas[0], 1e-15)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([[1, 2, 3]], r"rows of 4 numbers, got shape \(1, 3\)"),
        (np.zeros((0, 4)), r"got shape \(0, 4\)"),
        ([["a", "b", "c", "d"]], "inputs must be numbers"),
        ([[0, 1, 2, np.nan]], "must be finite, got nan in row 0, column 3"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(rows: object, told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        make().predict(rows)


@pytest.mark.parametrize(
    ("y", "told"),
    [
        (["a"], "2 rows of inputs need as many answers, got 1"),
        (["a", "z"], "label z is none"),
        ([["a"], ["b"]], "one label"),
    ],
)
def test_answers_that_do_not_fit_are_refused(y: object, told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        make().gradients(X, y)  # type: ignore[arg-type]
    with pytest.raises(LimpidError, match="2 answers for each row are needed, got 1"):
        make("identity", 2, None, "regression").gradients(X, [1.0, 2.0])
    for odd in (["a", "b"], [0.0, np.inf]):
        with pytest.raises(LimpidError, match=f"answers must be finite numbers, got {odd[0] or odd[1]}"):
            make("identity", 1, None, "regression").gradients(X, odd)


def test_what_becomes_of_the_parameters_counts_in_the_next_answer(random: np.random.Generator) -> None:
    network = dense_network(4, [16], 3)
    parameters = initial_parameters(network, "he", random, np.float32)
    model = Model(network, parameters, "classification", Scaling.none(4), Scaling.none(3), np.arange(3))
    x: np.ndarray = random.normal(size=4).astype(np.float32)
    answers = [model.predict_proba(x)]
    for name in ("W1", "b1", "W2", "b2"):
        model.parameters[name][...] += random.normal(size=model.parameters[name].shape)
        answers.append(model.predict_proba(x))
        model.parameters[name] = np.asfortranarray(model.parameters[name] * 2)
        answers.append(model.predict_proba(x))
        model.parameters[name][...] *= 0.7
        answers.append(model.predict_proba(x))
    assert len({answer.tobytes() for answer in answers}) == len(answers)
    fresh = replace(model, parameters={name: array.copy() for name, array in model.parameters.items()})
    assert np.array_equal(fresh.predict_proba(x), answers[-1])


def test_a_model_that_has_answered_can_be_copied_and_pickled(random: np.random.Generator) -> None:
    network = dense_network(4, [5], 3)
    parameters = initial_parameters(network, "he", random, np.float32)
    model = Model(network, parameters, "classification", Scaling.none(4), Scaling.none(3), np.arange(3))
    answer = model.predict_proba(np.ones(4))
    for other in (pickle.loads(pickle.dumps(model)), deepcopy(model)):
        assert np.array_equal(other.predict_proba(np.ones(4)), answer)
