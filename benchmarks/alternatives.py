"""Limpid's defaults beside simpler and other methods on real tables: `limpid compare` with no option but the target.

`python -m benchmarks.alternatives [TABLE ...] [--seeds 5] [--cores 2] [--out FOLDER]` writes alternatives.md and
alternatives.json, for all tables where none is named. Accuracy, average precision where one of two classes is rare,
R² of numbers: the mean over splits into four fifths learned from and one tested on. Where other programs keep the
cores busy `--cores 1` is much quicker.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.apart import ApartError, apart, possible_cores
from benchmarks.command import opening, options, start
from benchmarks.files import write
from benchmarks.machine import machine
from benchmarks.tables import cores_told, seconds_told, table

SEEDS = 5


@dataclass(frozen=True)
class Source:
    """A table below $LIMPID_DATA."""

    file: str
    target: str
    ignore: str = ""
    """Columns that are not learned from, with commas between."""


LEFT_OUT = "hospital_number,outcome,type_of_lesion_1,type_of_lesion_2,type_of_lesion_3,cp_data"
"""What nobody knows of a horse before it has been operated on."""
TABLES = {
    "adult": Source("tabular/adult-train.csv", "income"),
    "german": Source("tabular/german.csv", "class"),
    "horse-colic": Source("tabular/horse-colic.csv", "surgical_lesion", LEFT_OUT),
    "horse-colic, all columns": Source("tabular/horse-colic.csv", "surgical_lesion"),
    "mammography": Source("tabular/mammography.csv", "class"),
    "winequality-white": Source("tabular/winequality-white.csv", "quality"),
    "abalone": Source("tabular/abalone.csv", "rings"),
    "bostonHousing": Source("uci/bostonHousing.csv", "MEDV"),
    "concrete": Source("uci/concrete.csv", "compressive_strength"),
    "energy": Source("uci/energy.csv", "heating_load"),
    "kin8nm": Source("uci/kin8nm.csv", "y"),
    "naval": Source("uci/naval-propulsion-plant.csv", "gt_compressor_decay"),
    "power-plant": Source("uci/power-plant.csv", "PE"),
    "protein": Source("uci/protein-tertiary-structure.csv", "RMSD"),
    "wine-quality-red": Source("uci/wine-quality-red.csv", "quality"),
    "yacht": Source("uci/yacht.csv", "residuary_resistance"),
}


def measure(name: str, seeds: int) -> dict[str, Any]:
    """What all methods came to on a table."""
    from limpid import compare, read
    from limpid.comparison import words

    source = TABLES[name]
    path = Path(os.environ.get("LIMPID_DATA", "")) / source.file
    if not path.exists():
        raise ApartError(f"{path} is needed; LIMPID_DATA names the folder of data sets")
    ignore = source.ignore.split(",") if source.ignore else []
    comparison = compare(read(path, source.target, ignore=ignore), seeds=seeds)
    for _ in comparison:
        pass
    return {
        "task": comparison.dataset.task,
        "rows": [comparison.rows_learned, comparison.rows_tested],
        "score": comparison.judge.score,
        "beside": comparison.judge.beside,
        "methods": comparison.table(),
        "best": comparison.best and comparison.best.name,
        "verdict": comparison.verdict(),
        "remarks": [f"{each.name}: {each.remark}" for each in comparison.standings if each.remark],
        "told": {each.name: words.score_told(comparison, each.score) for each in comparison.standings if each.results},
    }


def scores(found: dict[str, Any], tasks: tuple[str, ...], title: str) -> Iterator[str]:
    """A row for each table of these tasks, a column for each method: = for as good as the best within noise."""
    those = {name: each for name, each in found.items() if each["task"] in tasks}
    if not those:
        return
    methods = list(dict.fromkeys(method["method"] for each in those.values() for method in each["methods"]))
    rows = []
    for name, each in those.items():
        cells = {method["method"]: _cell(each, method) for method in each["methods"]}
        rows.append((f"{name} ({each['score']})", *(cells.get(method, "") for method in methods)))
    good = [sum(_as_good(each, method) for each in those.values()) for method in methods]
    rows.append(("best, or as good", *(f"{count} of {len(those)}" for count in good)))
    yield from (f"## {title}", "", *table(("table", *methods), rows), "")


def _cell(each: dict[str, Any], method: dict[str, Any]) -> str:
    name = method["method"]
    if name not in each["told"]:
        return str(method["remark"]).partition(":")[0]
    told = str(each["told"][name])
    told = f"**{told}**" if name == each["best"] else told
    return f"{told} =" if method["as_good"] and name != each["best"] else told


def _as_good(each: dict[str, Any], name: str) -> bool:
    return any(method["as_good"] for method in each["methods"] if method["method"] == name)


def costs(found: dict[str, Any]) -> Iterator[str]:
    """How long limpid and the others take to learn and to answer, and how large they are: the median over tables."""
    figures: dict[str, list[tuple[float, float, float]]] = {}
    for each in sorted(found.values(), key=lambda each: str(each["task"])):
        for method in each["methods"]:
            if method["seconds_to_learn"] is not None:
                taken = method["seconds_to_learn"], method["microseconds_a_row"], method["bytes"]
                figures.setdefault(method["method"], []).append(taken)
    rows = []
    for name, several in figures.items():
        seconds, microseconds, size = (median(column) for column in zip(*several, strict=True))
        rows.append((name, seconds_told(seconds), seconds_told(microseconds / 1e6), f"{size / 1000:,.0f} kB"))
    yield from ("## What they cost, median over tables", "", *table(("method", "learns in", "a row", "size"), rows), "")


def words_of(found: dict[str, Any]) -> Iterator[str]:
    """What follows for each table."""
    yield from ("## In words", "")
    for name, each in found.items():
        rows = f"{each['rows'][0]:,} rows learned from, {each['rows'][1]:,} tested on"
        yield f"- **{name}** ({rows}). {'. '.join([*each['verdict'], *each['remarks']])}."


def main() -> None:
    parser = options(__doc__, cores=False)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(TABLES)}")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="splits of each table")
    parser.add_argument("--cores", type=int, default=max(possible_cores()), help="how many may be used")
    given = parser.parse_args()
    if unknown := set(given.tables) - set(TABLES):
        parser.error(f"unknown table {unknown.pop()!r}; choose among {', '.join(TABLES)}")
    found = {}
    for name in given.tables or TABLES:
        print(name, file=sys.stderr)
        found[name] = apart(measure, given.cores, name=name, seeds=given.seeds)
    lines = [
        *opening("Limpid beside the alternatives", "python -m benchmarks.alternatives"),
        f"Means over {given.seeds} splits, on {cores_told(given.cores)}; the best is bold, = is within noise of it.",
        "Some tables hold the same row more than once (winequality-white 937 of 4,898, mammography 3,334 of 11,183): "
        "rows tested on may have been learned from, and what learns rows by heart gains by it.",
        "",
        *scores(found, ("classification",), "Classes"),
        *scores(found, ("regression",), "Numbers"),
        *costs(found),
        *words_of(found),
    ]
    print("\n".join(lines))
    write("alternatives", lines, {"machine": machine(), "seeds": given.seeds, "measured": found}, given.out)


if __name__ == "__main__":
    start(main)
