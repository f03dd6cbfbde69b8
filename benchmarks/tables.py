"""Measurements as Markdown: every contender's seconds, and a summary beside what is asked."""

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.asked import OWN_PRODUCTS, PEER_RATIO, PRODUCTS_SHARE, verdict
from benchmarks.contenders import LIMPID, LIMPID_BFLOAT16, LIMPID_PLAINLY, PEERS, PRODUCTS

Measured = dict[str, Any]
"""`turns.measure`'s answer with the "workload" and the "cores"."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def cores_told(cores: int) -> str:
    return f"{cores} core" if cores == 1 else f"{cores} cores"


def seconds_told(seconds: float) -> str:
    """With the unit that leaves a few digits before the point."""
    for unit, name in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}" if seconds < 1000 * unit else f"{seconds / unit:.0f} {name}"
    return f"{seconds * 1e6:.3g} µs"


def median(measured: Measured, name: str) -> float | None:
    """Of that contender's rounds; None where it has none."""
    taken = measured["seconds"].get(name)
    return statistics.median(taken) if isinstance(taken, list) else None


def section(measured: Measured) -> list[str]:
    """Every contender of one workload: median, spread, and how many times longer than limpid."""
    unit = median(measured, LIMPID)
    rows = []
    for name, taken in measured["seconds"].items():
        if isinstance(taken, str):
            rows.append((name, taken, "", ""))
            continue
        middle = statistics.median(taken)
        spread = f"{seconds_told(min(taken))} to {seconds_told(max(taken))}"
        rows.append((name, seconds_told(middle), spread, f"{middle / unit:.2f}" if unit else ""))
    head = ("contender", f"{measured['job']}, median", "least to most", "times limpid")
    return [f"## {measured['name']}, {cores_told(measured['cores'])}", "", *table(head, rows), *_share(measured)]


def _share(measured: Measured) -> list[str]:
    alone, told = median(measured, PRODUCTS), []
    for name, what, wanted in ((LIMPID, "epoch", PRODUCTS_SHARE), (LIMPID_PLAINLY, "plain descent", OWN_PRODUCTS)):
        if alone and (whole := median(measured, name)):
            found = f"OpenBLAS's products alone take {alone / whole:.2f} of limpid's {what}"
            told += ["", f"{found}; asked: at least {wanted:.2f}, reached: {verdict(alone / whole, wanted)}."]
    return told


def fastest_peer(all_measured: Sequence[Measured], workload: str, cores: int) -> tuple[float, str] | None:
    """Its seconds and its name. One that more cores only slow down counts with fewer."""
    found = [
        (seconds, name if each["cores"] == cores else f"{name}, on {cores_told(each['cores'])}")
        for each in all_measured
        for name in PEERS
        if each["workload"] == workload and each["cores"] <= cores and (seconds := median(each, name)) is not None
    ]
    return min(found, default=None)


def summary(all_measured: Sequence[Measured]) -> list[str]:
    """A row for each workload and number of cores, and one more where limpid takes part with bfloat16 too."""
    rows = []
    for own in (LIMPID, LIMPID_BFLOAT16):
        alone = {each["workload"]: median(each, own) for each in all_measured if each["cores"] == 1}
        those = [each for each in all_measured if own == LIMPID or own in each["seconds"]]
        rows += [_row(each, own, alone.get(each["workload"]), all_measured) for each in those]
    head = ("workload", "cores", "limpid", "fastest peer", "times limpid", "asked", "reached", "gain over 1 core")
    return table(head, rows)


def _row(each: Measured, own: str, alone: float | None, all_measured: Sequence[Measured]) -> tuple[str, ...]:
    workload, cores, taken = each["workload"], each["cores"], median(each, own)
    name = workload if own == LIMPID else f"{workload}, bfloat16"
    gain = f"{alone / taken:.2f}" if taken and alone and cores > 1 else ""
    told = seconds_told(taken) if taken else "none"
    peer = fastest_peer(all_measured, workload, cores)
    if peer is None:
        return name, str(cores), told, "no peer is installed", "", "", "", gain
    wanted = PEER_RATIO.get(name, {}).get(cores)
    ratio = peer[0] / taken if taken else 0.0
    reached = verdict(ratio, wanted) if wanted else ""
    return name, str(cores), told, peer[1], f"{ratio:.2f}" if taken else "", str(wanted or ""), reached, gain
