"""A first look at every kind of source, on the command line too: what is shown, and how it is refused."""

import json
import shlex
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import limpid
from limpid.profile import ArrayFigures
from limpid.readers import BUILTIN

ROWS = 60
HORSES = {
    "hospital_number": "identifier", "outcome": "leak", "type_of_lesion_1": "leak", "type_of_lesion_2": "leak",
    "type_of_lesion_3": "leak",
}  # fmt: skip
FOUND: dict[str, tuple[str | None, dict[str, str]]] = {
    "tabular/adult-train": (None, {"education-num": "copy"}),
    "tabular/adult-test": (None, {"education-num": "copy"}),
    "tabular/german": (None, {}),
    "tabular/horse-colic": ("surgical_lesion", HORSES),
    "tabular/abalone": (None, {}),
    "tabular/auto_imports": (None, {}),
    "tabular/mammography": (None, {"class": "imbalance"}),
    "tabular/phoneme": (None, {}),
    "tabular/sonar": (None, {}),
    "tabular/banknote_authentication": (None, {}),
    "tabular/winequality-white": (None, {"quality": "imbalance"}),
    "uci/bostonHousing": (None, {}),
    "uci/concrete": (None, {}),
    "uci/energy": (None, {"surface_area": "copy"}),
    "uci/kin8nm": (None, {}),
    "uci/naval-propulsion-plant": (None, {"ship_speed": "copy", "port_propeller_torque": "copy"}),
    "uci/power-plant": (None, {}),
    "uci/protein-tertiary-structure": (None, {}),
    "uci/wine-quality-red": (None, {"quality": "imbalance"}),
    "uci/yacht": (None, {"froude_number": "strong"}),
}
"""Of each real table the target where it is not the guess, and what is found but repeats, missing cells and codes."""


@pytest.mark.parametrize("name", FOUND)
def test_on_real_tables_what_is_there_is_found_and_nothing_else(name: str, data: Path) -> None:
    target, wanted = FOUND[name]
    schema = json.loads((data / "tabular" / "schema.json").read_text())
    profile = limpid.inspect(data / f"{name}.csv", target)
    told = {each.column: each.kind for each in profile.findings if each.kind not in {"missing", "codes", "classes"}}
    assert {column: kind for column, kind in told.items() if kind != "repeats"} == wanted
    assert profile.target is not None
    known = schema.get(name.removeprefix("tabular/"))
    if known:
        assert profile.target.names == (known["target"],)
        assert (profile.rows, profile.repeated) == (known["rows"], known["duplicate_rows"])
        missing = {column.name: column.missing for column in profile.columns if column.missing}
        assert missing == known["missing_by_column"]
        if profile.target.task == "classification" and "class_counts" in known:
            assert dict(profile.target.classes) == known["class_counts"]


@pytest.mark.parametrize("name", [name for name in BUILTIN if name != "mnist"])
def test_built_in_sets(name: str) -> None:
    profile = limpid.inspect(name)
    dataset = limpid.read(name)
    assert profile.target is not None
    assert (profile.target.task, profile.rows, profile.inputs) == (dataset.task, len(dataset), dataset.X.shape[1])
    assert not profile.suspects
    assert (profile.array is not None) == (name == "digits")
    assert len(profile.columns) == 1 + len(dataset.features)


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def test_pictures_with_labels_and_without(tmp_path: Path) -> None:
    pictures = np.zeros((5, 2, 3), np.uint8)
    pictures[:, 0, 0] = [9, 0, 9, 0, 7]
    (tmp_path / "a-images-idx3-ubyte").write_bytes(idx(pictures))
    alone = limpid.inspect(tmp_path / "a-images-idx3-ubyte")
    assert alone.target is None
    assert alone.array == ArrayFigures(6, (2, 3), "uint8", "0", "9", 1 - 3 / 30, 5)
    assert alone.repeated == 2
    (tmp_path / "a-labels-idx1-ubyte").write_bytes(idx(np.array([1, 0, 1, 0, 1], np.uint8)))
    beside = limpid.inspect(tmp_path / "a-images-idx3-ubyte")
    assert beside.target is not None
    assert beside.target.classes == (("0", 2), ("1", 3))
    named = limpid.inspect(tmp_path / "a-images-idx3-ubyte", str(tmp_path / "a-labels-idx1-ubyte"))
    assert named.target == beside.target


def test_npz(tmp_path: Path) -> None:
    X, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
    np.savez(tmp_path / "a.npz", x_train=X, y_train=y, x_test=X, y_test=y)
    profile = limpid.inspect(tmp_path / "a.npz")
    assert (profile.rows, profile.test_rows, profile.inputs) == (20, 20, 2)
    np.savez(tmp_path / "b.npz", X=X, answers=np.stack([y, 1 - y], axis=1))
    assert limpid.inspect(tmp_path / "b.npz").target is None
    target = limpid.inspect(tmp_path / "b.npz", "answers").target
    assert target is not None
    assert (target.names, target.task) == (("target 1", "target 2"), "multilabel")


def write_table(path: Path) -> None:
    rows = [f"{n},{n * 37 % 11}.5,{'ab'[n % 2]},{'' if n % 3 else 'x'},7,{'ab'[n % 2]}" for n in range(ROWS)]
    path.write_text("\n".join(["id,size,kind,gone,same,wanted", *rows]) + "\n")


def test_what_a_person_sees(run: Any, tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv")
    code, out, _ = run("inspect", "t.csv")
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "t.csv: 60 rows, 6 columns; 6 inputs for a network"
    assert lines[1].split() == "column kind missing distinct values inputs tells".split()
    assert lines[3].split() == "id identifier 60 0 to 59 1 0%".split()
    assert lines[6].split() == "gone category 66.7% 1 x 100% 2 0%".split()
    assert "target: wanted (guessed: it is the last column, it has 2 values; --target names another)" in out
    assert "classification of 2 classes: a: 30 (50.0%), b: 30 (50.0%)" in out
    assert "- left out, being of no use: same (every cell is the same)" in out
    assert "! id (identifier): its whole numbers are 0 to 59, each once" in out
    assert "! kind (leak): it says the same as wanted: cell by cell" in out
    assert lines[-1] == "next: limpid train t.csv --target wanted --ignore id,kind"
    code, out, _ = run(*shlex.split(lines[-1].removeprefix("next: limpid ")), "--epochs", "2", "--hidden", "4")
    assert code == 0
    assert "left out: same (every cell is the same)" in out
    assert "suspect" not in out


def test_training_names_what_had_better_be_left_out(run: Any, tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv")
    _, out, _ = run("train", "t.csv", "--target", "wanted", "--epochs", "1", "--hidden", "4")
    assert "suspect: id (identifier), kind (leak); leave it out with --ignore id,kind (limpid inspect says why)" in out
    _, out, _ = run("train", "t.csv", "--target", "wanted", "--epochs", "1", "--hidden", "4", "--quiet")
    assert out == ""
    _, out, _ = run("train", "iris", "--epochs", "1", "--hidden", "4")
    assert "left out" not in out


def test_options_are_respected_and_handed_on(run: Any, tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv")
    options = ["--target", "size", "--ignore", "id,gone", "--categorical", "size", "--task", "classification"]
    code, out, _ = run("inspect", "t.csv", *options, "--json")
    told = json.loads(out.splitlines()[-1])
    assert code == 0
    assert [column["name"] for column in told["columns"]] == ["size", "kind", "same", "wanted"]
    assert (told["target"]["task"], told["target"]["guess"]) == ("classification", "")
    assert len(told["target"]["classes"]) == 11
    assert out.splitlines()[-2] == "next: limpid train t.csv " + " ".join(options[:4]) + (
        " --categorical size --task classification"
    )
    _, out, _ = run("inspect", "t.csv", "--json", "--quiet")
    assert json.loads(out)["suspects"] == {"id": "identifier", "kind": "leak"}


def test_a_database(run: Any, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("create table t (a real, y text)")
        connection.executemany("insert into t values (?, ?)", [(n / 7, "pq"[n % 2]) for n in range(ROWS)])
    connection.close()
    code, out, _ = run("inspect", "a.db", "--query", "select a, y from t")
    assert code == 0
    assert "next: limpid train a.db --query 'select a, y from t' --target y" in out


def test_names_cannot_steer_the_terminal_or_widen_the_table(run: Any, tmp_path: Path) -> None:
    names = ["[bold]x[/bold]", "\x1b[31mred", "two\nlines", "日本語の列の名前" * 3, "long" * 75, "a,b", "label"]
    quoted = ",".join(f'"{name}"' for name in names)
    rows = "\n".join(
        f'"[red]{n % 3}[/red]",{n % 7}.5,"\x1b[2J{n % 5}",値{n % 5},{n % 7},{n},{"pq"[n % 2]}' for n in range(ROWS)
    )
    (tmp_path / "t.csv").write_text(f"{quoted}\n{rows}\n")
    code, out, _ = run("inspect", "t.csv")
    assert code == 0
    assert "\x1b" not in out
    assert "[bold]x[/bold]" in out
    assert "\\x1b[31mred" in out
    assert "two\\nlines" in out
    assert "long" * 16 not in out
    table = out.partition("tells:")[0].splitlines()[1:]
    assert max(map(len, table)) <= 80
    assert "! a,b (identifier): its whole numbers are 0 to 59" in out
    assert out.splitlines()[-1] == "next: limpid train t.csv --target label"


def test_of_many_columns_the_telling_ones_are_shown(run: Any, tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(100)]
    cells = np.random.default_rng(0).integers(0, 7, (ROWS, 100)).tolist()
    rows = "\n".join(",".join([*map(str, row), str(n), "pq"[n % 2]]) for n, row in enumerate(cells))
    (tmp_path / "t.csv").write_text(",".join([*names, "id", "y"]) + "\n" + rows + "\n")
    _, out, _ = run("inspect", "t.csv")
    shown = [line.split()[0] for line in out.partition("more columns")[0].splitlines()[3:]]
    assert len(shown) == 41
    assert {"id", "y"} < set(shown)
    assert "62 more columns (whole number 62): --all shows them" in out
    assert "and 88 more" in out
    _, out, _ = run("inspect", "t.csv", "--all")
    assert "more" not in out.partition("tells:")[2].replace("where more means more", "")
    assert all(f"\n{name} " in out for name in names)


def test_where_no_target_is_likely(run: Any, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{n}.5,7\n" for n in range(ROWS)))
    code, out, _ = run("inspect", "t.csv")
    assert code == 0
    assert "target: none is likely; name it with --target" in out
    assert "next:" not in out
    assert "0%" not in out.splitlines()[3]


def test_pictures(run: Any) -> None:
    _, out, _ = run("inspect", "digits")
    lines = out.splitlines()
    assert lines[0] == "digits: 1,797 rows; 64 inputs for a network"
    assert lines[1] == "pictures, 8 x 8: uint8 from 0 to 16, 49% zeros, 3 inputs are the same in every row"
    assert "classification of 10 classes: 0: 178 (9.9%)" in lines[2]
    assert lines[-1] == "next: limpid train digits"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("absent.csv", "no such file or built-in data set: 'absent.csv'"),
        ("digit", "did you mean 'digits'"),
        ("empty.csv", "no rows below the header"),
        ("nothing.csv", "it is empty"),
        ("t.csv --target wantd", "no column 'wantd' (did you mean 'wanted'?) to be predicted"),
        ("t.csv --ignore siz", "no column 'siz' (did you mean 'size'?) to ignore"),
        ("t.csv --categorical kid", "no column 'kid' (did you mean 'kind'?) to be categorical"),
        ("t.csv --task guess", "unknown task 'guess'"),
        ("t.csv --query x", "a query is for an SQLite file"),
        ("iris --target y", "iris has its own target"),
        ("iris --ignore y", "ignore and categorical are for tables"),
        (".", "a folder for each class is needed in it"),
    ],
)
def test_a_refusal_is_one_line(words: str, told: str, run: Any, tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv")
    (tmp_path / "empty.csv").write_text("x,y\n")
    (tmp_path / "nothing.csv").write_text("")
    code, out, err = run("inspect", *words.split())
    assert (code, out) == (2, "")
    assert told in err
    assert len(err.splitlines()) == 1


def test_a_look_waits_for_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv")
    script = (
        "import sys\nfrom limpid.cli import main\nsys.argv = ['limpid', 'inspect', 't.csv']\n"
        "try:\n    main()\nfinally:\n    print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.splitlines()[-1].split())
    assert {"numpy", "polars"} < loaded
    assert not loaded & {"sklearn", "scipy", "pandas", "plotly", "safetensors"}
