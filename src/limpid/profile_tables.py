"""What a profile looks like in a terminal: a table of the columns, the target, and what there is to beware of."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.table import Table

from limpid.profile import ArrayFigures, ColumnFigures, Finding, Profile, Target
from limpid.terminal import console, plain, say, shown

MOST_COLUMNS, MOST_FINDINGS, MOST_CLASSES, MOST_NAMES = 40, 12, 10, 12
"""What is shown of each unless all is asked for."""
TITLES = ("column", "kind", "missing", "distinct", "values", "inputs", "tells")
LEAST_WIDTH = 14
"""Letters that names and values get at least."""
LONGEST = 60
"""Letters of a name or class that are shown at most."""
TOGETHER = {
    "codes": "whole numbers that may be names rather than amounts; if they are, --categorical: {}",
    "missing": "most cells are missing: {}",
    "text": "sentences, of which only whole cells are compared: {}",
}
"""Findings that are told in one line, however many columns they are about."""


def show(profile: Profile, options: Mapping[str, str | None], everything: bool = False) -> None:
    """Print all that is known, or with many columns what matters most; and how to go on with the same `options`."""
    say(_headline(profile), style="bold")
    if profile.array is not None:
        say(_array(profile.array))
    elif profile.columns:
        _show_columns(profile, _chosen(profile, len(profile.columns) if everything else MOST_COLUMNS))
    if profile.target is not None:
        say(_target(profile.target, profile, everything))
    else:
        say("target: none is likely; name it with --target")
    for line in [*_left_out(profile, everything), *_told(profile.findings, everything)]:
        say(line)
    if profile.target is not None:
        console.print(plain(f"next: {_next(profile, options)}", "bold"), soft_wrap=True)


def _show_columns(profile: Profile, columns: Sequence[ColumnFigures]) -> None:
    console.print(_table(profile, columns))
    if len(columns) < len(profile.columns):
        left = [column for column in profile.columns if column not in columns]
        say(f"{len(left):,} more columns ({_kinds(left)}): --all shows them")
    if profile.target is not None:
        say("tells: the share of the target that a column tells alone, on rows held out", style="dim")


def _headline(profile: Profile) -> str:
    parts = [f"{profile.rows:,} rows"]
    parts += [f"{profile.test_rows:,} more for testing"] if profile.test_rows else []
    parts += [] if profile.array else [f"{len(profile.columns):,} columns"]
    return f"{profile.source}: {', '.join(parts)}; {profile.inputs:,} inputs for a network"


def _array(array: ArrayFigures) -> str:
    what = f"pictures, {array.image_shape[0]} x {array.image_shape[1]}" if array.image_shape else "inputs without names"
    constant = f", {array.constant:,} inputs are the same in every row" if array.constant else ""
    return f"{what}: {array.dtype} from {array.least} to {array.most}, {array.zeros:.0%} zeros{constant}"


def _chosen(profile: Profile, most: int) -> list[ColumnFigures]:
    """At most so many columns, those first that something is to be said about, in their order."""
    targets = profile.target.names if profile.target else ()
    grave = {*targets, *(found.column for found in profile.findings if found.warning)}
    noted = {found.column for found in profile.findings}
    ranked = sorted(
        profile.columns, key=lambda each: (each.name not in targets, each.name not in grave, each.name not in noted)
    )
    chosen = {column.name for column in ranked[:most]}
    return [column for column in profile.columns if column.name in chosen]


def _table(profile: Profile, columns: Sequence[ColumnFigures]) -> Table:
    rows = [_cells(profile, column) for column in columns]
    wide = [max(map(cell_len, cells)) for cells in zip(TITLES, *rows, strict=True)]
    others = sum(wide) - wide[0] - wide[4] + len(wide) - 1
    wide[0] = min(wide[0], max(LEAST_WIDTH, console.width - others - LEAST_WIDTH))
    wide[4] = min(wide[4], max(LEAST_WIDTH, console.width - others - wide[0]))
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    for title, width in zip(TITLES, wide, strict=True):
        names = title == "column"
        side: Any = "left" if names or title in {"kind", "values"} else "right"
        table.add_column(title, justify=side, width=width, no_wrap=not names, overflow="fold" if names else "ellipsis")
    grave = {found.column for found in profile.findings if found.warning}
    targets = profile.target.names if profile.target else ()
    for column, cells in zip(columns, rows, strict=True):
        style = "red" if column.name in grave else "green" if column.name in targets else ""
        table.add_row(plain(cells[0], style), *map(plain, cells[1:]))
    return table


def _cells(profile: Profile, column: ColumnFigures) -> tuple[str, ...]:
    wanted = profile.target is not None and column.name in profile.target.names
    missing = f"{column.missing / (column.missing + column.present):.1%}" if column.missing else ""
    values = column.values if column.inputs or wanted else column.left_out
    inputs = "target" if wanted else f"{column.inputs:,}" if column.inputs else "none"
    told = "" if column.told is None else f"{column.told:.0%}"
    cells = (_short(column.name), column.kind, missing, f"{column.distinct:,}", values, inputs, told)
    return tuple(map(shown, cells))


def _short(text: str) -> str:
    return shown(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")


def _kinds(columns: Iterable[ColumnFigures]) -> str:
    counts = Counter(column.kind for column in columns)
    return ", ".join(f"{kind} {count:,}" for kind, count in counts.most_common())


def _target(target: Target, profile: Profile, everything: bool) -> str:
    guessed = f" (guessed: {target.guess}; --target names another)" if target.guess else ""
    told = f"target: {target.called}{guessed}, {target.task}"
    if not target.classes:
        values = (column.values for column in profile.columns if column.name in target.names)
        return f"{told} of numbers from {' and from '.join(values)}"
    often = sorted(target.classes, key=lambda each: -each[1])
    some = target.classes if everything or len(often) <= MOST_CLASSES else often[:MOST_CLASSES]
    classes = ", ".join(f"{_short(text)}: {count:,} ({count / profile.rows:.1%})" for text, count in some)
    more = f" and {len(often) - len(some):,} more" if len(some) < len(often) else ""
    return f"{told} of {len(often):,} classes: {classes}{more}"


def _left_out(profile: Profile, everything: bool) -> list[str]:
    left = [f"{column.name} ({column.left_out})" for column in profile.columns if column.left_out]
    return [f"- left out, being of no use: {_listed(left, everything)}"] if left else []


def _told(findings: Sequence[Finding], everything: bool) -> list[str]:
    """A line for each finding, or for several of a kind; some where there are many."""
    lines = []
    for kind in dict.fromkeys(found.kind for found in findings):
        alike = [found for found in findings if found.kind == kind]
        if kind in TOGETHER and len(alike) > 1:
            lines.append(f"- {TOGETHER[kind].format(_listed([found.column for found in alike], everything))}")
            continue
        some = alike if everything else alike[:MOST_FINDINGS]
        lines += [f"{_mark(found)} {_about(found)}{found.reason}" for found in some]
        if len(some) < len(alike):
            lines.append(f"{_mark(alike[0])} {kind}: {len(alike) - len(some):,} more, --all shows them")
    return lines


def _mark(found: Finding) -> str:
    return "!" if found.warning else "-"


def _about(found: Finding) -> str:
    kind = f" ({found.kind})" if found.warning else ""
    return f"{_short(found.column)}{kind}: " if found.column else ""


def _listed(names: Sequence[str], everything: bool) -> str:
    some = names if everything else names[:MOST_NAMES]
    more = f" and {len(names) - len(some):,} more" if len(some) < len(names) else ""
    return ", ".join(map(_short, some)) + more


def _next(profile: Profile, options: Mapping[str, str | None]) -> str:
    """The command that learns from what is left."""
    given = {name: value for name, value in options.items() if value}
    if profile.target is not None and profile.target.guess:
        given["target"] = profile.target.called
    suspects = [name for name in profile.suspects if "," not in name]  # which --ignore would take for two
    if suspects:
        given["ignore"] = ",".join([*filter(None, [given.get("ignore")]), *suspects])
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    return shlex.join(["limpid", "train", profile.source, *words])
