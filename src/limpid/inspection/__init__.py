"""Looking inside: functions that take a `Model` or a fitted estimator and say what is in it, each by its definition."""

from limpid.inspection.result import Result

__all__ = ["Result"]
