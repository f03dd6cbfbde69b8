"""The worst errors, one by one: what was seen, which inputs spoke for the answer, which neurons are to blame."""

from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np

from limpid.dataset import Dataset
from limpid.inspection import Confusions, attribute, blame, blame_examples, confusions
from limpid.inspection.result import told
from limpid.report.figures import bar_figure
from limpid.report.html import Section, chart, paragraph, picture, pictures, table
from limpid.report.material import Material

CASES = 3
NEURONS, COLUMNS, EXAMPLES = 3, 6, 3


def blamed(of: Material) -> Iterator[Section]:
    if of.unseen is None or of.unseen.y is None:
        return
    found = confusions(of.model, of.unseen.X, of.unseen.y, worst=CASES)
    parts = [
        paragraph(
            "Blame flows backwards: from the wrong answer to the neurons that made it, along their weights. A neuron's "
            "blame says how much the error would change if its sum changed a little: above 0 the sum is too high, "
            "below 0 too low. The shares are for display; they are not causes."
        ),
        paragraph(_summary(found), "verdict"),
    ]
    if not found.worst:
        parts.append(paragraph("Nothing was answered wrongly, so there is nobody to blame."))
    parts += [_case(of, of.unseen, error.row, number) for number, error in enumerate(found.worst, start=1)]
    yield Section("blame", "Who is to blame", parts)


def _summary(found: Confusions) -> str:
    if found.subject.model.task == "regression":
        return f"The answers that were furthest off, of {found.rows:,} unseen rows."
    return f"On unseen rows: {found.summary} Below are those with the highest cost: sure, and wrong."


def _case(of: Material, unseen: Dataset, row: int, number: int) -> str:
    """One error from the answer down to the inputs."""
    assert unseen.y is not None
    x, truth = _row(unseen, row), unseen.y[[row]]
    answered = of.model.predict(x)
    words = f"Error {number}: {told(truth[0])} answered as {told(answered[0])}"
    found = blame(of.model, x, truth)
    rows = [each for layer in found.subject.hidden for each in found.ranked(NEURONS, layer)]
    parts = [f"<h3>{escape(words)}</h3>", paragraph(found.words, "soft")]
    target = told(answered[0]) if of.model.classes is not None else None
    if target is not None or of.model.network.outputs == 1:
        parts.append(_inputs(of, unseen, x, row, number, answered[0] if target is not None else None, truth[0]))
    if rows:
        header = ["neuron", "blame", "share of its layer", "activation", "silent"]
        cells = (
            [each["name"], each["blame"], f"{each['share']:.0%}", each["activation"], "yes" if each["silent"] else ""]
            for each in rows
        )
        parts.append(table("The neurons to blame most, layer by layer", header, cells, opened=True))
    parts.append(_examples(of, x, truth))
    return "\n".join(parts)


def _inputs(of: Material, unseen: Dataset, x: Any, row: int, number: int, answered: Any, truth: Any) -> str:
    """What spoke for the answer and, of classes, for the truth."""
    wrong = attribute(of.model, x, answered)
    if of.model.image_shape is None:
        values = dict(zip(wrong.subject.column_names, wrong.by_column[0].tolist(), strict=True))
        most = dict(sorted(values.items(), key=lambda item: -abs(item[1]))[:COLUMNS])
        title = f"What spoke for {told(answered) if answered is not None else 'the answer'}, error {number}"
        return chart(bar_figure(most, "added to its sum", signed=True), title, ["column", "added"], most.items())
    right = attribute(of.model, x, truth)
    limit = float(max(np.abs(wrong.inputs).max(), np.abs(right.inputs).max()))
    cells = [
        picture(of.grey(unseen.X[row], unseen.full_scale), "what was seen"),
        picture(of.coloured(wrong.inputs[0], limit), f"for {answered} (orange), against (blue)"),
        picture(of.coloured(right.inputs[0], limit), f"for {truth} (orange), against (blue)"),
    ]
    return pictures(cells)


def _examples(of: Material, x: Any, truth: Any) -> str:
    """The rows learned from that pushed hardest towards and against the truth."""
    if of.learned is None or of.learned.y is None:
        return ""
    found = blame_examples(of.model, x, truth, of.learned.X, of.learned.y)
    chosen = [*found.helpful[:EXAMPLES], *found.harmful[:EXAMPLES]]
    words = [
        f"{told(of.learned.y[at])}: pushed {'towards' if found.scores[at] > 0 else 'against'} the truth"
        for at in chosen
    ]
    if of.model.image_shape is None:
        rows = ([text, float(found.scores[at])] for text, at in zip(words, chosen, strict=True))
        return table("Rows learned from that pushed this answer most", ["answer", "how much"], rows)
    cells = [
        picture(of.grey(of.learned.X[at], of.learned.full_scale), text) for text, at in zip(words, chosen, strict=True)
    ]
    heading = "Of a sample of the rows learned from, those that pushed this answer most:"
    return paragraph(heading, "soft") + pictures(cells)


def _row(dataset: Dataset, row: int) -> Any:
    return dataset.rows(np.array([row])).X
