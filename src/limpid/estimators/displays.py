"""Pictures of a fit in scikit-learn's Display manner, drawn by matplotlib: `from_estimator`, then `plot`."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from limpid.displays import BLUE, ORANGE, axes
from limpid.errors import LimpidError


class LossCurveDisplay:
    """The loss of each pass, on the rows learned from and on those that were only watched.

    Parameters
    ----------
    loss_curve : sequence of float
        The estimator's `loss_curve_`.
    validation_loss_curve : sequence of float or None
        Its `validation_loss_curve_`.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
    """

    def __init__(self, *, loss_curve: Any, validation_loss_curve: Any = None) -> None:
        self.loss_curve, self.validation_loss_curve = loss_curve, validation_loss_curve

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None) -> Self:
        """Of a fitted `MLPClassifier` or `MLPRegressor`, drawn on the Axes `ax` or on new ones.

        Errors: scikit-learn's `NotFittedError`; `LimpidError` where matplotlib is missing.
        """
        check_is_fitted(estimator)
        made = cls(
            loss_curve=estimator.loss_curve_,
            validation_loss_curve=getattr(estimator, "validation_loss_curve_", None),
        )
        return made.plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw on the Axes `ax`, or on new ones."""
        self.ax_ = axes(ax)
        self.figure_ = self.ax_.figure
        curves = [("rows learned from", self.loss_curve, BLUE, "-")]
        if self.validation_loss_curve:
            curves.append(("rows only watched", self.validation_loss_curve, ORANGE, "--"))
        self.lines_ = [
            self.ax_.plot(np.arange(1, len(curve) + 1), curve, style, color=color, label=label)[0]
            for label, curve, color, style in curves
        ]
        if all(np.nanmin(curve) > 0 for _, curve, _, _ in curves):
            self.ax_.set_yscale("log")
        self.ax_.set(xlabel="pass over the rows", ylabel="loss")
        self.ax_.legend()
        return self


class CapacityMapDisplay:
    """How the networks that `hidden_layer_sizes="auto"` tried did on rows that they did not learn from, by their size.

    A line joins the widths of one depth, each point the mean over the seeds with one standard error; hollow ones were
    dropped after few passes, a ring marks the size that was kept.

    Parameters
    ----------
    capacity_map : dict of lists
        The estimator's `capacity_map_`.
    chosen : tuple of int
        Its `hidden_layer_sizes_`.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D, one a depth
    """

    def __init__(self, *, capacity_map: dict[str, list[Any]], chosen: tuple[int, ...]) -> None:
        self.capacity_map, self.chosen = capacity_map, chosen

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None) -> Self:
        """Of an estimator fitted with `hidden_layer_sizes="auto"`, drawn on the Axes `ax` or on new ones.

        Errors: scikit-learn's `NotFittedError`; `LimpidError` where it was fitted otherwise or matplotlib is missing.
        """
        check_is_fitted(estimator)
        if "capacity_map_" not in vars(estimator):
            given = estimator.hidden_layer_sizes
            raise LimpidError(
                f"a capacity map needs hidden_layer_sizes='auto', the estimator was fitted with {given!r}"
            )
        return cls(capacity_map=estimator.capacity_map_, chosen=estimator.hidden_layer_sizes_).plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw on the Axes `ax`, or on new ones."""
        self.ax_ = axes(ax)
        self.figure_ = self.ax_.figure
        depths, weights, means, errors = self._points()
        self.lines_ = []
        for depth, marker in zip(sorted(set(depths.tolist())), "os^Dv", strict=False):
            at = depths == depth
            label = f"{depth} hidden layer{'s' if depth > 1 else ''}"
            drawn = self.ax_.errorbar(weights[at], means[at], errors[at], marker=marker, capsize=2, label=label)
            self.lines_.append(drawn.lines[0])
            dropped = at & (errors == 0)
            self.ax_.plot(
                weights[dropped], means[dropped], marker, color=drawn.lines[0].get_color(), mfc="white", zorder=3
            )
        self.ax_.plot([], [], "o", color="grey", mfc="white", label="dropped early")
        kept = self._of(self.chosen)
        self.ax_.plot(
            *kept[1:3], "o", ms=15, mfc="none", mec="black", label=f"kept: {', '.join(map(str, self.chosen))}", ls=""
        )
        self.ax_.set(xscale="log", yscale="log", xlabel="weights and biases", ylabel="validation loss")
        self.ax_.legend()
        return self

    def _points(self) -> tuple[NDArray[Any], ...]:
        sizes = dict.fromkeys(self.capacity_map["hidden_layer_sizes"])
        points = [self._of(size) for size in sizes]
        return tuple(np.array(column) for column in zip(*points, strict=True))

    def _of(self, size: tuple[int, ...]) -> tuple[int, int, float, float]:
        """Depth, weights, mean loss and its standard error over the seeds."""
        table = self.capacity_map
        rows = [at for at, each in enumerate(table["hidden_layer_sizes"]) if each == size]
        losses = np.array([table["validation_loss"][at] for at in rows])
        losses = losses[np.isfinite(losses)]
        error = losses.std(ddof=1) / np.sqrt(len(losses)) if len(losses) > 1 else 0.0
        mean = float(losses.mean()) if len(losses) else np.nan
        return table["depth"][rows[0]], table["weights"][rows[0]], mean, float(error)
