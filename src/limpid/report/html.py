"""The pieces that a page is made of: sections, charts with a table beside them, pictures; all text is escaped."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from limpid.inspection.result import told

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(frozen=True)
class Section:
    """A part of the page, with a place in its list of contents."""

    anchor: str
    heading: str
    parts: Sequence[str]
    """HTML, one below the other."""

    def __str__(self) -> str:
        return (
            f'<section id="{self.anchor}">\n<h2>{escape(self.heading)}</h2>\n' + "\n".join(self.parts) + "\n</section>"
        )


def paragraph(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def chart(figure: "Figure", title: str, header: Sequence[str], rows: Iterable[Sequence[Any]], shape: str = "") -> str:
    """A figure, and the same numbers as a table for who cannot see it."""
    # a "<" in a name could end the script element that the chart's data lie in
    data = json.dumps(json.loads(figure.to_json())).replace("<", "\\u003c")
    label = escape(title, quote=True)
    drawn = (
        f'<div class="chart {shape}" role="img" aria-label="{label}"><div></div>'
        f'<script type="application/json">{data}</script></div>'
    )
    heading = title[:1].upper() + title[1:]
    return f"<h3>{escape(heading)}</h3>\n{drawn}\n{table('The same as a table', header, rows)}"


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]], opened: bool = False) -> str:
    """Rows under a title that opens and closes them."""
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(told(value))}</td>' for value in row)}</tr>" for row in rows)
    # what scrolls must be reachable by the keyboard
    return (
        f"<details{' open' if opened else ''}><summary>{escape(title)}</summary>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(title, quote=True)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def picture(address: str, told: str) -> str:
    """An image with what it shows below it."""
    text = escape(told, quote=True)
    return f'<figure><img src="{address}" alt="{text}"><figcaption>{text}</figcaption></figure>'


def pictures(cells: Iterable[str]) -> str:
    """Images side by side, as many as there is room for."""
    return f'<div class="pictures">{"".join(cells)}</div>'


def facts(known: dict[str, str]) -> str:
    """Figures in boxes, those that are empty left out."""
    boxes = "".join(f"<div><b>{escape(value)}</b>{escape(name)}</div>" for name, value in known.items() if value)
    return f'<div class="facts">{boxes}</div>'


def plural(count: int, what: str) -> str:
    """ "1 row", "1,234 rows"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
