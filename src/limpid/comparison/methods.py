"""The methods that stand beside limpid, from the simplest on.

All have their makers' defaults but for what is said here; numbers to predict are standardised.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from limpid.comparison.views import AsCells, AsNetwork

LIMPID = "limpid"
ROWS_TO_STOP_BY = 1000
"""From so many rows on scikit-learn's MLP sets some aside to stop by."""


class Setting(NamedTuple):
    """What a method is told beside rows and answers."""

    classification: bool
    seed: int
    threads: int
    rows: int
    """That there are to learn from."""
    flags: NDArray[np.bool_] = np.zeros(0, bool)
    """(columns,) as the method's view has them."""
    share: float = 1.0
    """Of the rounds that it usually makes, where it makes any: less tells how long they take."""


Fit = Callable[[Any, NDArray[Any]], Any]
"""From X (rows, columns) and y (rows,) - classes from 0 on, or numbers - to what has scikit-learn's `predict`."""


@dataclass(frozen=True)
class Method:
    """One of them."""

    classifier: str
    """What it is called; empty where it tells no classes apart."""
    regressor: str
    """What it is called; empty where it predicts no numbers."""
    view: type[AsNetwork] | type[AsCells]
    """How it reads rows."""
    make: Callable[[Setting], Fit]
    """Imports what it needs, so that learning alone is timed."""
    package: str = "sklearn"
    """What has to be installed."""
    in_rounds: bool = False
    """Whether `Setting.share` makes it quicker."""

    def name(self, classification: bool) -> str:
        return self.classifier if classification else self.regressor

    @property
    def installed(self) -> bool:
        return find_spec(self.package) is not None


def majority(to: Setting) -> Fit:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return _fit(_either(to, DummyClassifier, DummyRegressor)())


def linear(to: Setting) -> Fit:
    """More steps than the default lets it come to its end."""
    from sklearn.linear_model import LogisticRegression, Ridge

    return _fit(LogisticRegression(max_iter=1000) if to.classification else Ridge())


def naive_bayes(to: Setting) -> Fit:
    from limpid.comparison.naive_bayes import NaiveBayes

    return _fit(NaiveBayes(to.flags))


def tree(to: Setting) -> Fit:
    """Leaves of at least five rows: one that is grown to the end learns the noise by heart."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    make = _either(to, DecisionTreeClassifier, DecisionTreeRegressor)
    return _fit(make(min_samples_leaf=5, random_state=to.seed))


def neighbours(to: Setting) -> Fit:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    make = _either(to, KNeighborsClassifier, KNeighborsRegressor)
    return _fit(make(n_neighbors=min(5, to.rows), n_jobs=to.threads))


def forest(to: Setting) -> Fit:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    make = _either(to, RandomForestClassifier, RandomForestRegressor)
    return _fit(make(_rounds(to), random_state=to.seed, n_jobs=to.threads))


def boosting(to: Setting) -> Fit:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    make = _either(to, HistGradientBoostingClassifier, HistGradientBoostingRegressor)
    categories = to.flags if to.flags.any() else None
    return _fit(make(max_iter=_rounds(to), categorical_features=categories, random_state=to.seed))


def lightgbm(to: Setting) -> Fit:
    """The same answers each time, which it has to be asked for."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    make = _either(to, LGBMClassifier, LGBMRegressor)
    same: dict[str, Any] = {"deterministic": True, "force_row_wise": True, "verbose": -1}
    made = make(n_estimators=_rounds(to), random_state=to.seed, n_jobs=to.threads, **same)
    return partial(made.fit, categorical_feature=np.flatnonzero(to.flags).tolist())


def xgboost(to: Setting) -> Fit:
    from xgboost import XGBClassifier, XGBRegressor

    kinds = ["c" if flag else "q" for flag in to.flags] or None
    make = _either(to, XGBClassifier, XGBRegressor)
    native: dict[str, Any] = {"enable_categorical": True, "feature_types": kinds}
    return _fit(make(n_estimators=_rounds(to), random_state=to.seed, n_jobs=to.threads, **native))


def perceptron(to: Setting) -> Fit:
    """With rows enough it sets a tenth aside to stop by, as limpid does."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    make = _either(to, MLPClassifier, MLPRegressor)
    stopping, rounds = to.rows >= ROWS_TO_STOP_BY, _rounds(to, 200)
    return _fit(make(max_iter=rounds, early_stopping=stopping, random_state=to.seed))


METHODS = (
    Method("majority class", "mean", AsCells, majority),
    Method("naive Bayes", "", AsNetwork, naive_bayes),
    Method("logistic regression", "ridge regression", AsNetwork, linear),
    Method("decision tree", "decision tree", AsCells, tree),
    Method("nearest neighbours", "nearest neighbours", AsNetwork, neighbours),
    Method("random forest", "random forest", AsCells, forest, in_rounds=True),
    Method("histogram boosting", "histogram boosting", AsCells, boosting, in_rounds=True),
    Method("LightGBM", "LightGBM", AsCells, lightgbm, "lightgbm", in_rounds=True),
    Method("XGBoost", "XGBoost", AsCells, xgboost, "xgboost", in_rounds=True),
    Method("scikit-learn's MLP", "scikit-learn's MLP", AsNetwork, perceptron, in_rounds=True),
)
"""From the simplest on; `LIMPID` comes last."""


def _either(to: Setting, classifier: Any, regressor: Any) -> Any:
    return classifier if to.classification else regressor


def _rounds(to: Setting, usual: int = 100) -> int:
    return max(1, round(to.share * usual))


def _fit(estimator: Any) -> Fit:
    fit: Fit = estimator.fit
    return fit
