"""One self-contained HTML page about a model: what it learned, how good it is on unseen rows, where it errs."""

import base64
import json
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from limpid.displays import (
    confusion_figure,
    curve_figure,
    grey_picture,
    plotly_script,
    prediction_figure,
    weight_figure,
    weight_picture,
)
from limpid.evaluation import Evaluation
from limpid.files import replace_file
from limpid.model import Model

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_PICTURES = 40
MOST_INPUTS = 100


def write_report(model: Model, evaluation: Evaluation | None, path: str | Path) -> None:
    """Write the page about `model`, measured by `evaluation` on unseen rows, to `path`.

    It needs no network and no other file. Errors: `LimpidError` where plotly or Pillow is missing; `OSError`.
    """
    replace_file(Path(path), report_page(model, evaluation).encode(errors="replace"))


def report_page(model: Model, evaluation: Evaluation | None) -> str:
    """The page as text."""
    here = files("limpid.report")
    scripts = [plotly_script(), here.joinpath("page.js").read_text()]
    body = "\n".join(
        [
            _opening(model, evaluation),
            *_course(model),
            *(_answers(model, evaluation) if evaluation else ()),
            *_first_layer(model),
        ]
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">
<title>{escape(_source(model))} - limpid</title>
<style>{here.joinpath("style.css").read_text()}</style>
</head>
<body>
{body}
{"".join(f"<script>{script}</script>" for script in scripts)}
</body>
</html>
"""


def _policy(scripts: list[str]) -> str:
    """Only these scripts run and nothing is fetched; plotly sets styles from its script, which needs unsafe-inline."""
    digests = (base64.b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:"


def _opening(model: Model, evaluation: Evaluation | None) -> str:
    known = model.origin
    facts = {
        "rows learned from": f"{known.rows_train:,}",
        "layers": "-".join(map(str, model.network.widths)),
        "weights and biases": f"{model.network.count():,}",
        "epochs": f"{len(model.history)}",
        "seconds of training": f"{known.seconds_training:.1f}",
        "slope at the end": "" if known.slope is None else f"{known.slope:.2g}",
    }
    boxes = "".join(f"<div><b>{escape(value)}</b>{escape(name)}</div>" for name, value in facts.items() if value)
    hidden, embedding = model.network.hidden, model.network.embedding
    layers = (
        f"{_plural(len(hidden), 'hidden layer')} ({', '.join(dict.fromkeys(map(str, hidden)))})"
        if hidden
        else "no hidden layer"
    )
    told = (
        f"A dense network with {f'{embedding}, ' if embedding else ''}{layers} and {model.network.output.name} outputs "
        f"learned from {_source(model)} by {known.recipe.get('optimizer', 'descent')}, "
        f"making the {model.network.cost.replace('_', ' ')} small. "
        f"Training ended: {known.stopped_because}."
    )
    return f"""<h1>{escape(_verdict(model, evaluation))}</h1>
<p class="soft">{escape(told)}</p>
<div class="facts">{boxes}</div>"""


def _verdict(model: Model, evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return f"{_source(model)}: learned, not tested"
    rows = f"{evaluation.rows:,} unseen rows"
    if evaluation.accuracy is not None:
        return f"Right on {evaluation.accuracy:.1%} of {rows}"
    return f"Off by {evaluation.rmse:.4g} on {rows}, R² {evaluation.r2:.3f}"


def _course(model: Model) -> Iterable[str]:
    yield "<h2>How it learned</h2>"
    yield (
        "<p>The cost says how wrong the answers are, on the rows learned from and on rows that were only watched. "
        "Where the two part, the network learns its examples by heart.</p>"
    )
    yield _chart(curve_figure(model.history, "cost", "cost"), "Cost by epoch")
    scored = any(epoch.validation_score is not None for epoch in model.history)
    if scored:
        label = "R²" if model.task == "regression" else "accuracy"
        yield _chart(curve_figure(model.history, "score", label), f"{label} on watched rows by epoch")
    header = ["epoch", "cost", "watched cost", "watched score", "learning rate", "seconds"]
    rows = (
        [epoch.number, epoch.cost, epoch.validation_cost, epoch.validation_score, epoch.learning_rate, epoch.seconds]
        for epoch in model.history
    )
    yield _table("These curves as a table", header, rows)


def _answers(model: Model, evaluation: Evaluation) -> Iterable[str]:
    if evaluation.confusion is not None and model.classes is not None:
        yield "<h2>Where it errs</h2>"
        yield "<p>Each row of the chart is a true class, each column what the network read; errors are coloured.</p>"
        yield _chart(confusion_figure(evaluation.confusion, model.classes), "Confusion matrix", "square")
        header = ["true class", *map(str, model.classes)]
        rows = ([name, *counts] for name, counts in zip(model.classes, evaluation.confusion, strict=True))
        yield _table("The same as a table", header, rows)
        if model.image_shape:
            yield from _mistakes(model, evaluation)
    elif model.task == "regression" and evaluation.dataset.y is not None:
        yield "<h2>Predicted against true</h2>"
        true = evaluation.dataset.y.reshape(len(evaluation.dataset), -1)
        predicted = evaluation.predictions.reshape(true.shape)
        for column in range(true.shape[1]):
            name = model.targets[column] if model.targets else "number"
            yield _chart(prediction_figure(true[:, column], predicted[:, column], name), f"Predicted {name}")


def _mistakes(model: Model, evaluation: Evaluation) -> Iterable[str]:
    y = np.asarray(evaluation.dataset.y)
    wrong = np.flatnonzero(evaluation.predictions != y)
    sure = np.zeros(len(y)) if evaluation.certainty is None else evaluation.certainty.max(axis=1)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    yield "<h2>What it read wrongly</h2>"
    if not len(wrong):
        yield "<p>Nothing.</p>"
        return
    shown = wrong[:MOST_PICTURES]
    yield f"<p>{_plural(len(wrong), 'picture')} of {len(y):,}, {len(shown)} shown, those it was surest of first.</p>"
    scale = float(evaluation.dataset.full_scale or evaluation.dataset.X.max() or 1)
    negative = model.framing is None or model.framing.background == "dark"
    cells = []
    for row in shown:
        told = f"{y[row]} read as {evaluation.predictions[row]}"
        told += f" ({sure[row]:.0%} sure)" if evaluation.certainty is not None else ""
        picture = grey_picture(evaluation.dataset.X[row].reshape(model.image_shape), scale, negative)
        cells.append(_picture(picture, told))
    yield f'<div class="pictures">{"".join(cells)}</div>'


def _first_layer(model: Model) -> Iterable[str]:
    weights = model.parameters["W1"]
    if model.network.embedding:
        weights = weights @ model.parameters["W2"]  # through it, on the neurons behind it
    yield "<h2>What the first layer looks for</h2>"
    if model.image_shape:
        yield (
            "<p>A neuron's weights as a picture: ink on orange excites it, ink on blue calms it. "
            "The neurons with the largest weights come first.</p>"
        )
        order = np.argsort(-np.linalg.norm(weights, axis=0), kind="stable")[:MOST_PICTURES]
        limit = float(np.abs(weights).max())
        pictures = (weight_picture(weights[:, unit].reshape(model.image_shape), limit) for unit in order)
        cells = (_picture(picture, f"neuron {unit + 1}") for picture, unit in zip(pictures, order, strict=True))
        yield f'<div class="pictures">{"".join(cells)}</div>'
        return
    names = model.features or tuple(str(number) for number in range(1, len(weights) + 1))
    order = np.argsort(-np.linalg.norm(weights, axis=1), kind="stable")[:MOST_INPUTS]
    yield "<p>Each input's pull on each hidden neuron, inputs with the largest weights first.</p>"
    yield _chart(weight_figure(weights[order], tuple(names[at] for at in order)), "First-layer weights")


def _chart(figure: "Figure", title: str, shape: str = "") -> str:
    # a "<" in a name could end the script element that the chart's data lie in
    data = json.dumps(json.loads(figure.to_json())).replace("<", "\\u003c")
    label = escape(title, quote=True)
    return (
        f'<div class="chart {shape}" role="img" aria-label="{label}"><div></div>'
        f'<script type="application/json">{data}</script></div>'
    )


def _table(title: str, header: list[str], rows: Iterable[list[Any]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(_cell(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<details><summary>{escape(title)}</summary><div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></details>"
    )


def _picture(address: str, told: str) -> str:
    text = escape(told, quote=True)
    return f'<figure><img src="{address}" alt="{text}"><figcaption>{text}</figcaption></figure>'


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _source(model: Model) -> str:
    return Path(model.origin.source).name


def _plural(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
