"""How long it takes to learn MNIST to 98.0 % and to 98.5 % of the test images, by recipes that were chosen before.

`python -m benchmarks.time_to_accuracy [--cores 1 2] [--seeds 10] [--out FOLDER]` writes time_to_accuracy.md and .json;
`--choose` tries the candidates on training images that are held out, and writes nothing.
"""

import statistics
from typing import Any

from benchmarks.apart import apart
from benchmarks.asked import ACCURACY
from benchmarks.command import opening, options, start
from benchmarks.contenders import LIMPID
from benchmarks.files import write
from benchmarks.machine import machine
from benchmarks.pupil import PUPILS, SCIKIT_LEARN_EPOCHS, Lesson, pupil
from benchmarks.recipes import CANDIDATES, CHOSEN_BY, RECIPES, images
from benchmarks.tables import cores_told, table
from benchmarks.turns import reason

SECONDS, FEWEST_SEEDS = 60.0, 3
"""A contender that has taken so long learns by no more seeds than the fewest."""
CHOOSING_SEEDS = 3
ASKED_CORES = 2
HOW = f"""The recipes were chosen on the last {CHOSEN_BY:,} training images (`--choose`). scikit-learn knows no rate
that changes: it learns by Adam at 0.001 until an epoch first ends with so many test images right, at most
{SCIKIT_LEARN_EPOCHS} epochs. Seconds: from drawing the weights to the last step, data in memory, all code warm."""


def measure(wanted: float, cores: int, seeds: int) -> dict[str, Any]:
    """Every contender's lessons, seed by seed in turns; or why it has none."""
    seen, ready = images(choosing=False), {}
    found: dict[str, Any] = {}
    for name in PUPILS:
        try:
            ready[name], found[name] = pupil(name, RECIPES[wanted], wanted, seen, cores), []
        except Exception as error:
            found[name] = reason(error)
    for seed in range(seeds):
        for name, learn in ready.items():
            if seed < FEWEST_SEEDS or sum(seconds for seconds, _ in found[name]) < SECONDS:
                found[name].append(learn(seed))
    return found


def choose(wanted: float, cores: int) -> list[tuple[str, str, str]]:
    """Each candidate's median seconds and share of right answers on the training images that are held out."""
    seen, rows = images(choosing=True), []
    for recipe in CANDIDATES[wanted]:
        learn = pupil(LIMPID, recipe, wanted, seen, cores)
        seconds, shares = zip(*(learn(seed) for seed in range(CHOOSING_SEEDS)), strict=True)
        rows.append((recipe.told(), f"{statistics.median(seconds):.3f}", f"{statistics.median(shares):.2%}"))
    return rows


def candidates(cores: int) -> list[str]:
    """What `--choose` prints."""
    rows = [row for wanted in CANDIDATES for row in apart(choose, cores, wanted=wanted, cores=cores)]
    return table(("recipe", f"seconds on {cores_told(cores)}", "held-out training images right"), rows)


def section(wanted: float, cores: int, found: dict[str, Any]) -> list[str]:
    """Every contender beside the bar."""
    rows = [(name, *_figures(wanted, lessons)) for name, lessons in found.items()]
    head = ("contender", "seconds, median", "least to most", "test images right, median", f"seeds at {wanted:.1%}")
    text = ["", f"## {wanted:.1%} on {cores_told(cores)}", "", f"{RECIPES[wanted].told()}.", "", *table(head, rows)]
    return [*text, "", _verdict(wanted, found[LIMPID])] if cores == ASKED_CORES else text


def _figures(wanted: float, lessons: list[Lesson] | str) -> tuple[str, str, str, str]:
    if isinstance(lessons, str):
        return lessons, "", "", ""
    seconds, shares = zip(*lessons, strict=True)
    spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
    right = f"{statistics.median(shares):.2%}, least {min(shares):.2%}"
    reached = f"{sum(share >= wanted for share in shares)} of {len(shares)}"
    return f"{statistics.median(seconds):.2f}", spread, right, reached


def _verdict(wanted: float, lessons: list[Lesson] | str) -> str:
    asked = f"Asked: {wanted:.1%} in at most {ACCURACY[wanted]} s; reached:"
    if isinstance(lessons, str):
        return f"{asked} no."
    seconds, share = (statistics.median(each) for each in zip(*lessons, strict=True))
    return f"{asked} {'yes' if seconds <= ACCURACY[wanted] and share >= wanted else 'no'}."


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--choose", action="store_true", help=f"try the candidates on {CHOSEN_BY:,} training images")
    given = parser.parse_args()
    if given.choose:
        print("\n".join(candidates(given.cores[-1])))
        return
    lines, kept = [*opening("Time to accuracy", "python -m benchmarks.time_to_accuracy"), HOW], []
    for wanted in RECIPES:
        for cores in given.cores:
            found = apart(measure, cores, wanted=wanted, cores=cores, seeds=given.seeds)
            kept.append({"wanted": wanted, "cores": cores, "lessons": found})
            lines += section(wanted, cores, found)
            print("\n".join(section(wanted, cores, found)), flush=True)
    write("time_to_accuracy", lines, {"machine": machine(), "measured": kept}, given.out)


if __name__ == "__main__":
    start(main)
