"""The command `limpid capacity`: tables for a person, a program and a file, and an end by Ctrl-C."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from limpid.engines.native import NativeEngine

QUICK = ("--widths", "2,6", "--depths", "1,2", "--epochs", "3", "--threads", "1")


def test_sizes_are_told_to_a_person_a_program_and_a_file(run: Any) -> None:
    code, out, _ = run("capacity", "iris", *QUICK, "--json", "--out", "table.csv")
    assert code == 0
    told = json.loads(out.splitlines()[-1])
    assert [row["hidden"] for row in told["sizes"]] == ["2", "2,2", "6", "6,6"]
    assert told["seeds"] == 3
    assert told["best"] in [[2], [6], [2, 2], [6, 6]]
    assert told["verdict"][0].startswith("Least cost on unseen rows: ")
    assert told["interrupted"] is False
    with Path("table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["cost_unseen"]) for row in rows] == [row["cost_unseen"] for row in told["sizes"]]
    shown = " ".join(out.split())
    for text in ("iris: classification, 4 sizes, 3 seeds each", "= as good as the best", "table: table.csv"):
        assert text in shown
    for line in told["verdict"]:
        assert " ".join(line.split()) in shown


def test_numbers_are_scored_by_r_squared(run: Any) -> None:
    Path("t.csv").write_text("a,b,y\n" + "".join(f"{at},{at % 7},{at * 0.5}\n" for at in range(60)))
    code, out, _ = run("capacity", "t.csv", "--target", "y", "--ignore", "b", *QUICK, "--json")
    assert code == 0
    assert json.loads(out.splitlines()[-1])["score"] == "R²"
    assert "R²" in out.splitlines()[1] + out.splitlines()[2] + out.splitlines()[3]


def test_quiet_says_nothing(run: Any) -> None:
    assert run("capacity", "iris", *QUICK, "--quiet") == (0, "", "")


def test_ctrl_c_keeps_what_was_done(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    once, calls = NativeEngine.train_many, list[int]()

    def interrupted(self: Any, works: Any) -> Any:
        calls.append(len(works))
        if len(calls) > most:
            raise KeyboardInterrupt
        return once(self, works)

    monkeypatch.setattr(NativeEngine, "train_many", interrupted)
    most = 10**6
    run("capacity", "iris", *QUICK, "--quiet")
    most = len(calls) // 2  # in the midst of the second seed
    calls.clear()
    code, out, _ = run("capacity", "iris", *QUICK, "--json")
    assert code == 0
    told = json.loads(out.splitlines()[-1])
    assert told["interrupted"] is True
    assert {row["seeds"] for row in told["sizes"]} <= {1, 2}
    assert "interrupted: what was done by then is shown" in out
    most = 0
    code, out, err = run("capacity", "iris", *QUICK, "--quiet", "--out", "table.csv")
    assert (code, out) == (130, "")
    assert err == "limpid: interrupted before the first network was done; nothing is written\n"
    assert not Path("table.csv").exists()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("iris --seeds 2", "at least 3 seeds a size are needed to tell from noise, got 2"),
        ("iris --widths 8,x", "--widths needs positive integers with commas between, got '8,x'"),
        ("iris --depths 0", "depths must be positive integers, got 0"),
        ("iris --test-size 0", "iris: rows to test on are needed, a test size above 0"),
        ("iris --out absent/table.csv", "cannot write the table"),
        ("nothing.csv", "nothing.csv"),
    ],
)
def test_what_does_not_fit_is_one_line(run: Any, typed: str, told: str) -> None:
    code, out, err = run("capacity", *typed.split())
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
