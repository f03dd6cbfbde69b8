"""The compiled part is built, imported and obeys."""

import subprocess
import sys

import pytest

from limpid import _native


def test_the_level_is_one_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIMPID_SIMD", raising=False)
    assert _native.simd_level() in {"baseline", "avx2"}


@pytest.mark.parametrize("wanted", ["baseline", "avx3"])
def test_the_environment_decides(wanted: str) -> None:
    script = "from limpid import _native; print(_native.simd_level())"
    ended = subprocess.run(
        [sys.executable, "-c", script], env={"LIMPID_SIMD": wanted}, capture_output=True, text=True, check=False
    )
    if wanted == "baseline":
        assert ended.stdout.strip() == "baseline"
    else:
        assert "ValueError: unknown SIMD level 'avx3'; choose baseline or avx2" in ended.stderr
