"""An explanation for a person at a terminal: the picture, what spoke for the answer, the neurons to blame."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.columns import Columns
from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from limpid.displays import grey_pixels, weight_pixels
from limpid.explaining import COLUMNS, Explanation
from limpid.terminal import console, plain, say

WIDEST = 64
"""Pixels of a picture that is drawn."""


def show(of: Explanation) -> None:
    """Print all of it."""
    say(_headline(of), style="bold")
    if of.certainty:
        say("  ".join(f"{name} {share:.1%}" for name, share in of.certainty.items()))
    if of.attribution is not None:
        _attribution(of)
    if of.blame is not None:
        _blame(of)
    if of.examples is not None:
        _examples(of)


def _headline(of: Explanation) -> str:
    told = f"Row {of.row}: answered {_told(of.answer)}"
    if of.truth is None:
        return f"{told}; what is true is not known"
    if of.right is None:
        return f"{told}, true is {_told(of.truth)}"
    return f"{told}, which is right" if of.right else f"{told}, true is {_told(of.truth)}"


def _attribution(of: Explanation) -> None:
    assert of.attribution is not None
    shape, found = of.model.image_shape, of.attribution
    if shape and shape[1] <= WIDEST:
        pixels = np.asarray(of.x.X[0], float).reshape(shape)
        grey = grey_pixels(pixels, float(of.x.full_scale or pixels.max() or 1), negative=False)
        if console.color_system is None:
            console.print(Panel(shades(grey), title="seen", expand=False))
            say(found.words, style="dim")
            return
        parts = found.inputs[0].reshape(shape)
        seen = Panel(blocks(np.repeat(grey[:, :, None], 3, axis=2)), title="seen", expand=False)
        coloured = weight_pixels(parts, float(np.abs(parts).max()))
        spoke = Panel(blocks(coloured), title=f"for {found.targets[0]} (orange), against (blue)", expand=False)
        console.print(Columns([seen, spoke]))
        return
    table = Table(f"what spoke for {found.targets[0]}", "by how much", box=box.SIMPLE_HEAD)
    for row in found.to_rows()[:COLUMNS]:
        table.add_row(plain(row["name"]), f"{row['value']:+.4g}")
    console.print(table)
    say(found.words, style="dim")


def _blame(of: Explanation) -> None:
    assert of.blame is not None
    say(f"cost {of.blame.cost:.4g}; who is to blame, from the output back:")
    table = Table("neuron", "blame dC/dz", "share of its layer", "activation", box=box.SIMPLE_HEAD)
    for row in of.neurons():
        name = plain(row["name"] + (" (silent)" if row["silent"] else ""))
        table.add_row(name, f"{row['blame']:+.4g}", f"{row['share']:.0%}", f"{row['activation']:.4g}")
    console.print(table)
    say("Blame above 0: the neuron's sum was too high, below 0 too low.", style="dim")
    say("Shares are for display: they are not causes.", style="dim")
    hidden = of.blame.subject.hidden
    if hidden:
        first = of.blame.ranked(1, hidden[-1])[0]
        say(of.blame.sum_of(first["layer"], first["neuron"]).words)


def _examples(of: Explanation) -> None:
    table = Table("rows learned from that pushed it", "answer", "pull to the truth", box=box.SIMPLE_HEAD)
    for row in of.pushed():
        table.add_row(f"row {row['row']}", plain(str(row["answer"])), f"{row['score']:+.4g}")
    console.print(table)


def blocks(colours: NDArray[np.uint8]) -> RenderableType:
    """A picture (height, width, 3) by half blocks, two pixels in each place."""
    height, width, _ = colours.shape
    rows = np.concatenate([colours, np.full((height % 2, width, 3), 255, np.uint8)])
    text = Text()
    for top in range(0, len(rows), 2):
        for above, below in zip(rows[top].tolist(), rows[top + 1].tolist(), strict=True):
            text.append("▀", style=f"rgb({above[0]},{above[1]},{above[2]}) on rgb({below[0]},{below[1]},{below[2]})")
        text.append("\n")
    text.rstrip()
    return text


def shades(grey: NDArray[np.uint8]) -> Text:
    """A picture (height, width) by letters two to a pixel, where there are no colours."""
    letters = " ░▒▓█"
    rows = (grey.astype(int) * len(letters) // 256).tolist()
    return Text("\n".join("".join(2 * letters[value] for value in row) for row in rows))


def _told(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float | np.floating) else str(value)
