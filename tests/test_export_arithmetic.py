"""What exports promise is what the native engine computes at baseline, to the bit."""

import numpy as np
import pytest

from limpid.exports.subject import subject_of
from tests.exported import cells, encoded, models, rows

MODELS = models()


@pytest.fixture(autouse=True)
def baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMPID_SIMD", "baseline")


@pytest.mark.parametrize("name", MODELS)
def test_outputs_have_the_engines_bits(name: str) -> None:
    model, X = MODELS[name], rows()
    subject = subject_of(model, X)
    assert np.array_equal(subject.outputs, model.outputs(X))
    if subject.gives_probabilities:
        assert np.array_equal(subject.numbers, model.predict_proba(X))
        labels = np.array(subject.labels, object).reshape(model.predict(X).shape)
        assert (labels.astype(model.predict(X).dtype) == model.predict(X)).all()
    elif model.task == "regression":
        assert np.array_equal(subject.numbers, model.predict(X).reshape(len(X), -1))


@pytest.mark.parametrize("name", ["tiny_single", "tiny_double"])
def test_numbers_that_are_not_normal_count_as_zero(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, X = MODELS[name], rows()
    monkeypatch.setattr("limpid.exports.arithmetic.Formulas.flushed", lambda self, a: a)
    assert not np.array_equal(subject_of(model, X).outputs, model.outputs(X)), "such numbers are met"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_have_the_encoders_bits(dtype: type) -> None:
    model, table = encoded(dtype), cells()
    assert model.encoder is not None
    assert np.array_equal(subject_of(model, table).outputs, model.encoder.encode(table, dtype))
