"""Whether a training that is killed again and again comes to the same bits as one that is not.

`python -m benchmarks.kills [--kills 100] [--out FOLDER]` writes kills.md and kills.json: `kill -9` hits a training at a
random moment, every second time as soon after it as a checkpoint is being written; the same command goes on, and so
forth until it comes to its end; then anew, until there were so many kills. Each takes a few seconds.
"""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.command import opening, options, start
from benchmarks.files import write
from benchmarks.machine import machine
from benchmarks.tables import table
from limpid import LimpidError, load, model_file
from limpid.checkpoints import NAME

ROWS, COLUMNS = 200_000, 24
CHOICES = (
    "--hidden 64,48 --batch-size 8 --epochs 8 --patience 5 --validation-size 0.1 --dropout 0.1 --normalization batch "
    "--schedule one_cycle --warm-up 1 --threads 1 --model learned.limpid"
)
RUN = "run"
HALF_WRITTEN = f"{model_file.beside('checkpoint')}*"
LONGEST = 0.6
"""Seconds from the beginning of the passes to a kill, or to where one waits for a checkpoint, at most."""


def learned(folder: Path) -> str:
    """A hash of all that a training came to but its seconds."""
    model = load(folder / "learned.limpid")
    digest = sha256(repr([epoch._replace(seconds=0.0) for epoch in model.history]).encode())
    digest.update(model.origin.stopped_because.encode())
    for array in model.parameters.values():
        digest.update(array.tobytes())
    return digest.hexdigest()


def train(folder: Path, more: str, seconds: float | None = None, aimed: bool = False) -> bool:
    """Whether a training came to its end before it was killed, so long after its passes had begun.

    A kill that is `aimed` waits for a checkpoint that is half written.
    """
    words = [sys.executable, "-m", "limpid", "train", "rows.npz", *CHOICES.split(), *more.split()]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        while "rows to learn from" not in (line := program.stdout.readline()):
            if not line:
                raise RuntimeError(f"the training did not begin: {program.communicate()[1]}")
        if seconds is not None:
            time.sleep(seconds)
            while aimed and program.poll() is None and not any((folder / RUN).glob(HALF_WRITTEN)):
                pass
            program.kill()
        program.communicate()
    if program.returncode not in {0, -signal.SIGKILL}:
        raise RuntimeError(f"the training ended with exit code {program.returncode}")
    return program.returncode == 0


def killed(folder: Path, seconds: float, aimed: bool) -> dict[str, Any] | None:
    """What a kill left behind; None where the training had come to its end."""
    if train(folder, f"--checkpoint {RUN} --every 0.001s --resume", seconds, aimed):
        return None
    path = folder / RUN / NAME
    found = {"seconds": seconds, "aimed": aimed, "half_written": any((folder / RUN).glob(HALF_WRITTEN))}
    if not path.exists():
        return {**found, "checkpoint": "none yet"}
    try:
        arrays = model_file.read(path, "checkpoint")[1]
    except LimpidError as error:
        return {**found, "checkpoint": f"unreadable: {error}"}
    return {**found, "checkpoint": "in the midst of a pass" if len(arrays["costs"]) else "between two passes"}


def trainings(folder: Path, kills: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The hash that each training came to, and its kills."""
    moments, left = np.random.default_rng(1), kills
    while left:
        shutil.rmtree(folder / RUN, ignore_errors=True)
        found: list[dict[str, Any]] = []
        while len(found) < left:
            kill = killed(folder, moments.uniform(0, LONGEST), aimed=len(found) % 2 == 1)
            if kill is None:
                break
            found.append(kill)
        if len(found) == left:
            train(folder, f"--checkpoint {RUN} --resume")
        left -= len(found)
        yield learned(folder), found


def prepare(folder: Path) -> None:
    """The rows to learn from."""
    draw = np.random.default_rng(0)
    X = draw.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    np.savez(folder / "rows.npz", X=X, y=(np.sin(X[:, 0]) + X[:, 1] * X[:, 2] > draw.normal(size=ROWS)).astype(int))


def main() -> None:
    parser = options(__doc__, cores=False)
    parser.add_argument("--kills", type=int, default=100, help="how many")
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        train(folder, "")
        unharmed, ended = learned(folder), []
        for came_to, kills in trainings(folder, given.kills):
            print(f"{len(kills)} kills, {'the same' if came_to == unharmed else 'other'} bits", flush=True)
            ended.append({"hash": came_to, "kills": kills})
    write("kills", *page(unharmed, ended), given.out)


def page(unharmed: str, ended: list[dict[str, Any]]) -> tuple[list[str], dict[str, Any]]:
    """What was found, to read and to go on with."""
    kills = [kill for each in ended for kill in each["kills"]]
    same = sum(each["hash"] == unharmed for each in ended)
    midst = sum(kill["checkpoint"] == "in the midst of a pass" for kill in kills)
    rows = [
        ("kills, in so many trainings", f"{len(kills)}, {len(ended)}"),
        ("while a checkpoint was written", str(sum(kill["half_written"] for kill in kills))),
        ("that left a checkpoint from the midst of a pass", str(midst)),
        ("that left a checkpoint that cannot be read", str(sum("unreadable" in kill["checkpoint"] for kill in kills))),
        ("trainings that came to the bits of the one that nobody killed", f"{same} of {len(ended)}"),
        ("distinct hashes, that one's included", str(len({unharmed, *(each["hash"] for each in ended)}))),
    ]
    lines = [*opening("Kills", "python -m benchmarks.kills"), *table(("what", "how many"), rows)]
    print("\n".join(lines))
    return lines, {"machine": machine(), "unharmed": unharmed, "trainings": ended}


if __name__ == "__main__":
    start(main)
