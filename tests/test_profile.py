"""Profiles: columns in figures, the target guessed, identifiers and leaks named, and no false alarm."""

from typing import Any

import numpy as np
import pytest

import limpid
from limpid.errors import DataError, LimpidError
from limpid.profile import Profile, profile_of
from limpid.profile.cells import cells_of
from limpid.profile.copies import repeated_rows
from limpid.profile.names import afterwards, kin, names_a_row, series, words
from limpid.profile.telling import answers_of, beyond_chance, told_by_absence, told_share
from limpid.readers import read_whole
from limpid.table import Table
from limpid.table_encoder import TableEncoder

ROWS = 300
RANDOM = np.random.default_rng(5)
LABELS = RANDOM.integers(0, 2, ROWS)
AMOUNTS = RANDOM.lognormal(1, 1, ROWS)
NOISE = RANDOM.normal(size=ROWS)


def found(profile: Profile, *kinds: str) -> dict[str, str]:
    """The columns about which there is a finding of these kinds, and its reason."""
    return {finding.column: finding.reason for finding in profile.findings if finding.kind in kinds}


def table(**columns: Any) -> Table:
    found = read_whole(columns).X
    assert isinstance(found, Table)
    return found


def test_each_kind_of_column_in_figures() -> None:
    day = np.datetime64("2024-02-28") + np.arange(40)
    profile = limpid.inspect(
        {
            "age": [30, 20, None, 50] * 10,
            "height": [1.5, 1.75, 1.5, 2.0] * 10,
            "member": [True, False, False, True] * 10,
            "town": ["Ulm", "Ulm", "", "Bonn"] * 10,
            "day": day,
            "report": [f"it was a day like number {n}" for n in range(40)],
            "nothing": [None] * 40,
            "y": [0, 1, 1, 0] * 10,
        }
    )
    age, height, member, town, date, report, nothing, y = profile.columns
    assert (age.kind, age.missing, age.distinct, age.least, age.middle, age.most) == ("whole number", 10, 3, 20, 30, 50)
    assert (age.inputs, age.values) == (2, "20 to 50")
    assert (height.kind, height.least, height.most, height.inputs) == ("number", 1.5, 2, 1)
    assert height.frequent == (("1.5", 20), ("1.75", 10), ("2", 10))
    assert (member.kind, member.distinct) == ("truth value", 2)
    assert (town.kind, town.missing, town.least, town.values) == ("category", 10, None, "Ulm 67%, Bonn 33%")
    assert (date.kind, date.least, date.middle, date.most) == ("date", "2024-02-28", "2024-03-18", "2024-04-07")
    assert report.kind == "text"
    assert (nothing.kind, nothing.inputs, nothing.left_out) == ("nothing", 0, "every cell is missing")
    assert (y.inputs, y.told) == (0, None)
    assert profile.target is not None
    assert profile.target.names == ("y",)


def test_columns_become_what_learning_makes_of_them() -> None:
    columns = {
        "a": np.where(NOISE > 1, np.nan, NOISE), "b": list("xyz") * 100, "c": [1] * ROWS, "d": NOISE.round(),
        "e": np.datetime64("2020-01-01") + np.arange(ROWS), "f": [f"{n}" for n in range(ROWS)],
    }  # fmt: skip
    profile = limpid.inspect({**columns, "y": LABELS}, "y", categorical=["d"])
    encoder = TableEncoder.fit(columns, table(**columns).__getitem__, ["d"])
    assert {column.name: column.inputs for column in profile.columns if column.inputs} == {
        column.name: len(column.names) for column in encoder.columns
    }
    assert {column.name: column.left_out for column in profile.columns if column.left_out} == dict(encoder.left_out)
    assert profile.inputs == encoder.outputs
    assert profile.columns[3].kind == "category"


@pytest.mark.parametrize(
    ("columns", "name", "why"),
    [
        ({"a": NOISE, "class": LABELS, "b": NOISE}, "class", "it is called 'class', it has 2 values"),
        ({"a": LABELS, "b": NOISE, "c": AMOUNTS}, "c", "it is the last column"),
        ({"a": NOISE, "b": LABELS, "id": np.arange(ROWS)}, None, ""),
        ({"a": NOISE, "house_price": AMOUNTS, "id": np.arange(ROWS)}, "house_price", "its name says 'price'"),
        ({"class_label": LABELS, "b": NOISE, "c": [7] * ROWS}, "class_label", "its name says 'class'"),
        ({"label": LABELS, "y": NOISE}, "y", "it is called 'y', it is the last column"),
        ({"a": NOISE, "when": np.datetime64("2020-01-01") + np.arange(ROWS)}, None, ""),
        ({"a": NOISE, "target": [f"{n % 100}" + "t" for n in range(ROWS)]}, None, ""),
        ({"a": NOISE, "target": np.where(np.arange(ROWS) < 200, np.nan, LABELS)}, None, ""),
    ],
)
def test_the_target_is_guessed_by_name_place_and_values(columns: Any, name: str | None, why: str) -> None:
    target = limpid.inspect(columns).target
    assert (target.names[0] if target else None) == name
    assert target is None or why in target.guess


def test_what_is_categorical_is_no_guess() -> None:
    target = limpid.inspect({"a": NOISE, "b": AMOUNTS, "c": LABELS}, categorical=["c"]).target
    assert target is None


@pytest.mark.parametrize(
    ("cells", "task", "wanted"),
    [
        (["a", "b", None] * 100, "classification", {"target": "100 of its cells are missing"}),
        ([3] * ROWS, "classification", {"target": "every cell is the same"}),
        ([None] * ROWS, "classification", {"target": "300 of its cells are missing"}),
        (np.datetime64("2020-01-01") + np.arange(ROWS), "classification", {"target": "dates"}),
        (["x"] * 290 + ["y"] * 10, "classification", {"imbalance": "only 10 of 300 rows are 'y' (3.3%); always"}),
        (["x"] * 297 + ["y"] * 3, "classification", {"imbalance": "fewer than 5 rows are 'y'"}),
        ([1, 2, 3] * 100, "classification", {"classes": "--task regression"}),
        ([f"{n % 150}t" for n in range(ROWS)], "classification", {"target": "150 classes in 300 rows"}),
        (AMOUNTS, "regression", {}),
        (LABELS, "classification", {}),
        (["x", "y"] * 150, "classification", {}),
    ],
)
def test_what_is_wrong_with_a_target_is_told(cells: Any, task: str, wanted: dict[str, str]) -> None:
    profile = limpid.inspect({"a": NOISE, "t": cells}, "t")
    assert profile.target is not None
    assert profile.target.task == task
    told = {each.kind: each.reason for each in profile.findings if each.column == "t"}
    assert told.keys() == wanted.keys()
    for kind, reason in wanted.items():
        assert reason in told[kind]


def test_a_task_can_be_said() -> None:
    columns = {"a": NOISE, "t": [1, 2, 3] * 100, "s": list("abc") * 100}
    assert limpid.inspect(columns, "t", task="regression").target == profile_of(
        read_whole(columns), "t", "regression"
    ).target  # fmt: skip
    assert (
        "it holds texts, a regression needs numbers"
        in found(limpid.inspect(columns, "s", task="regression"), "target")["s"]
    )
    with pytest.raises(LimpidError, match="unknown task 'regresion' .did you mean 'regression'"):
        limpid.inspect(columns, "t", task="regresion")


def test_several_targets() -> None:
    columns = {"a": NOISE, "p": LABELS, "q": 1 - LABELS[::-1], "r": AMOUNTS, "copy of p": LABELS}
    labels = limpid.inspect(columns, "p,q")
    assert labels.target is not None
    assert (labels.target.task, labels.target.classes) == ("multilabel", ())
    assert found(labels, "leak").keys() == {"copy of p"}
    numbers = limpid.inspect(columns, "q,r")
    assert numbers.target is not None
    assert numbers.target.task == "regression"
    with pytest.raises(DataError, match="each target can be named once, got 'p,p'"):
        limpid.inspect(columns, "p,p")


@pytest.mark.parametrize(
    ("name", "cells", "why"),
    [
        ("row", np.arange(ROWS), "its whole numbers are 0 to 299, each once"),
        ("shuffled", RANDOM.permutation(ROWS) + 7, "its whole numbers are 7 to 306, each once"),
        ("customerId", RANDOM.permutation(10**6)[:ROWS], "all of its 300 whole numbers differ, and its name says 'id'"),
        ("hospital_number", np.r_[RANDOM.permutation(10**6)[:280], [5] * 20], "281 of its 300 whole numbers differ"),
        ("Unnamed: 0", RANDOM.permutation(10**6)[:ROWS], "its name says 'unnamed'"),
        ("who", [f"{n:x}" for n in RANDOM.permutation(10**6)[:ROWS]], "all of its 300 texts differ"),
        ("amount", RANDOM.permutation(10**6)[:ROWS], None),
        ("number_of_inhabitants", RANDOM.permutation(10**6)[:ROWS], None),
        ("id", NOISE, None),
        ("id", RANDOM.integers(0, 100, ROWS), None),
        ("comment", [f"all went well with number {n}" for n in range(ROWS)], None),
        ("id", np.datetime64("2020-01-01") + np.arange(ROWS), None),
        ("int8", np.arange(-128, 127, dtype=np.int8)[:250].repeat(2)[:ROWS], None),
    ],
)
def test_identifiers(name: str, cells: Any, why: str | None) -> None:
    profile = limpid.inspect({name: cells, "y": LABELS})
    reason = found(profile, "identifier").get(name)
    assert (reason is None) == (why is None)
    assert why is None or (reason is not None and why in reason)
    assert (profile.columns[0].kind == "identifier") == (why is not None)


def test_an_identifier_in_the_targets_order_says_so() -> None:
    profile = limpid.inspect({"id": np.arange(ROWS), "y": np.sort(LABELS)})
    assert "of the target, in whose order the rows lie" in found(profile, "identifier")["id"]
    assert not found(profile, "leak")


CLASS_LEAKS: dict[str, tuple[Any, str]] = {
    "copy": (np.array(["no", "yes"])[LABELS], "it says the same as target: cell by cell"),
    "recoded": (LABELS * 3 + 4, "it says the same as target: each of its 2 values stands for one of the other's"),
    "threshold": (np.where(LABELS, NOISE.clip(-3, 3) + 10, NOISE.clip(-3, 3)), "of target on rows held out"),
    "kinds": ([f"{'pq'[label]}{n % 12}" for n, label in enumerate(LABELS)], "alone it tells 100.0% of target"),
    "boat": ([label or None for label in LABELS * (RANDOM.random(ROWS) > 0.1)], "whether its cell is missing"),
    "day_of_death": (NOISE, "its name says 'death': is it known only afterwards?"),
}  # fmt: skip


@pytest.mark.parametrize("name", CLASS_LEAKS)
def test_leaks_of_a_class(name: str) -> None:
    cells, why = CLASS_LEAKS[name]
    profile = limpid.inspect({"noise": NOISE, name: cells, "target": np.array(["no", "yes"])[LABELS]})
    assert found(profile, "leak").keys() == {name}
    assert why in found(profile, "leak")[name]
    assert profile.suspects == {name: "leak"}


NUMBER_LEAKS: dict[str, tuple[Any, str]] = {
    "copy": (AMOUNTS, "it says the same as wanted: cell by cell"),
    "dollars": (AMOUNTS * 1.09 + 3, "in another unit"),
    "rounded": ((AMOUNTS * 1.09).round(2), "in another unit"),
    "logarithm": (np.log(AMOUNTS), "in another unit"),
    "negative": (-(AMOUNTS**3), "in another unit"),
    "nearly": (AMOUNTS * (1 + NOISE / 100), "of wanted on rows held out"),
}


@pytest.mark.parametrize("name", NUMBER_LEAKS)
def test_leaks_of_a_number(name: str) -> None:
    cells, why = NUMBER_LEAKS[name]
    profile = limpid.inspect({"noise": NOISE, name: cells, "half": AMOUNTS + 3 * NOISE, "wanted": AMOUNTS})
    assert found(profile, "leak").keys() == {name}
    assert why in found(profile, "leak")[name]


def test_a_leak_by_kinship_needs_a_rare_word_and_more_than_chance() -> None:
    lesion = np.where(RANDOM.random(ROWS) < 0.3, RANDOM.integers(0, 2, ROWS), LABELS)
    columns = {"lesion_site_1": lesion, "lesion_site_2": [0] * 299 + [1], "lesion_depth": NOISE, "other": lesion}
    profile = limpid.inspect({**columns, "surgical_lesion": LABELS}, "surgical_lesion")
    leaks = found(profile, "leak")
    assert leaks.keys() == {"lesion_site_1", "lesion_site_2"}
    assert "it shares the word 'lesion' with surgical_lesion and tells" in leaks["lesion_site_1"]
    assert "is of one series with lesion_site_1" in leaks["lesion_site_2"]
    common = {f"lesion_{letter}": lesion for letter in "abcd"}
    assert not found(limpid.inspect({**common, "surgical_lesion": LABELS}, "surgical_lesion"), "leak")


def test_a_column_that_tells_much_is_asked_about() -> None:
    nearly = np.where(np.arange(ROWS) % 75 == 0, 1 - LABELS, LABELS)
    profile = limpid.inspect({"nearly": nearly, "y": LABELS})
    assert found(profile, "strong")["nearly"].startswith("alone it tells 94.")
    assert not profile.suspects


def test_a_few_rows_may_agree_by_chance() -> None:
    few = LABELS[:20]
    profile = limpid.inspect({"copy": few, "row": np.arange(20), "y": few})
    assert not found(profile, "leak", "strong", "copy", "identifier")
    rare = (np.arange(ROWS) < 2).astype(int)
    assert not found(limpid.inspect({"copy": rare, "y": rare}), "leak", "strong", "copy")


@pytest.mark.parametrize("rows", [30, 100, 1000])
@pytest.mark.parametrize("task", ["two", "three", "numbers", "rare"])
def test_no_false_alarm_in_what_is_drawn_by_chance(rows: int, task: str) -> None:
    random = np.random.default_rng(rows)
    columns: dict[str, Any] = {}
    for number in range(20):
        columns[f"a{number}"] = random.normal(size=rows)
        columns[f"b{number}"] = random.integers(0, 2 + number, rows)
        columns[f"c{number}"] = np.array(list("abcdefgh"))[random.integers(0, 8, rows)]
        columns[f"d{number}"] = np.where(random.random(rows) < 0.6, np.nan, random.lognormal(0, 2, rows).round(1))
        columns[f"e{number}"] = (random.random(rows) < 0.03).astype(int)
    wanted = {
        "two": random.integers(0, 2, rows),
        "three": random.integers(0, 3, rows),
        "numbers": random.normal(size=rows),
        "rare": (random.random(rows) < 0.05).astype(int),
    }
    profile = limpid.inspect({**columns, "wanted": wanted[task]}, "wanted")
    assert not found(profile, "identifier", "leak", "strong", "copy")


def test_what_a_column_tells() -> None:
    rows = np.arange(ROWS)
    labels = answers_of(cells_of(table(y=LABELS)["y"]), rows, classes=True)
    for cells, least, most in (
        (LABELS, 1.0, 1.0),
        (NOISE, 0.0, 0.05),
        ([f"{n}" for n in rows], 0.0, 0.0),  # learned by heart, it would tell all
        (np.where(RANDOM.random(ROWS) < 0.5, RANDOM.integers(0, 2, ROWS), LABELS), 0.1, 0.4),
        ([7] * ROWS, 0.0, 0.0),
    ):
        column = cells_of(table(a=cells)["a"])
        assert least <= told_share(column, rows, labels) <= most
        assert told_by_absence(column, rows, labels) == 0
    assert told_share(column, rows[:0], labels[:0]) == 0
    assert not beyond_chance(cells_of(table(a=NOISE)["a"]), rows, labels)
    assert beyond_chance(cells_of(table(a=LABELS * 2 + NOISE)["a"]), rows, labels)


def test_a_huge_number_does_not_decide_what_is_told() -> None:
    amounts = np.arange(ROWS, dtype=float)
    amounts[-1] = 1e300
    profile = limpid.inspect({"a": RANDOM.permutation(ROWS), "b": np.arange(ROWS) + 0.5, "y": amounts}, "y")
    assert profile.columns[0].told == pytest.approx(0, abs=0.1)
    assert profile.columns[1].told == pytest.approx(1, abs=0.01)


def test_copies_among_inputs_name_the_first() -> None:
    names = np.array(["low", "mid", "high"])[np.arange(ROWS) % 3]
    columns = {
        "level": names,
        "level_number": np.arange(ROWS) % 3 + 5,
        "cm": AMOUNTS,
        "inch": (AMOUNTS / 2.54).round(2),
    }
    profile = limpid.inspect({**columns, "again": AMOUNTS, "noise": NOISE, "y": LABELS})
    assert found(profile, "copy") == {
        "level_number": "it says the same as level: each of its 3 values stands for one of the other's",
        "again": "it says the same as cm: cell by cell",
        "inch": "it says the same as cm: in another unit",
    }
    assert not profile.suspects


def test_repeated_rows_are_counted_with_missing_cells_and_both_zeros() -> None:
    rows = table(
        a=np.array([0.0, -0.0, np.nan, np.nan, 1, 2, 2, 2]),
        b=["x", "x", "", "", "y", "y", "y", "z"],
        c=np.array([1, 1, 1, 1, 1, 2**60, 2**60 + 1, 2**60]),
    )
    assert repeated_rows(rows.columns.values(), 8) == 2
    assert repeated_rows([], 3) == 2
    profile = limpid.inspect({"a": [1, 1, 2, 3], "y": [0, 0, 1, 1]})
    assert profile.repeated == 1
    assert found(profile, "repeats")[""].startswith("rows that repeat an earlier one: 1 of 4 (25.0%)")


def test_notes_of_missing_cells_sentences_and_codes() -> None:
    columns = {
        "gone": [None, None, 1.5] * 100, "said": [f"he said that it was {n}" for n in range(ROWS)],
        "grade": [1, 2, 4] * 100, "flag": [1, 2] * 150, "many": np.arange(ROWS) % 11,
    }  # fmt: skip
    profile = limpid.inspect({**columns, "y": LABELS})
    assert found(profile, "missing") == {"gone": "67% of its cells are missing"}
    assert found(profile, "text").keys() == {"said"}
    assert found(profile, "codes").keys() == {"grade"}
    assert not found(limpid.inspect({**columns, "y": LABELS}, categorical=["grade"]), "codes")


def test_names() -> None:
    assert words("HospitalNumber_2 of-the day") == ["hospital", "number", "of", "the", "day"]
    assert [names_a_row(name) for name in ("userID", "number_of_rooms", "zip-code", "2", "idea")] == [
        "id",
        None,
        "code",
        None,
        None,
    ]
    assert [afterwards(name) for name in ("Outcome", "previous_outcome", "dayOfDeath", "income")] == [
        "outcome",
        None,
        "death",
        None,
    ]
    assert series("lesion_12_b") == series("lesion_3_b")
    assert kin("surgical_lesion", ["type_of_lesion_1", "lesions", "surgical", "age"]) == {
        "type_of_lesion_1": "lesion", "surgical": "surgical",
    }  # fmt: skip
    assert kin("price_class", ["class_size", "type"]) == {}
