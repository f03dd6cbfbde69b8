"""Folders of pictures: which are classes, which a split, and what in them is refused by name."""

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from limpid.errors import DataError
from limpid.readers import read
from tests.drawn_digits import DIGITS, LABELS, by_class, write


@pytest.mark.parametrize("parts", [("train", "test"), ("training", "testing")])
def test_train_and_test_folders_are_the_split(parts: tuple[str, str], tmp_path: Path) -> None:
    write(tmp_path / parts[0], range(60))
    write(tmp_path / parts[1], range(60, 100))
    dataset = read(tmp_path)
    assert dataset.test is not None
    assert np.array_equal(dataset.X.reshape(-1, 8, 8), DIGITS[by_class(range(60))])
    assert np.array_equal(dataset.test.X.reshape(-1, 8, 8), DIGITS[by_class(range(60, 100))])
    assert np.array_equal(np.asarray(dataset.test.y), LABELS[by_class(range(60, 100))])
    assert [Path(each.names[0]).parts[-3] for each in (dataset, dataset.test)] == list(parts)


def test_classes_called_train_and_test_are_classes(tmp_path: Path) -> None:
    for name in ("train", "test"):
        (tmp_path / name).mkdir()
        Image.fromarray(DIGITS[0]).save(tmp_path / name / "a.png")
    dataset = read(tmp_path)
    assert dataset.test is None
    assert np.asarray(dataset.y).tolist() == ["test", "train"]


@pytest.mark.parametrize(
    ("names", "kind"), [(["3", "12"], "i"), (["03", "12"], "U"), (["3", "twelve"], "U"), (["3", "9" * 5000], "U")]
)
def test_classes_are_whole_numbers_where_all_names_are(names: list[str], kind: str, tmp_path: Path) -> None:
    names = [name[:200] for name in names]
    for name in names:
        (tmp_path / name).mkdir()
        Image.fromarray(DIGITS[0]).save(tmp_path / name / "a.png")
    y = np.asarray(read(tmp_path).y)
    assert y.dtype.kind == kind
    assert sorted(map(str, y)) == sorted(names)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two classes of two pictures each, which each test spoils in its way."""
    for name in "ab":
        (tmp_path / "tree" / name).mkdir(parents=True)
        for number in (0, 1):
            Image.fromarray(DIGITS[number]).save(tmp_path / "tree" / name / f"{number}.png")
    return tmp_path / "tree"


SPOILED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a class without pictures": (lambda t: (t / "c").mkdir(), "tree/c holds no PNG or JPEG picture"),
    "a picture without a class": (lambda t: (t / "a" / "0.png").rename(t / "0.png"), "tree/0.png belongs to no class"),
    "a folder in a class": (lambda t: (t / "a" / "more").mkdir(), "tree/a/more is a folder within that of a class"),
    "one class": (lambda t: (t / "a").rename(t.parent / "c"), "two classes are needed to tell apart, got only b"),
    "no class": (lambda t: (t / "a").rename(t.parent / "c") and (t / "b").rename(t.parent / "d"), "a folder for each"),
    "another kind": (lambda t: (t / "a" / "2.gif").write_bytes(b""), "cannot read tree/a/2.gif: only PNG and JPEG"),
    "no picture": (lambda t: (t / "a" / "2.jpg").write_bytes(b"no"), "cannot read tree/a/2.jpg: it is neither PNG nor"),
    "nothing": (lambda t: (t / "b" / "2.JPEG").touch(), "cannot read tree/b/2.JPEG: it is neither PNG nor JPEG"),
    "a link to nothing": (lambda t: (t / "a" / "2.png").symlink_to("gone"), "cannot read tree/a/2.png: No such file"),
    "a link to itself": (lambda t: (t / "a" / "2.png").symlink_to("2.png"), "tree/a/2.png: Too many levels"),
    "a pipe": (lambda t: os.mkfifo(t / "a" / "2.png"), "cannot read tree/a/2.png: it is not a plain file"),
    "a line feed": (lambda t: (t / "a" / "\n\x1b.png").touch(), r"cannot read tree/a/\n\x1b.png: it is neither"),
    "no letters": (lambda t: (t / "a" / os.fsdecode(b"\xff.png")).touch(), r"cannot read tree/a/\udcff.png: it is"),
    "a circle": (lambda t: (t / "c").symlink_to("."), "tree/c holds no PNG or JPEG picture"),
    "beside the split": (
        lambda t: [write(t / name, range(4)) for name in ("train", "test")], "tree/a: beside train and test nothing"
    ),
    "two sizes": (lambda t: Image.new("L", (5, 6)).save(t / "b" / "2.png"), "tree/b/2.png has 5 x 6: name one size"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILED)
def test_folders_that_do_not_fit_are_refused(name: str, tree: Path, run: Any) -> None:
    spoil, told = SPOILED[name]
    spoil(tree)
    code, out, err = run("train", "tree", "--epochs", "1")
    assert (code, out) == (2, "")
    assert told in err
    assert len(err.splitlines()) == 1
    assert not (tree.parent / "tree.limpid").exists()


def test_a_folder_that_cannot_be_listed_is_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(DataError, match="cannot read the folder .*tree: Permission denied"):
        read(tree)


def test_what_is_hidden_is_passed_over(tree: Path) -> None:
    (tree / ".git").mkdir()
    (tree / "__MACOSX").mkdir()
    (tree / "a" / "._0.png").write_bytes(b"no picture")
    (tree / "a" / "notes.txt").write_text("no picture")
    (tree / "LICENSE").touch()
    assert len(read(tree)) == 4


def test_odd_names_are_learned_and_told(tmp_path: Path, run: Any) -> None:
    for name in ("é ü", "<b>&", "a,b", os.fsdecode(b"\xff")):
        (tmp_path / "odd" / name).mkdir(parents=True)
        for number in range(4):
            Image.fromarray(DIGITS[number]).save(tmp_path / "odd" / name / f'{number} "\n.png')
    code, out, _ = run("train", "odd", "--epochs", "1", "--hidden", "4", "--report", "odd.html")
    assert code == 0
    assert r"\udcff" in out
    code, _, _ = run("predict", "odd.limpid", "odd", "--out", "odd.csv")
    assert code == 0
    rows = list(csv.DictReader((tmp_path / "odd.csv").read_text().splitlines()))
    assert rows[0]["file"] == r'odd/<b>&/0 "\n.png'
    assert {r"probability \udcff", "probability a,b", "probability é ü"} <= rows[0].keys()
