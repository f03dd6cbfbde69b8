"""What the commands have in common: their options, and how a page begins."""

import argparse
from collections.abc import Callable
from pathlib import Path

from benchmarks.apart import ApartError, possible_cores
from benchmarks.files import HERE
from benchmarks.machine import told


def options(about: str | None, seconds: float | None = None, cores: bool = True) -> argparse.ArgumentParser:
    """`about` is the command's own docstring; `seconds` what it spends on each thing where nothing is said."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write into")
    if seconds:
        parser.add_argument("--seconds", type=float, default=seconds, help="to spend on each thing that is measured")
    if cores:
        parser.add_argument("--cores", type=int, nargs="+", default=possible_cores(), help="how many may be used")
    return parser


def start(main: Callable[[], None]) -> None:
    """Run a command; what cannot be measured here ends it with a line that says why."""
    try:
        main()
    except ApartError as reason:
        raise SystemExit(str(reason)) from None


def opening(title: str, command: str) -> list[str]:
    """A page's first lines."""
    return [f"# {title}", "", f"Written by `{command}`; {told()}.", ""]
