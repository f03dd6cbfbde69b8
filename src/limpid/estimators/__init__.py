"""Estimators in scikit-learn's manner: drop-ins for its MLP, and what its users asked for besides."""

from limpid.estimators.classifier import MLPClassifier
from limpid.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
