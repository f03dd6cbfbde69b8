"""A file is replaced whole or not at all: written beside, synced, then renamed over the old one."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from limpid.errors import LimpidError

BESIDE = ".limpid-"
"""How the name of a file begins while it is written."""


def replace_file(path: Path, *pieces: bytes | memoryview, beside: str = BESIDE) -> None:
    """Put the `pieces`, one after the other, at `path` so that a reader, even after a crash, finds the old file or the
    new one. A process that is killed may leave a file whose name begins with `beside` in the same folder.

    Errors: `OSError` from the file system; the old file is then intact and nothing is left beside it.
    """
    path = Path(os.path.realpath(path))  # a link keeps pointing where it did: its target is what is replaced
    with NamedTemporaryFile(dir=path.parent, prefix=beside, delete=False) as new:
        try:
            for piece in pieces:
                new.write(piece)
            new.flush()
            os.fchmod(new.fileno(), _mode_for(path))
            os.fsync(new.fileno())
            Path(new.name).replace(path)
        except BaseException:
            Path(new.name).unlink()
            raise
    _sync_directory(path.parent)


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
