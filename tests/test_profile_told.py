"""Profiles as programs, notebooks and trainings are told of them, and what they can be asked for."""

import json
from typing import Any

import numpy as np
import pytest

import limpid
from limpid.errors import LimpidError
from limpid.learning import learn
from limpid.profile import looking, suspects_of

ROWS = 300
RANDOM = np.random.default_rng(5)
LABELS = RANDOM.integers(0, 2, ROWS)
NOISE = RANDOM.normal(size=ROWS)


def test_a_profile_for_programs_and_notebooks() -> None:
    columns = {"<b>id</b>": np.arange(ROWS), "when": np.datetime64("2020-01-01") + np.arange(ROWS), "n": NOISE}
    profile = limpid.inspect({**columns, "y": np.array(["<i>", "&"])[LABELS]})
    told = json.loads(json.dumps(profile.describe(), allow_nan=False))
    assert told["target"]["classes"] == [["&", int(LABELS.sum())], ["<i>", int(ROWS - LABELS.sum())]]
    assert told["suspects"] == {"<b>id</b>": "identifier"}
    assert told["columns"][0]["most"] == 299
    assert told["columns"][1]["least"] == "2020-01-01"
    assert [row["target"] for row in told["columns"]] == [False, False, False, True]
    assert told["columns"][0]["findings"] == ["identifier: its whole numbers are 0 to 299, each once"]
    frame = profile.to_frame()
    assert frame.shape[0] == 4
    assert frame["name"].to_list() == ["<b>id</b>", "when", "n", "y"]
    assert frame["most"].to_list()[:2] == ["299", "2020-10-26"]
    page = profile._repr_html_()
    assert "<b>id<" not in page
    assert "&lt;b&gt;id&lt;/b&gt;" in page
    with pytest.raises(AttributeError):
        profile.rows = 3  # type: ignore[misc]  # what is wrong is the test


def test_the_suspects_of_a_data_set_to_learn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {"id": RANDOM.permutation(10**6)[:ROWS], "copy": LABELS * 2 + 1, "noise": NOISE, "y": LABELS}
    learning = learn(limpid.read(columns, "y"), hidden=[2])
    assert suspects_of(learning.dataset) == {"id": "identifier", "copy": "leak"}
    monkeypatch.setattr(looking, "MOST_ROWS", 100)
    assert suspects_of(learning.dataset) == {"id": "identifier", "copy": "leak"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"target": "lable"},
            r"table: no column 'lable' .did you mean 'label'.. to be predicted; columns: noise, label",
        ),
        ({"categorical": ["nois"]}, "no column 'nois' .did you mean 'noise'.. to be categorical"),
        ({"ignore": ["nois"]}, "no column 'nois' .did you mean 'noise'.. to ignore"),
        ({"ignore": ["noise", "label"]}, "no column is left to learn from$"),
        ({"query": "select 1"}, "a query is for"),
    ],
)
def test_names_that_are_none_are_refused(options: dict[str, Any], told: str) -> None:
    source = "t.csv" if "query" in options else {"noise": NOISE, "label": LABELS}
    with pytest.raises(LimpidError, match=told):
        limpid.inspect(source, **options)


def test_dates_can_be_categories() -> None:
    days = np.datetime64("2020-01-01") + np.arange(ROWS) % 3
    profile = limpid.inspect({"when": days, "y": LABELS}, categorical=["when"])
    assert [(column.name, column.distinct) for column in profile.columns] == [("when", 3), ("y", 2)]


def test_what_is_ignored_is_not_looked_at() -> None:
    profile = limpid.inspect({"id": np.arange(ROWS), "a": [1] * ROWS, "y": LABELS}, "y", ignore=["id", "y"])
    assert [column.name for column in profile.columns] == ["a", "y"]
    assert profile.repeated == ROWS - 2
