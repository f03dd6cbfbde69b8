"""Which inputs an answer comes from: its sum shared out over them, by four methods that say how far they add up."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from limpid.displays import BLUE, ORANGE, weight_pixels
from limpid.errors import LimpidError, choose
from limpid.inspection.arguments import is_between
from limpid.inspection.integrated import integrated_gradients
from limpid.inspection.result import Result
from limpid.inspection.rules import deeplift, lrp
from limpid.inspection.subject import Floats, Subject

MOST_DRAWN = 20
ROUNDING = 1e-12
"""What is missed by less is not worth a figure."""
Shares: TypeAlias = tuple[Floats, dict[str, Floats]]
"""What each input (rows, inputs) adds, and what a method says of its sum besides, by an `Attribution`'s names."""


@dataclass
class Attribution(Result):
    """F shared out over the inputs; F is the weighted sum of an output, before its activation: a logit."""

    subject: Subject
    method: str
    values: Floats
    """What each input, or each column of a table, adds to F, in X's shape: (rows, inputs), (rows, height, width)."""
    inputs: Floats
    """(rows, inputs) the same for each of the network's inputs: of a table's column several, with one a category."""
    x: Floats
    """(rows, inputs) the rows themselves, as the network sees them."""
    targets: list[str]
    """The output that each row (rows,) is asked about."""
    value: Floats
    """(rows,) F."""
    value_at_baseline: Floats
    """(rows,) F at the baseline; 0 for lrp, which has none."""
    residual: Floats | None
    """(rows,) by how much the parts miss what they should add up to; None for gradient_x_input, which promises none."""
    bias_share: Floats | None = None
    """(rows,) of lrp: what is owed to biases."""
    absorbed: Floats | None = None
    """(rows,) of lrp: what epsilon takes away. The inputs' parts and these two add up to F."""

    @property
    def by_column(self) -> Floats:
        """(rows, columns) of a table, else (rows, inputs)."""
        return self.subject.by_column(self.inputs)

    @property
    def words(self) -> str:
        parts, names = self.by_column[0], self.subject.column_names
        order = np.argsort(-parts, kind="stable")
        told = f"The sum for {self.targets[0]} is {self.value[0]:.4g}"
        told += f", {self.value_at_baseline[0]:.4g} at the baseline. " if self.method != "lrp" else ". "
        for way, places in (("for", order[:3]), ("against", order[::-1][:3])):
            most = [
                f"{names[at]} ({parts[at]:+.3g})" for at in places if (parts[at] > 0) == (way == "for") and parts[at]
            ]
            told += f"Most {way} it: {', '.join(most)}. " if most else ""
        if self.residual is None:
            return told + "Gradient x input promises no sum."
        if self.bias_share is not None and self.absorbed is not None:
            told += f"Biases have {self.bias_share[0]:+.3g} of it, epsilon {self.absorbed[0]:+.3g}. "
        missed = float(np.abs(self.residual).max())
        return told + f"The parts add up but for {'rounding' if missed <= ROUNDING else f'{missed:.1g}'}."

    def to_rows(self) -> list[dict[str, Any]]:
        parts, names = self.by_column, self.subject.column_names
        sizes = np.abs(parts).mean(axis=0)
        order = np.argsort(-sizes, kind="stable").tolist()
        return [{"name": names[at], "value": float(parts[:, at].mean()), "size": float(sizes[at])} for at in order]

    def _draw(self, ax: Any) -> None:
        shape = self.subject.model.image_shape
        if shape:
            ax.imshow(weight_pixels(self.inputs[0].reshape(shape), float(np.abs(self.inputs[0]).max())))
            low, high = self.x[0].min(), self.x[0].max()
            if low < high and min(shape) > 1:  # a contour needs two rows and two columns
                ax.contour(self.x[0].reshape(shape), [(low + high) / 2], colors="#666666", linewidths=1)
            ax.set(xticks=[], yticks=[], title=f"for (orange) and against (blue) {self.targets[0]}")
            return
        rows = self.to_rows()[:MOST_DRAWN][::-1]
        colours = [ORANGE if row["value"] > 0 else BLUE for row in rows]
        ax.barh([row["name"] for row in rows], [row["value"] for row in rows], color=colours)
        ax.set(xlabel=f"added to the sum of {self.targets[0]}")


def attribute(
    model: Any,
    X: Any,
    target: Any = None,
    method: str = "integrated_gradients",
    baseline: Any = 0,
    epsilon: float = 1e-6,
) -> Attribution:
    """What each input of rows X (rows, inputs), or of one, adds to the sum of an output.

    `target`: a class, the name of a label or number, or an output's place; a list has one for each row; None is the
    class that each row is answered with, or the only output. `method`: "gradient_x_input"; "integrated_gradients",
    exact where the network is piecewise linear; "lrp", with `epsilon`; "deeplift". `baseline`: a row as X has them that
    stands for nothing, 0 for a row of zeros (of a table: all encoded inputs 0, which is the median of numbers and no
    category), or "mean" for the mean of X. A class that a single output speaks against has that output's sum turned.

    Errors: `LimpidError` for an unknown method or target, a baseline or rows that do not fit, or lrp and deeplift
    through layers normalised over themselves.
    """
    subject = Subject.of(model)
    compute = choose("method", method, METHODS)
    if not is_between(epsilon, 0, np.inf):
        raise LimpidError(f"epsilon must be a finite number above 0, got {epsilon!r}")
    x = subject.x(X)
    reference = np.broadcast_to(_baseline(subject, x, baseline), x.shape)
    targets, of_z = _targets(subject, X, x, target)
    inputs, more = compute(subject, x, reference, of_z, epsilon)
    value = (subject.trace(x).z[-1] * of_z).sum(axis=1)
    before = np.zeros(len(x)) if method == "lrp" else (subject.trace(reference).z[-1] * of_z).sum(axis=1)
    residual = inputs.sum(axis=1) + more.get("bias_share", 0) + more.get("absorbed", 0) - (value - before)
    values = subject.by_column(inputs)
    return Attribution(
        subject,
        method,
        values.reshape(_shape(subject, X, values)),
        inputs,
        x,
        targets,
        value,
        before,
        None if method == "gradient_x_input" else residual,
        **more,
    )


def _gradient_x_input(subject: Subject, x: Floats, baseline: Floats, of_z: Floats, epsilon: float) -> Shares:
    return x * subject.slopes(subject.trace(x), subject.depth, of_z)[0], {}


def _integrated(subject: Subject, x: Floats, baseline: Floats, of_z: Floats, epsilon: float) -> Shares:
    return integrated_gradients(subject, x, baseline, subject.depth, of_z)[0], {}


def _lrp(subject: Subject, x: Floats, baseline: Floats, of_z: Floats, epsilon: float) -> Shares:
    found = lrp(subject, x, of_z, epsilon)
    return found.inputs, {"bias_share": found.bias_share, "absorbed": found.absorbed}


def _deeplift(subject: Subject, x: Floats, baseline: Floats, of_z: Floats, epsilon: float) -> Shares:
    return deeplift(subject, x, baseline, of_z), {}


METHODS: dict[str, Callable[[Subject, Floats, Floats, Floats, float], Shares]] = {
    "gradient_x_input": _gradient_x_input,
    "integrated_gradients": _integrated,
    "lrp": _lrp,
    "deeplift": _deeplift,
}
"""Every method by name."""


def _baseline(subject: Subject, x: Floats, baseline: Any) -> Floats:
    """(inputs,) or (rows, inputs) as the network sees it."""
    if isinstance(baseline, str):
        if baseline != "mean":
            raise LimpidError(f"the baseline must be a row, 0 or 'mean', got {baseline!r}")
        return np.asarray(x.mean(axis=0))
    if np.isscalar(baseline):
        if baseline != 0:
            raise LimpidError(f"the baseline must be a row, 0 or 'mean', got {baseline!r}")
        return np.zeros(x.shape[1]) if subject.model.encoder else subject.x(np.zeros((1, x.shape[1])))
    found = subject.x(baseline)
    if len(found) not in {1, len(x)}:
        raise LimpidError(f"one baseline, or one for each of {len(x)} rows is needed, got {len(found)}")
    return found


def _targets(subject: Subject, X: Any, x: Floats, target: Any) -> tuple[list[str], Floats]:
    """The names of the outputs asked about, and (rows, outputs) how each row's F is made of its sums."""
    if target is None:
        if subject.network.outputs > 1 and subject.model.classes is None:
            raise LimpidError("a target is needed: one of " + ", ".join(subject.output_names))
        each = list(subject.model.predict(X)) if subject.model.classes is not None else [0] * len(x)
    elif isinstance(target, list | tuple | np.ndarray) and np.ndim(target):
        each = list(target)
        if len(each) != len(x):
            raise LimpidError(f"one target, or one for each of {len(x)} rows is needed, got {len(each)}")
    else:
        each = [target] * len(x)
    of_z = np.zeros((len(x), subject.network.outputs))
    for row, wanted in enumerate(each):
        place, sign = subject.output(wanted)
        of_z[row, place] = sign
    classes = subject.model.classes is not None
    return [str(wanted) if classes else subject.output_names[subject.output(wanted)[0]] for wanted in each], of_z


def _shape(subject: Subject, X: Any, values: Floats) -> tuple[int, ...]:
    """X's, where it is an array; else (rows, columns)."""
    shape = tuple(getattr(X, "shape", ()) if subject.model.encoder is None else ())
    return shape if len(shape) and np.prod(shape) == values.size else values.shape
