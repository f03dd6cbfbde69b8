"""limpid explain and limpid report, as they are typed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limpid import learn, read, save


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    learning = learn(read("digits"), hidden=[10], epochs=5, seed=0)
    list(learning)
    path = tmp_path_factory.mktemp("models") / "digits.limpid"
    save(learning.model, path)
    return path


def table(folder: Path) -> str:
    random = np.random.default_rng(0)
    rows = [
        f"{a:.3f},{'xyz'[b]},{a + b:.3f}"
        for a, b in zip(random.normal(size=80), random.integers(0, 3, 80), strict=True)
    ]
    (folder / "t.csv").write_text("\n".join(["a,b,price", *rows]))
    return "t.csv"


def test_the_worst_answer_is_explained(run: Any, model: Path) -> None:
    code, out, err = run("explain", model, "digits")
    assert (code, err) == (0, "")
    for told in ("answered", "true is", "seen", "blame dC/dz", "hidden layer 1", "rows learned from that pushed it"):
        assert told in out
    assert "█" in out


def test_a_row_is_explained_as_json(run: Any, model: Path) -> None:
    code, out, _ = run("explain", model, "digits", "--row", "5", "--json", "--quiet")
    assert code == 0
    found = json.loads(out)
    assert (found["row"], found["truth"]) == (5, 4)
    assert found["blamed"][0]["layer"] == 2
    assert len(found["weights"]) == 5


def test_a_table_is_explained_by_its_columns(run: Any, tmp_path: Path) -> None:
    source = table(tmp_path)
    assert run("train", source, "--target", "price", "--hidden", "5", "--epochs", "3", "--quiet")[0] == 0
    code, out, _ = run("explain", "t.limpid", source, "--row", "2", "--target", "price")
    assert code == 0
    assert "what spoke for price" in out
    assert "added" not in out
    (tmp_path / "new.csv").write_text("b,a\nx,1.5\n")
    code, out, _ = run("explain", "t.limpid", "new.csv", "--row", "1")
    assert code == 0
    assert "what is true is not known" in out


def test_a_report_is_written(run: Any, model: Path) -> None:
    code, out, err = run("report", model, "digits", "-o", "page.html")
    assert (code, err) == (0, "")
    assert out == "report: page.html\n"
    page = Path("page.html").read_text()
    for heading in ("Who is to blame", "detect", "Does it overfit?", "Is the slope zero?", "How it compares"):
        assert heading in page


def test_a_kept_path_is_on_the_page(run: Any) -> None:
    assert run("train", "iris", "--hidden", "4", "--epochs", "4", "--keep-path", "--quiet")[0] == 0
    assert run("report", "iris.limpid", "iris", "--quiet") == (0, "", "")
    assert "the plane of its descent" in Path("iris.html").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["explain", "digits", "--row", "0"], "limpid: digits: there is no row 0: they go from 1 to 1797\n"),
        (["explain", "iris"], "inputs"),
        (["report", "digits", "-o", "nowhere/page.html"], "cannot write the report nowhere/page.html"),
        (["report", "digits", "-o", "."], "cannot write the report .: it is a directory"),
    ],
)
def test_a_refusal_is_one_line(run: Any, model: Path, words: list[str], told: str) -> None:
    code, out, err = run(words[0], model, *words[1:])
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
