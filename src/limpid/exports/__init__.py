"""Models for where there is no limpid, each with rows to test itself by: C, JavaScript, ONNX."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from limpid.errors import choose
from limpid.exports import c, javascript, onnx
from limpid.exports.onnx import self_test
from limpid.exports.subject import Subject, subject_of
from limpid.files import check_writable, replace_files

__all__ = ["TARGETS", "Target", "export", "self_test"]


class Target(NamedTuple):
    """What a model can be exported to."""

    suffix: str
    """How the name of its file ends."""
    paths: Callable[[Path], list[Path]]
    """Which files an export to a path becomes; `LimpidError` where it cannot."""
    files: Callable[[Subject, Path], dict[Path, bytes]]
    """These files and their content."""


TARGETS: dict[str, Target] = {
    "onnx": Target(".onnx", onnx.paths, onnx.files),
    "c": Target(".c", c.paths, c.files),
    "js": Target(".mjs", javascript.paths, javascript.files),
}
"""Every target by name: the one table that the command and the tests walk."""


def export(model: Any, path: str | Path, to: str, rows: Any = None) -> list[Path]:
    """Write a `Model`, or a fitted estimator's, to `path` as something that answers without limpid.

    `to` is a name of `TARGETS`: "onnx"; "c", which becomes a .h and a .c; "js". `rows`, as `predict` takes them, go
    along with the model's answers, so that the export can test itself; ten are made up where none are given. Returns
    the files written. Errors: `LimpidError` for an unknown target, a name that does not fit it, a package that is
    needed and absent, and a model that the target cannot hold; `OSError` from the file system. Files are written whole,
    all or none.
    """
    target = choose("target", to, TARGETS)
    for each in target.paths(Path(path)):
        check_writable(each, "export")
    contents = target.files(subject_of(model, rows), Path(path))
    replace_files(contents)
    return list(contents)
