"""What the tests share: the real data, where it is, and in CI no test may be skipped."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limpid import _native
from limpid.cli import main
from limpid.engines import Engine, find_engine


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    expected = hasattr(report, "wasxfail")  # a failure that is known, and must go on failing
    if report.skipped and not expected and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture(autouse=True)
def no_figures_are_left() -> Iterator[None]:
    """matplotlib keeps every figure, and warns when they are many."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data sets."""
    found = os.environ.get("LIMPID_DATA")
    if not found or not Path(found).is_dir():
        pytest.skip("LIMPID_DATA names no folder of data sets")
    return Path(found)


@pytest.fixture(params=_native.simd_levels())
def native(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The native engine at each SIMD level that this processor has."""
    monkeypatch.setenv("LIMPID_SIMD", request.param)
    return find_engine("native")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Type a command in an empty folder; gives the exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def typed(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["limpid", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return typed


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server for these tests alone; user and password are "limpid" and "s3cret"."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name), default=None)
    if programs is None:
        pytest.skip("no PostgreSQL server in /usr/lib/postgresql: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="limpid-postgresql-"))
    user = [] if os.geteuid() else ["runuser", "-u", "postgres", "--"]  # it refuses to run as root
    if user:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    (folder / "password").write_text("s3cret")
    (folder / "password").chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        with (folder / "output").open("a") as output:  # the server keeps what it inherits
            called = [*user, str(programs / program), "-D", str(folder / "data"), *arguments]
            subprocess.run(called, cwd=folder, stdout=output, stderr=output, check=True, timeout=120)

    try:
        run("initdb", "-U", "limpid", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}", "-E", "UTF8", "-N")
        run("pg_ctl", "-w", "start", "-o", f"-k {folder} -p {port} -c listen_addresses=127.0.0.1 -F")
        try:
            yield f"postgresql://limpid:s3cret@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
