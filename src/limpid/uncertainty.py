"""How sure a network may be: temperatures and conformal thresholds, from rows that were not learned from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

Rows = NDArray[Any]
WIDEST = 5.0
"""Temperatures lie between exp(-5) and exp(5)."""


def surprise(logits: Rows, targets: Rows) -> Rows:
    """-log of the probability of what was true (rows,), for logits and targets (rows, outputs).

    One output stands for two classes: its sigmoid is the second one's probability.
    """
    logits = _two_columns(logits)
    truth = np.concatenate([1 - targets, targets], axis=1) if targets.shape[1] == 1 else targets
    return np.asarray(logsumexp(logits, axis=1) - (logits * truth).sum(axis=1))


def surprises(logits: Rows) -> Rows:
    """-log of the probability of each class (rows, classes)."""
    logits = _two_columns(logits)
    return np.asarray(logsumexp(logits, axis=1, keepdims=True) - logits)


def temperature(logits: Sequence[Rows], targets: Sequence[Rows], weights: Rows | None = None) -> float:
    """What to divide logits by so that targets surprise least (Guo et al. 2017).

    Both are one array (rows, outputs) for each answer; `weights` (rows,).
    """
    pairs = [(each.astype(np.float64), wanted) for each, wanted in zip(logits, targets, strict=True)]

    def cost(log_temperature: float) -> float:
        rows = sum(surprise(each / np.exp(log_temperature), wanted) for each, wanted in pairs)
        return float(np.average(rows, weights=weights))

    found = minimize_scalar(cost, bounds=(-WIDEST, WIDEST), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def threshold(scores: Rows, coverage: float) -> float:
    """The score that a new row stays below in a share `coverage` of all cases, from n held-out rows' sorted scores.

    It is number ceil((n + 1) coverage) of them, and infinite where there are fewer (Vovk, Gammerman, Shafer 2005;
    Lei et al. 2018, section 2.2).
    """
    rank = int(np.ceil((len(scores) + 1) * coverage - 1e-9))
    return float(scores[rank - 1]) if rank <= len(scores) else np.inf


def _two_columns(logits: Rows) -> Rows:
    logits = logits.astype(np.float64)
    return np.concatenate([np.zeros_like(logits), logits], axis=1) if logits.shape[1] == 1 else logits
