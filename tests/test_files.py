import errno
import os
import stat
from pathlib import Path

import pytest

from limpid.errors import LimpidError
from limpid.files import check_writable, replace_file, replace_files


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask()
    path.chmod(0o600)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_keeps_pointing(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    replace_file(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("call", ["fsync", "fchmod", "replace"])
def test_a_full_disk_leaves_the_old_file(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path if call == "replace" else os, call, fail)
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("there", [True, False])
def test_several_files_are_replaced_together_or_not_at_all(
    there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    if there:
        first.write_bytes(b"old")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    whole = Path.replace

    def fail(path: Path, target: Path) -> Path:
        if target.name == "second":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return whole(path, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="Input/output error"):
        replace_files({first: b"new", second: b"new"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    monkeypatch.undo()
    replace_files({first: b"new", second: b"too"})
    assert (first.read_bytes(), second.read_bytes()) == (b"new", b"too")


def test_what_cannot_be_written_is_found_before(tmp_path: Path) -> None:
    check_writable(tmp_path / "new", "model")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(LimpidError, match="cannot write the model .*: No such file or directory"):
        check_writable(tmp_path / "absent" / "new", "model")
    with pytest.raises(LimpidError, match="it is a directory"):
        check_writable(tmp_path, "report")


def test_only_plain_files_are_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LimpidError, match="it is not a plain file"):
        check_writable(tmp_path / "pipe", "model")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(LimpidError, match="cannot write the model .*loop"):
        check_writable(tmp_path / "loop", "model")


def test_a_long_name_is_taken(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 250)
    check_writable(path, "model")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
