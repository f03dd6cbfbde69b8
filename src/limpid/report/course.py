"""How the network learned: its cost and score, pass by pass."""

from collections.abc import Iterator

from limpid.displays import curve_figure
from limpid.inspection.scoring import score_name
from limpid.report.html import Section, chart, paragraph
from limpid.report.material import Material


def course(of: Material) -> Iterator[Section]:
    history = of.model.history
    if not history:
        return
    parts = [
        paragraph(
            "The cost says how wrong the answers are, on the rows learned from and on rows that were only watched. "
            "Where the two part, the network learns its examples by heart."
        ),
        chart(
            curve_figure(history, "cost", "cost"),
            "Cost by epoch",
            ["epoch", "cost", "watched cost", "learning rate", "seconds"],
            ([each.number, each.cost, each.validation_cost, each.learning_rate, each.seconds] for each in history),
        ),
    ]
    if any(epoch.validation_score is not None for epoch in history):
        label = score_name(of.model.task)
        rows = ([each.number, each.validation_score] for each in history)
        title = f"{label} on watched rows by epoch"
        parts.append(chart(curve_figure(history, "score", label), title, ["epoch", label], rows))
    yield Section("course", "How it learned", parts)
