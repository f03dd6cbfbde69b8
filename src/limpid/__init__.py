"""limpid: neural networks you can see through.

Names are imported when they are first used, so that `import limpid` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from limpid.comparison import Comparison, compare
    from limpid.dataset import Dataset
    from limpid.errors import DataError, LimpidError, ModelFileError
    from limpid.estimators import (
        CapacityMapDisplay,
        HiddenActivations,
        LossCurveDisplay,
        MLPClassifier,
        MLPRegressor,
        TabularEncoder,
    )
    from limpid.evaluation import Evaluation, evaluate
    from limpid.exports import export
    from limpid.inspecting import inspect
    from limpid.learning import Learning, learn
    from limpid.model import Model
    from limpid.network import Dense, Network, dense_network
    from limpid.profile import Profile
    from limpid.readers import read
    from limpid.readers.parts import open_stream
    from limpid.recipe import Recipe
    from limpid.report import write_report
    from limpid.saving import load, save
    from limpid.streamed_learning import StreamedLearning, learn_stream
    from limpid.together import Together, train_many
    from limpid.training import Epoch

__version__ = "0.1.0"

_HOMES = {
    "Comparison": "comparison",
    "compare": "comparison",
    "Dataset": "dataset",
    "DataError": "errors",
    "LimpidError": "errors",
    "ModelFileError": "errors",
    "CapacityMapDisplay": "estimators",
    "HiddenActivations": "estimators",
    "LossCurveDisplay": "estimators",
    "MLPClassifier": "estimators",
    "MLPRegressor": "estimators",
    "TabularEncoder": "estimators",
    "Evaluation": "evaluation",
    "evaluate": "evaluation",
    "export": "exports",
    "inspect": "inspecting",
    "Learning": "learning",
    "learn": "learning",
    "Model": "model",
    "Dense": "network",
    "Network": "network",
    "dense_network": "network",
    "open_stream": "readers.parts",
    "Profile": "profile",
    "read": "readers",
    "Recipe": "recipe",
    "write_report": "report",
    "load": "saving",
    "save": "saving",
    "StreamedLearning": "streamed_learning",
    "learn_stream": "streamed_learning",
    "Together": "together",
    "train_many": "together",
    "Epoch": "training",
}

__all__ = [
    "CapacityMapDisplay",
    "Comparison",
    "DataError",
    "Dataset",
    "Dense",
    "Epoch",
    "Evaluation",
    "HiddenActivations",
    "Learning",
    "LimpidError",
    "LossCurveDisplay",
    "MLPClassifier",
    "MLPRegressor",
    "Model",
    "ModelFileError",
    "Network",
    "Profile",
    "Recipe",
    "StreamedLearning",
    "TabularEncoder",
    "Together",
    "compare",
    "dense_network",
    "evaluate",
    "export",
    "inspect",
    "learn",
    "learn_stream",
    "load",
    "open_stream",
    "read",
    "save",
    "train_many",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'limpid' has no attribute {name!r}")
    return getattr(import_module(f"limpid.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
