"""One self-contained HTML page about a model: what it learned, how good it is, where it errs and why."""

import base64
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path

from limpid.dataset import Dataset
from limpid.displays import check_drawable, plotly_script
from limpid.errors import LimpidError
from limpid.evaluation import Evaluation
from limpid.files import replace_file
from limpid.model import Model
from limpid.report.alternatives import alternatives
from limpid.report.answers import answers
from limpid.report.course import course
from limpid.report.errors import blamed
from limpid.report.html import Section, paragraph
from limpid.report.judged import by_heart, changed, healthy, level
from limpid.report.material import Material
from limpid.report.neurons import neurons
from limpid.report.opening import opening, what_it_is
from limpid.report.wholes import wholes

SECTIONS: tuple[Callable[[Material], Iterator[Section]], ...] = (
    what_it_is,
    course,
    answers,
    blamed,
    neurons,
    wholes,
    by_heart,
    level,
    changed,
    healthy,
    alternatives,
)
"""In the order of the page."""
Told = Callable[[int, int], None]
"""Hears how many of how many sections are done."""


def write_report(
    model: Model,
    evaluation: Evaluation | None,
    path: str | Path,
    seen: Dataset | None = None,
    told: Told | None = None,
) -> None:
    """Write the page about `model`, measured by `evaluation` on unseen rows, to `path`.

    It needs no network and no other file. With the rows that were `seen` in training it also says what they have to do
    with the errors, and whether the network learned them by heart. `told` hears how far it is.
    Errors: `LimpidError` where plotly or Pillow is missing; `OSError`.
    """
    replace_file(Path(path), report_page(model, evaluation, seen, told).encode(errors="replace"))


def report_page(
    model: Model,
    evaluation: Evaluation | None,
    seen: Dataset | None = None,
    told: Told | None = None,
) -> str:
    """The page as text."""
    check_drawable()
    here = files("limpid.report")
    scripts = [plotly_script(), here.joinpath("page.js").read_text()]
    of = Material(model, evaluation, seen)
    sections = list(_sections(of, told))
    body = "\n".join([opening(of), _contents(sections), "<main>", *map(str, sections), "</main>"])
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">
<title>{escape(of.source)} - limpid</title>
<style>{here.joinpath("style.css").read_text()}</style>
</head>
<body>
{body}
{"".join(f"<script>{script}</script>" for script in scripts)}
</body>
</html>
"""


def _sections(of: Material, told: Told | None) -> Iterator[Section]:
    """What can be said of this model; what a method does not say of such a one is left out with the reason."""
    reasons = []
    for done, make in enumerate(SECTIONS):
        if told:
            told(done, len(SECTIONS))
        try:
            yield from make(of)
        except LimpidError as reason:
            reasons.append(paragraph(f"{reason}."))
    if reasons:
        yield Section("unsaid", "What could not be said", reasons)


def _contents(sections: Sequence[Section]) -> str:
    links = "".join(f'<li><a href="#{each.anchor}">{escape(each.heading)}</a></li>' for each in sections)
    return f'<nav aria-label="Contents"><ul>{links}</ul></nav>'


def _policy(scripts: list[str]) -> str:
    """Only these scripts run and nothing is fetched; plotly sets styles from its script, which needs unsafe-inline."""
    digests = (base64.b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
