"""Looking inside: functions that take a `Model` or a fitted estimator and say what is in it, each by its definition."""

from limpid.inspection.attribution import Attribution, attribute
from limpid.inspection.blame import Blame, blame
from limpid.inspection.capacity_curves import CapacityCurves, capacity_curves
from limpid.inspection.chain import Chain, WeightedSum
from limpid.inspection.example_blame import ExampleBlame, blame_examples
from limpid.inspection.growth import Growth, Pruning, growth
from limpid.inspection.learning_again import LearningCurve
from limpid.inspection.overfitting import Overfitting, overfitting
from limpid.inspection.result import Result
from limpid.inspection.slope import Slope, slope

__all__ = [
    "Attribution",
    "Blame",
    "CapacityCurves",
    "Chain",
    "ExampleBlame",
    "Growth",
    "LearningCurve",
    "Overfitting",
    "Pruning",
    "Result",
    "Slope",
    "WeightedSum",
    "attribute",
    "blame",
    "blame_examples",
    "capacity_curves",
    "growth",
    "overfitting",
    "slope",
]
