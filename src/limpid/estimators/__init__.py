"""Estimators in scikit-learn's manner: drop-ins for its MLP, and what its users asked for besides."""

from limpid.estimators.classifier import MLPClassifier
from limpid.estimators.displays import CapacityMapDisplay, LossCurveDisplay
from limpid.estimators.regressor import MLPRegressor
from limpid.estimators.tabular import TabularEncoder
from limpid.estimators.transformer import HiddenActivations

__all__ = [
    "CapacityMapDisplay",
    "HiddenActivations",
    "LossCurveDisplay",
    "MLPClassifier",
    "MLPRegressor",
    "TabularEncoder",
]
