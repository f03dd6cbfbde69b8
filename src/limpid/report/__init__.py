"""Reports: a model on one page that a person can open."""

from limpid.report.page import write_report

__all__ = ["write_report"]
