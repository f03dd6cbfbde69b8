"""A file is replaced whole or not at all: written beside, synced, then renamed over the old one."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, cast

from limpid.errors import LimpidError

BESIDE = ".limpid-"
"""How the name of a file begins while it is written."""


def replace_file(path: Path, *pieces: bytes | memoryview, beside: str = BESIDE) -> None:
    """Put the `pieces`, one after the other, at `path` so that a reader, even after a crash, finds the old file or the
    new one. A process that is killed may leave a file whose name begins with `beside` in the same folder.

    Errors: `OSError` from the file system; the old file is then intact and nothing is left beside it.
    """
    with replacing(path, beside) as new:
        for piece in pieces:
            new.write(piece)


@contextmanager
def replacing(path: Path, beside: str = BESIDE) -> Iterator[BinaryIO]:
    """What is written to the file given here, is at `path` when all of it is written; else the old file stays.

    Errors: as `replace_file`.
    """
    path = Path(os.path.realpath(path))  # a link keeps pointing where it did: its target is what is replaced
    with NamedTemporaryFile(dir=path.parent, prefix=beside, delete=False) as new:
        try:
            yield cast(BinaryIO, new)
            new.flush()
            os.fchmod(new.fileno(), _mode_for(path))
            os.fsync(new.fileno())
            Path(new.name).replace(path)
        except BaseException:
            Path(new.name).unlink()
            raise
    _sync_directory(path.parent)


def replace_files(contents: Mapping[Path, bytes]) -> None:
    """Put several contents at their paths: all of them or, where the file system fails on the way, none.

    Errors: `OSError` from the file system; the old files are then as they were.
    """
    before = {path: path.read_bytes() if path.exists() else None for path in contents}
    done: list[Path] = []
    try:
        for path, content in contents.items():
            replace_file(path, content)
            done.append(path)
    except BaseException:
        for path in done:
            old = before[path]
            path.unlink() if old is None else replace_file(path, old)
        raise


def check_writable(path: Path, what: str) -> None:
    """Find out before long work whether `path` can be written; nothing is left behind.

    Errors: `LimpidError` that names `what`, the path and the reason.
    """
    if path.is_dir():
        raise LimpidError(f"cannot write the {what} {path}: it is a directory, a file name is needed")
    if path.exists() and not path.is_file():
        raise LimpidError(f"cannot write the {what} {path}: it is not a plain file")
    try:
        with suppress(FileNotFoundError):
            path.stat()  # a link that leads nowhere but to itself
        with NamedTemporaryFile(dir=Path(os.path.realpath(path)).parent, prefix=BESIDE):
            pass
    except OSError as error:
        raise LimpidError(f"cannot write the {what} {path}: {error.strerror or error}") from error


def _mode_for(path: Path) -> int:
    """The permissions of the file that is replaced, or those that a plain new file would get."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_directory(directory: Path) -> None:
    """The rename itself lives in the directory: without this a power cut can undo it."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
