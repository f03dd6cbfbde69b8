"""What the tests share: the real data, where it is, and in CI no test may be skipped."""

import os
import sys
from collections.abc import Generator
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

    def typed(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["limpid", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return typed
