"""Engines: where the mathematics runs. All give the same numbers; see `contract`."""

from limpid.engines.contract import Descent, Engine, Examples, State, StepRule
from limpid.engines.reference import ReferenceEngine
from limpid.errors import choose

ENGINES: dict[str, type[Engine]] = {"reference": ReferenceEngine}
"""Every engine by name."""


def find_engine(name: str) -> Engine:
    """The engine called `name`; `LimpidError` names the nearest where there is none."""
    return choose("engine", name, ENGINES)()


__all__ = ["ENGINES", "Descent", "Engine", "Examples", "State", "StepRule", "find_engine"]
