"""The estimators' docstrings: their examples run, and they name every parameter, its default and every attribute."""

import doctest
import re
from ast import literal_eval
from collections.abc import Callable
from inspect import getdoc, getmodule, signature
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris

from limpid import MLPClassifier, MLPRegressor

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor]),
]


def section(estimator: type, title: str) -> dict[str, str]:
    """Each name in a section of the docstring, with what stands behind its colon."""
    text = getdoc(estimator) or ""
    body = re.search(rf"\n{title}\n-+\n(.*?)(\n\n[A-Z][A-Za-z ]+\n---|$)", text, flags=re.DOTALL)
    assert body is not None, title
    return dict(re.findall(r"^(\w+) : (.*)$", body[1], flags=re.MULTILINE))


def test_examples_run(estimator: type) -> None:
    (example,) = doctest.DocTestFinder(recurse=False).find(estimator, module=getmodule(estimator))
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


def test_every_parameter_is_there_with_its_default(estimator: type) -> None:
    documented = section(estimator, "Parameters")
    defaults = {name: each.default for name, each in signature(estimator).parameters.items()}
    assert list(documented) == list(defaults)
    for name, default in defaults.items():
        assert literal_eval(documented[name].partition("default=")[2]) == default, name


def fitted(estimator: Callable[..., Any], **options: Any) -> Any:
    X, y = load_iris(return_X_y=True)
    settings = {"hidden_layer_sizes": (4,), "max_iter": 4, "random_state": 0, **options}
    return estimator(**settings).fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])


def test_every_attribute_is_there(estimator: type) -> None:
    calibrated = {"calibrate": True} if estimator is MLPClassifier else {}
    called = fitted(estimator, hidden_layer_sizes="auto", **calibrated)
    X, y = load_iris(return_X_y=True)
    called.set_params(early_stopping=True).partial_fit(X, y, X_val=X, y_val=y)
    given = {name for name in vars(called) if name.endswith("_") and not name.startswith("_")}
    assert given | {"feature_names_in_"} == section(estimator, "Attributes").keys()


def test_attributes_are_what_they_are_said_to_be(estimator: type) -> None:
    kinds = {"int": int, "float": float, "str": str, "list": list, "ndarray": np.ndarray, "bool": bool, "dict": dict}
    one = fitted(estimator, early_stopping=True)
    for name, told in section(estimator, "Attributes").items():
        kind = kinds.get(told.split()[0])
        value = vars(one).get(name)
        if kind and value is not None:
            assert isinstance(value, kind), name
