"""Exporting as users ask for it: by function and by command; what does not fit is refused in one line."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import limpid
from limpid import LimpidError, MLPClassifier
from limpid.exports import TARGETS
from limpid.exports.sections import runtime
from limpid.model import Model
from tests.exported import cells, encoded, models, rows

MODEL = models()["softmax_2_single"]
FILES = {"onnx": ["m.onnx"], "c": ["m.c", "m.h"], "js": ["m.mjs"]}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    limpid.save(MODEL, tmp_path / "m.limpid")
    return tmp_path / "m.limpid"


@pytest.mark.parametrize("to", TARGETS)
def test_the_command_writes_beside_the_model(run: Any, to: str, model: Path) -> None:
    code, out, err = run("export", model, "--to", to)
    assert (code, err) == (0, "")
    written = sorted(path.name for path in model.parent.iterdir() if path != model)
    assert written == FILES[to]
    assert sorted(out.split()) == sorted(word for name in written for word in (f"{to}:", str(model.parent / name)))


def test_the_command_writes_where_it_is_told(run: Any, model: Path) -> None:
    assert run("export", model, "--to", "js", "--out", model.parent / "other.js", "--quiet") == (0, "", "")
    assert (model.parent / "other.js").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "onyx"], "limpid: unknown target 'onyx' (did you mean 'onnx'?); choose one of onnx, c, js\n"),
        (
            ["--to", "c", "--out", "absent/m.c"],
            "limpid: cannot write the export absent/m.h: No such file or directory\n",
        ),
        (["--to", "js", "--out", "m.c"], "must end in .mjs or .js, got 'm.c'\n"),
        (["--to", "onnx", "--out", "."], "limpid: an export to ONNX must have a name that ends in .onnx, got ''\n"),
    ],
)
def test_refusals_are_one_line(run: Any, words: list[str], told: str, model: Path) -> None:
    code, out, err = run("export", model, *words)
    assert (code, out) == (2, "")
    assert err.startswith("limpid: ")
    assert err.endswith(told)
    assert err.count("\n") == 1


def test_a_model_is_needed(run: Any, tmp_path: Path) -> None:
    (tmp_path / "m.limpid").write_text("no model")
    code, _, err = run("export", tmp_path / "m.limpid", "--to", "c")
    assert code == 2
    assert "is not a limpid model" in err
    assert len(list(tmp_path.iterdir())) == 1


def test_without_onnx_it_is_said_how_to_get_it(run: Any, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    told = "limpid: ONNX files are written with onnx: pip install 'limpid[onnx]'\n"
    assert run("export", model, "--to", "onnx") == (2, "", told)


def test_fitted_estimators_are_exported(tmp_path: Path) -> None:
    X = rows()
    fitted = MLPClassifier((4,), max_iter=20, tol=1e9, n_iter_no_change=2).fit(X, X[:, 0] > 0)
    (path,) = limpid.export(fitted, tmp_path / "m.mjs", to="js")
    assert "export const classes = [false, true];" in path.read_text()


GIVEN: dict[str, Callable[[], tuple[Model, Any]]] = {
    "rows": lambda: (MODEL, rows(7)),
    "one row": lambda: (MODEL, rows(1)[0]),
    "lists": lambda: (MODEL, rows(3).tolist()),
    "sparse rows": lambda: (models()["tiny_single"], csr_array(rows(5))),
    "a table": lambda: (encoded(np.float32), cells().rows(slice(4))),
    "one row of a table": lambda: (encoded(np.float32), [1, 2, "one", None, np.datetime64("2024-01-01"), None]),
}


@pytest.mark.parametrize("case", GIVEN)
@pytest.mark.parametrize("to", TARGETS)
def test_rows_go_along(to: str, case: str, tmp_path: Path) -> None:
    model, given = GIVEN[case]()
    limpid.export(model, tmp_path / FILES[to][0], to=to, rows=given)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES[to]


@pytest.mark.parametrize("given", [[[1, 2]], [[np.nan] * 9], [["a"] * 9]], ids=["few", "nan", "text"])
@pytest.mark.parametrize("to", TARGETS)
def test_unusable_rows_are_refused(to: str, given: Any, tmp_path: Path) -> None:
    with pytest.raises(LimpidError, match="inputs must be"):
        limpid.export(MODEL, tmp_path / FILES[to][0], to=to, rows=given)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", TARGETS)
def test_exports_do_not_depend_on_when_or_where(to: str, tmp_path: Path) -> None:
    contents = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        folder.mkdir()
        contents.append([path.read_bytes() for path in limpid.export(MODEL, folder / FILES[to][0], to=to)])
    assert contents[0] == contents[1]


@pytest.mark.parametrize("file", ["runtime.c", "runtime.js"])
def test_a_runtime_holds_what_its_sections_need(file: str) -> None:
    assert "exp" not in runtime(file, {"relu"})
    text = runtime(file, {"mish"})
    places = [text.index(name) for name in ("series(", "expm1", "log1p", "tanh", "softplus", "mish")]
    assert places == sorted(places)
