"""Limpid beside the alternatives."""

from limpid.comparison.comparing import Comparison, compare
from limpid.comparison.standing import Standing

__all__ = ["Comparison", "Standing", "compare"]
