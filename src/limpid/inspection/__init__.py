"""Looking inside: functions that take a `Model` or a fitted estimator and say what is in it, each by its definition."""

from limpid.inspection.ablation import Ablation
from limpid.inspection.attribution import Attribution, attribute
from limpid.inspection.blame import Blame, blame
from limpid.inspection.capacity_curves import CapacityCurves, capacity_curves
from limpid.inspection.chain import Chain, WeightedSum
from limpid.inspection.composition import Composition, compose
from limpid.inspection.concepts import Concept
from limpid.inspection.confusions import Confusions, confusions
from limpid.inspection.example_blame import ExampleBlame, blame_examples
from limpid.inspection.faithfulness import Faithfulness, faithfulness
from limpid.inspection.growth import Growth, Pruning, growth
from limpid.inspection.health import Health, health
from limpid.inspection.hebb import Hebb, hebb
from limpid.inspection.landscape import Landscape, Way, landscape
from limpid.inspection.learning_again import LearningCurve
from limpid.inspection.minima import Minima, minima
from limpid.inspection.next_update import NextStep
from limpid.inspection.overfitting import Overfitting, overfitting
from limpid.inspection.parts import Parts, parts
from limpid.inspection.pushes import Node
from limpid.inspection.representation import Layers, layers
from limpid.inspection.result import Result
from limpid.inspection.slope import Slope, slope
from limpid.inspection.units import Units, units

__all__ = [
    "Ablation",
    "Attribution",
    "Blame",
    "CapacityCurves",
    "Chain",
    "Composition",
    "Concept",
    "Confusions",
    "ExampleBlame",
    "Faithfulness",
    "Growth",
    "Health",
    "Hebb",
    "Landscape",
    "Layers",
    "LearningCurve",
    "Minima",
    "NextStep",
    "Node",
    "Overfitting",
    "Parts",
    "Pruning",
    "Result",
    "Slope",
    "Units",
    "Way",
    "WeightedSum",
    "attribute",
    "blame",
    "blame_examples",
    "capacity_curves",
    "compose",
    "confusions",
    "faithfulness",
    "growth",
    "health",
    "hebb",
    "landscape",
    "layers",
    "minima",
    "overfitting",
    "parts",
    "slope",
    "units",
]
