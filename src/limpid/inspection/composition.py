"""How parts make a whole: which neurons push a class, layer by layer, and the proof by taking them away."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.errors import LimpidError
from limpid.inspection.ablation import Ablation, ablate
from limpid.inspection.arguments import draws_from
from limpid.inspection.pushes import Node, Tree, pushes_of
from limpid.inspection.result import Result
from limpid.inspection.subject import Floats, Subject
from limpid.inspection.tree_picture import draw_tree

SHARE = 10
"""One neuron in so many of a layer is taken away to prove its push."""
HIGH_ROWS = 10
"""Of numbers, one row in so many counts as high."""


@dataclass
class Composition(Result):
    """Which neurons push an output on the rows where it ought to be high, from the last hidden layer to the inputs.

    F is its weighted sum, of a softmax less the mean of its group's: what is common to all, no probability knows of. A
    push is what a neuron adds to F on the way from its mean over all rows (integrated gradients).
    """

    subject: Subject
    target: str
    rows: NDArray[np.int64]
    """(rows,) places in X of the rows looked at: those of the class; of a number the tenth where it is highest."""
    answer: float
    """The probability (or number) that the network has for it on these rows, on average."""
    pushes: dict[int, Floats]
    """Of each hidden layer (units,) what each neuron adds to F, averaged over the rows."""
    residuals: dict[int, Floats]
    """Of each hidden layer (rows,) by how much the pushes miss F(a) - F(mean)."""
    ablations: dict[int, Ablation]
    """Of each hidden layer, the proof."""
    root: Node
    """The output, on which hang the neurons of the last hidden layer that push it most, on these those before, ..."""
    input_pushes: dict[int, Floats]
    """Of each neuron of the first hidden layer in the tree (inputs,) what each input adds to its sum."""

    @property
    def tree(self) -> dict[str, Any]:
        """The root and all that hangs on it as plain nested values."""
        return self.root.to_dict()

    @property
    def words(self) -> str:
        most = ", ".join(f"neuron {child.unit} ({child.push:+.3g})" for child in self.root.children)
        what = f"the {'probability' if is_probability(self.subject) else 'value'} of {self.target}"
        told = (
            f"On {len(self.rows):,} rows {what} is {self.answer:.3g} on average. "
            f"In {self.subject.layer_name(self.subject.hidden[-1])} it is pushed most by {most or 'none'}."
        )
        return " ".join([told, *(_proof(found) for found in self.ablations.values())])

    def to_rows(self) -> list[dict[str, Any]]:
        """Neurons, those of the last hidden layer first, there by their push."""
        rows = [
            {
                "layer": layer,
                "neuron": unit,
                "name": self.subject.unit_name(layer, unit),
                "push": push,
                "taken away": unit in self.ablations[layer].units,
            }
            for layer, pushes in self.pushes.items()
            for unit, push in enumerate(pushes.tolist())
        ]
        return sorted(rows, key=lambda row: (-row["layer"], -row["push"]))

    def _draw(self, ax: Any) -> None:
        draw_tree(ax, self.root, self.target, self.input_pushes, self.subject.model.image_shape)


def compose(
    model: Any,
    target: Any,
    X: Any,
    y: Any = None,
    most: int | None = None,
    draws: int = 200,
    branches: int = 3,
    random: int | np.random.Generator = 0,
) -> Composition:
    """Which neurons push `target`: a class, or the name of a label or number, or an output's place.

    Looked at are the rows of X (rows, inputs) that have it: by answers y, as `predict` gives them, or where y is None
    by the model's own; of a number the tenth of the rows where it is highest. As a proof `most` neurons of each hidden
    layer, where it is None a tenth, are set to their mean over X, and beside these as many others, drawn `draws` times
    by `random`. In the tree, `branches` neurons at most hang on each.

    Errors: `LimpidError` for a network without hidden layers, an unknown target, one that no row has, a count that is
    no positive integer, or rows that do not fit.
    """
    subject = Subject.of(model)
    subject.check_layer(max(subject.hidden, default=1), hidden=True)
    place, sign = subject.output(target)
    _check_counts(most=1 if most is None else most, draws=draws, branches=branches)
    x = subject.x(X)
    trace = subject.trace(x)
    rows = _rows(subject, X, trace.a[-1], y, place, sign, target)
    layers = (0, *subject.hidden)
    a, means = {at: trace.a[at][rows] for at in layers}, {at: trace.a[at].mean(axis=0) for at in layers}
    shares = {at: pushes_of(subject, at, a[at], means[at], _of_z(subject, place, sign)) for at in subject.hidden}
    pushes = {at: each.mean(axis=0) for at, (each, _) in shares.items()}
    tree, last = Tree(subject, a, means, branches), subject.hidden[-1]
    name = subject.output_names[place] if subject.model.classes is None else str(target)
    root = Node(subject.depth, place, name, float(pushes[last].sum()))
    tree.hang(root, pushes[last])
    generator = draws_from(random)

    def answer(outputs: Floats) -> Floats:
        return _answer(subject, outputs, place, sign)

    ablations = {}
    for at in subject.hidden:
        order, units = np.argsort(-pushes[at], kind="stable"), len(pushes[at])
        count = min(max(1, units // SHARE) if most is None else most, max(1, units // 2))
        ablations[at] = ablate(subject, at, a[at], means[at], order, count, draws, answer, generator)
    return Composition(
        subject,
        name,
        rows,
        float(answer(trace.a[-1][rows]).mean()),
        pushes,
        {at: missing for at, (_, missing) in shares.items()},
        ablations,
        root,
        {unit: found for (layer, unit), found in tree.known.items() if layer == subject.hidden[0]},
    )


def is_probability(subject: Subject) -> bool:
    """Whether what the outputs give is one."""
    return subject.model.task != "regression" and subject.network.output.range == (0.0, 1.0)


def _proof(found: Ablation) -> str:
    """Both numbers of a layer, and what follows."""
    one = len(found.units) == 1
    who = "the neuron" if one else f"the {len(found.units)} neurons"
    told = f"Without {who} of layer {found.layer} that {'pushes' if one else 'push'} it most, it {_moved(found.lost)}"
    if found.difference is None or found.others_lost is None:
        return f"{told}; there are not as many others."
    low, high = found.difference
    verdict = f"so {'it carries' if one else 'these carry'} it" if found.proven else "which proves nothing"
    drawn = f"in 95 of 100 draws of others and rows, {low:.3g} to {high:.3g} more is lost without the former"
    others = "another one" if one else "as many others"
    return f"{told}, without {others} it {_moved(found.others_lost)}; {drawn}, {verdict}."


def _moved(lost: float) -> str:
    return f"{'falls' if lost >= 0 else 'rises'} by {abs(lost):.3g}"


def _of_z(subject: Subject, place: int, sign: float) -> Floats:
    """(outputs,) how F is made of the output layer's sums."""
    output, found = subject.network.output, np.zeros(subject.network.outputs)
    found[place] = sign
    if output.kind == "softmax":
        ends = np.cumsum(output.groups or (subject.network.outputs,))
        group = int(np.searchsorted(ends, place, side="right"))
        start = int(ends[group - 1]) if group else 0
        found[start : ends[group]] -= 1 / (ends[group] - start)
    return found


def _answer(subject: Subject, outputs: Floats, place: int, sign: float) -> Floats:
    """(rows,) the probability of the target, or its number, from outputs (rows, outputs)."""
    model = subject.model
    if model.task == "regression":
        return np.asarray(model.target_scaling.undo(outputs)[:, place])
    if not is_probability(subject):
        return np.asarray(sign * outputs[:, place])
    if model.classes is not None and outputs.shape[1] == 1:
        place = 1 if sign > 0 else 0
    return np.asarray(model.probabilities(outputs)[:, place])


def _rows(subject: Subject, X: Any, outputs: Floats, y: Any, place: int, sign: float, target: Any) -> NDArray[np.int64]:
    """Places of the rows to look at."""
    truth = subject.examples(X, subject.model.answers(outputs) if y is None else y).Y[:, place]
    if subject.model.task == "regression":
        return np.sort(np.argsort(-truth, kind="stable")[: max(1, len(truth) // HIGH_ROWS)])
    found = np.flatnonzero((truth > 0.5) == (sign > 0))
    if not len(found):
        named = target.item() if isinstance(target, np.generic) else target
        raise LimpidError(f"no row of X {'is answered with' if y is None else 'has'} {named!r}")
    return found


def _check_counts(**counts: Any) -> None:
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
            raise LimpidError(f"{name} must be a positive integer, got {count!r}")
