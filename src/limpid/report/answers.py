"""How good the answers are on unseen rows, and where they err."""

from collections.abc import Iterator

import numpy as np

from limpid.displays import confusion_figure, prediction_figure
from limpid.evaluation import Evaluation
from limpid.report.html import Section, chart, paragraph, picture, pictures, plural
from limpid.report.material import Material

MOST_PICTURES = 40
MOST_POINTS = 2_000


def answers(of: Material) -> Iterator[Section]:
    evaluation = of.evaluation
    if evaluation is None:
        return
    if evaluation.confusion is not None and of.model.classes is not None:
        classes = of.model.classes
        parts = [
            paragraph("Each row of the chart is a true class, each column what the network read; errors are coloured."),
            chart(
                confusion_figure(evaluation.confusion, classes),
                "Confusion matrix",
                ["true class", *map(str, classes)],
                ([name, *counts] for name, counts in zip(classes, evaluation.confusion, strict=True)),
                "square",
            ),
        ]
        yield Section("errors", "Where it errs", parts)
        if of.model.image_shape:
            yield Section("wrong", "What it read wrongly", _mistakes(of, evaluation))
    elif of.model.task == "regression" and evaluation.dataset.y is not None:
        yield Section("errors", "Predicted against true", list(_predicted(of, evaluation)))


def _predicted(of: Material, evaluation: Evaluation) -> Iterator[str]:
    assert evaluation.dataset.y is not None
    true = evaluation.dataset.y.reshape(len(evaluation.dataset), -1)[:MOST_POINTS]
    predicted = evaluation.predictions.reshape(len(evaluation.dataset), -1)[:MOST_POINTS]
    for column in range(true.shape[1]):
        name = of.model.targets[column] if of.model.targets else "number"
        figure = prediction_figure(true[:, column], predicted[:, column], name)
        rows = zip(true[:, column].tolist(), predicted[:, column].tolist(), strict=True)
        yield chart(figure, f"Predicted {name}", [f"true {name}", f"predicted {name}"], rows)


def _mistakes(of: Material, evaluation: Evaluation) -> list[str]:
    y = np.asarray(evaluation.dataset.y)
    wrong = np.flatnonzero(evaluation.predictions != y)
    sure = np.zeros(len(y)) if evaluation.certainty is None else evaluation.certainty.max(axis=1)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    if not len(wrong):
        return [paragraph("Nothing.")]
    shown = wrong[:MOST_PICTURES]
    told = f"{plural(len(wrong), 'picture')} of {len(y):,}, {len(shown)} shown, those it was surest of first."
    cells = []
    for row in shown:
        text = f"{y[row]} read as {evaluation.predictions[row]}"
        text += f" ({sure[row]:.0%} sure)" if evaluation.certainty is not None else ""
        cells.append(picture(of.grey(evaluation.dataset.X[row], evaluation.dataset.full_scale), text))
    return [paragraph(told), pictures(cells)]
