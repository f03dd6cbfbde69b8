"""The page's head: how good the network is in one line, and what it is."""

from collections.abc import Iterator
from html import escape

from limpid.report.diagram import diagram
from limpid.report.html import Section, facts, paragraph, plural
from limpid.report.material import Material


def headline(of: Material) -> str:
    """How good it is, in one line."""
    evaluation = of.evaluation
    if evaluation is None:
        return f"{of.source}: learned, not tested"
    rows = f"{evaluation.rows:,} unseen rows"
    if evaluation.accuracy is not None:
        return f"Right on {evaluation.accuracy:.1%} of {rows}"
    return f"Off by {evaluation.rmse:.4g} on {rows}, R² {evaluation.r2:.3f}"


def opening(of: Material) -> str:
    """What stands above all sections."""
    known = of.model.origin
    figures = facts(
        {
            "rows learned from": f"{known.rows_train:,}",
            "layers": "-".join(map(str, of.model.network.widths)),
            "weights and biases": f"{of.model.network.count():,}",
            "epochs": f"{len(of.model.history)}",
            "seconds of training": f"{known.seconds_training:.1f}",
            "slope at the end": "" if known.slope is None else f"{known.slope:.2g}",
        }
    )
    return f"<h1>{escape(headline(of))}</h1>\n{paragraph(described(of), 'soft')}\n{figures}"


def described(of: Material) -> str:
    """The network and its training in a few sentences."""
    network, known = of.model.network, of.model.origin
    hidden, embedding = network.hidden, network.embedding
    layers = (
        f"{plural(len(hidden), 'hidden layer')} ({', '.join(dict.fromkeys(map(str, hidden)))})"
        if hidden
        else "no hidden layer"
    )
    return (
        f"A dense network with {f'{embedding}, ' if embedding else ''}{layers} and {network.output.name} outputs "
        f"learned from {of.source} by {known.recipe.get('optimizer', 'descent')}, "
        f"making the {network.cost.replace('_', ' ')} small. "
        f"Training ended: {known.stopped_because}."
    )


def what_it_is(of: Material) -> Iterator[Section]:
    parts = [
        paragraph(
            "Each circle is a neuron. It multiplies every number that comes in by a weight (a line), adds them up with "
            "a bias of its own, and passes the sum through a simple curve. Learning only turns these weights and "
            "biases until the answers on the right come out right."
        ),
        diagram(of.model),
        paragraph(
            "Lines: orange weights push the next neuron up, blue ones hold it down; the stronger, the more visible. "
            "Of wide layers only the first and the last neurons are drawn. Neurons are counted from 0.",
            "soft",
        ),
    ]
    yield Section("network", "What it is", parts)
