"""Checkpoint files: what goes in comes out; what is another training's, damaged or half written never comes in."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import limpid
from limpid import checkpoint_file, model_file
from limpid.checkpoint_file import Owner
from limpid.checkpoints import NAME
from limpid.errors import LimpidError, ModelFileError
from limpid.learning import learn
from limpid.stopping import Standing
from limpid.training import Epoch, Moment
from tests.cut_trainings import RARELY, SMALL, Disk, die_in, lesson, outcome, table


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A checkpoint from the midst of a pass."""
    learning = lesson({})
    learning.checkpoint(tmp_path, RARELY)
    with pytest.MonkeyPatch.context() as monkeypatch:
        die_in(monkeypatch, 9, KeyboardInterrupt)
        list(learning)
    return tmp_path / NAME


def test_odd_numbers_come_back(tmp_path: Path) -> None:
    """What is not finite, and what was not measured."""
    training, random, owner = lesson({}).training, np.random.default_rng(5), Owner("mine", {"epochs": 2})
    history = [
        Epoch(1, 0.1 + 0.2, 0.0, inf, nan, None, 0.01, 0.5),
        Epoch(2, nan, nan, None, None, None, 0.01, 1 / 3),
    ]
    state = training.state._replace(step=3)
    at = Moment(state, np.empty((0, 2)), 0.0, history, None, state.parameters, Standing(), "not finite: z1")
    checkpoint_file.write(tmp_path / NAME, owner, training.network, at, random.bit_generator.state)
    got, drawn_from = checkpoint_file.read(tmp_path / NAME, owner, training, np.random.default_rng(6))
    assert repr(got.history) == repr(history)
    assert got.standing == Standing()
    assert drawn_from == random.bit_generator.state


def test_an_earlier_checkpoint_is_not_overwritten(kept: Path) -> None:
    content = kept.read_bytes()
    with pytest.raises(LimpidError, match="checkpoint.limpid is there from an earlier training: resume it"):
        lesson({}).checkpoint(kept.parent, RARELY)
    assert kept.read_bytes() == content


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"hidden": [6, 6]}, r"a training with hidden \[6, 5\], got \[6, 6\]"),
        ({"learning_rate": 0.01}, "learning_rate 0.02, got 0.01"),
        ({"clip_norm": 1.0}, "clip_norm not given, got 1.0"),
        ({"engine": "reference"}, "engine 'native', got 'reference'"),
        ({"seed": 1}, "seed 0, got 1"),
        ({"epochs": 5}, "a training of 6 epochs, got fewer, 5"),
    ],
)
def test_another_recipe_is_refused(choices: dict[str, Any], told: str, kept: Path) -> None:
    learning = lesson(choices)
    before = outcome(learning)
    with pytest.raises(LimpidError, match=told):
        learning.checkpoint(kept.parent, RARELY, resume=True)
    assert outcome(learning) == before


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle", "coslog4"])
def test_a_schedule_over_all_epochs_knows_their_number(schedule: str, tmp_path: Path) -> None:
    first = lesson({"schedule": schedule, "warm_up": 1})
    first.checkpoint(tmp_path, RARELY)
    list(first)
    more = lesson({"schedule": schedule, "warm_up": 1, "epochs": 8})
    with pytest.raises(LimpidError, match=f"6 epochs, got 8: the schedule '{schedule}' is laid out over all of them"):
        more.checkpoint(tmp_path, RARELY, resume=True)


def test_other_examples_and_other_networks_are_refused(tmp_path: Path) -> None:
    data, recipe = table(), {**SMALL, "output": "sigmoid", "cost": "binary_cross_entropy"}
    first = learn(data, **recipe)
    first.checkpoint(tmp_path, RARELY)
    list(first)
    with pytest.raises(LimpidError, match="belongs to a training on other examples than these"):
        learn(replace(data, X=data.X + 1e-9), **recipe).checkpoint(tmp_path, RARELY, resume=True)
    assert data.y is not None
    pairs = replace(data, y=np.stack([data.y, 1 - data.y], axis=1), task="multilabel")
    other = learn(pairs, **recipe)
    change_checkpoint(tmp_path / NAME, lambda d, a: d.update(fingerprint=pairs.fingerprint()))
    with pytest.raises(LimpidError, match="belongs to a training of another network than 4-6-5-2"):
        other.checkpoint(tmp_path, RARELY, resume=True)


def change_checkpoint(path: Path, edit: Callable[[dict[str, Any], dict[str, Any]], Any]) -> None:
    """As one who writes files of this format would, checksum included."""
    described, arrays = model_file.read(path, "checkpoint")
    edit(described, arrays)
    model_file.write(path, described, arrays, "checkpoint")


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda d, a: d.pop("fingerprint"), "is damaged: 'fingerprint'"),
        (lambda d, a: d.update(recipe=[1]), "is damaged"),
        (lambda d, a: d["recipe"].update(epochs="many"), "is damaged"),
        (lambda d, a: d.update(step=7), "step must not be 7"),
        (lambda d, a: d.update(step=8.0), "step must not be 8.0"),
        (lambda d, a: d.update(seconds=-1), "seconds must not be -1"),
        (lambda d, a: d.update(ended=3), "ended must not be 3"),
        (lambda d, a: d["standing"].update(worse=-1), "worse must not be -1"),
        (lambda d, a: d["standing"].update(worse=True), "worse must not be True"),
        (lambda d, a: d["standing"].update(rate_factor=0), "rate_factor must not be 0"),
        (lambda d, a: d["standing"].update(best="high"), "best must not be 'high'"),
        (lambda d, a: d["standing"].pop("best"), "is damaged: 'best'"),
        (lambda d, a: d.update(random={}), "is damaged"),
        (lambda d, a: d["random"].update(bit_generator="MT19937"), "is damaged"),
        (lambda d, a: d["random"]["state"].update(state=2**200), "is damaged"),
        (lambda d, a: d["random"].update(uinteger=2**40), "is damaged"),
        (lambda d, a: d["random"].update(more=1), "no random source can stand"),
        (lambda d, a: a.pop("descent.W1"), "missing or not expected: descent.W1"),
        (lambda d, a: a.update(extra=np.zeros(1)), "missing or not expected: extra"),
        (lambda d, a: a.update({"best.b1": np.zeros(7, np.float32)}), r"best.b1 must be floats of shape \(6,\)"),
        (lambda d, a: a.update({"best.b1": np.zeros(6)}), "best.b1 must be float32, got float64"),
        (lambda d, a: a["optimizer.mean.W2"].fill(nan), "optimizer.mean.W2 holds numbers that are not finite"),
        (lambda d, a: a.update(costs=a["costs"][:, :1].copy()), "costs must be floats of shape"),
        (lambda d, a: a.update(costs=np.zeros((40, 2))), "costs must be floats of shape"),
        (lambda d, a: a.update(costs=a["costs"].astype(np.float32)), "costs must be float64"),
        (lambda d, a: a.update(history=a["history"][:, :7].copy()), "the history must be float64 of shape"),
        (lambda d, a: a.update(history=a["history"] + 1), "numbered from 1"),
        (lambda d, a: a.update(history=np.ones((2, 8))), "numbered from 1"),
        (lambda d, a: a.pop("history"), "is damaged: 'history'"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(edit: Any, told: str, kept: Path) -> None:
    change_checkpoint(kept, lambda *_: None)
    lesson({}).checkpoint(kept.parent, RARELY, resume=True)  # it was as it should be
    change_checkpoint(kept, edit)
    learning = lesson({})
    before = outcome(learning)
    with pytest.raises(ModelFileError, match=told) as refused:
        learning.checkpoint(kept.parent, RARELY, resume=True)
    assert "\n" not in str(refused.value)
    assert outcome(learning) == before


def test_foreign_and_newer_files_are_refused(kept: Path) -> None:
    learning = lesson({})
    list(learning)
    content = kept.read_bytes()
    limpid.save(learning.model, kept)
    with pytest.raises(ModelFileError, match="is not a limpid checkpoint: its header has no"):
        lesson({}).checkpoint(kept.parent, RARELY, resume=True)
    kept.write_bytes(content)
    with pytest.raises(ModelFileError, match="is not a limpid model: its header has no"):
        limpid.load(kept)
    kept.write_bytes(content.replace(b'format\\": 1', b'format\\": 9').replace(b'"crc32"', b'"crc00"'))
    with pytest.raises(ModelFileError, match="has format 9; this limpid reads format 1"):
        lesson({}).checkpoint(kept.parent, RARELY, resume=True)


def test_a_checkpoint_cut_anywhere_is_refused(kept: Path) -> None:
    content, learning = kept.read_bytes(), lesson({})
    for length in [*range(0, len(content), 211), len(content) - 1]:
        kept.write_bytes(content[:length])
        with pytest.raises(ModelFileError, match=NAME):
            learning.checkpoint(kept.parent, RARELY, resume=True)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_random_damage_is_found_or_does_none(place: float, flip: int, kept: Path) -> None:
    """One byte that is another is refused, where it changes anything."""
    content = kept.read_bytes()
    at = int(place * len(content))
    intact, learning = lesson({}), lesson({})
    intact.checkpoint(kept.parent, RARELY, resume=True)
    kept.write_bytes(content[:at] + bytes([content[at] ^ flip]) + content[at + 1 :])
    try:
        learning.checkpoint(kept.parent, RARELY, resume=True)
        assert outcome(learning) == outcome(intact)
    except ModelFileError as error:
        assert "\n" not in str(error)
    finally:
        kept.write_bytes(content)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_a_disk_that_fails_at_any_call_leaves_a_complete_file(
    number: int, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, learning = kept.read_bytes(), lesson({})
    learning.checkpoint(kept.parent, RARELY, resume=True)
    list(learning)
    new = kept.read_bytes()
    described, arrays = model_file.read(kept, "checkpoint")
    calls = 2 + len(arrays) + 3  # the header, arrays, syncs of file and folder, and between these the rename
    for failing in range(1, calls + 1):
        kept.write_bytes(old)
        with monkeypatch.context() as patched:
            Disk(patched, failing, number)
            with pytest.raises(OSError, match=os.strerror(number)):
                model_file.write(kept, described, arrays, "checkpoint")
        assert kept.read_bytes() == (new if failing == calls else old)
        assert [path.name for path in kept.parent.iterdir()] == [NAME]
    with monkeypatch.context() as patched:
        Disk(patched, calls + 1, number)
        model_file.write(kept, described, arrays, "checkpoint")
    assert kept.read_bytes() == new
