"""Estimators in files: whoever reads one gets the same network, and nothing of the rows that it learned from."""

import io
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone

from limpid import MLPClassifier, MLPRegressor
from limpid.optimizers import Lion
from tests.test_estimator_ecosystem import COLUMNS, HELD, SEVERAL, SHORT, TWO, WORDS, X

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FITTED: dict[str, Callable[[], Any]] = {
    "plain": lambda: MLPClassifier(**SHORT).fit(X, TWO),
    "words": lambda: MLPClassifier(**SHORT).fit(X, WORDS),
    "labels": lambda: MLPClassifier(**SHORT).fit(X, np.column_stack([TWO, 1 - TWO])),
    "several": lambda: MLPClassifier(**SHORT).fit(X, SEVERAL),
    "stopped early": lambda: MLPClassifier(**SHORT, early_stopping=True).fit(X, TWO),
    "calibrated": lambda: MLPClassifier(**SHORT, calibrate=True).fit(X, TWO, **HELD),
    "in parts": lambda: MLPClassifier(**SHORT, grow=True).partial_fit(X, TWO).partial_fit(X, SEVERAL[:, 0]),
    "regressor": lambda: MLPRegressor(**SHORT, loss="quantile:0.1,0.9").fit(X, X[:, 0]),
    "lbfgs": lambda: MLPRegressor(**SHORT, solver="lbfgs").fit(X, X[:, :2]),
    "objects": lambda: MLPRegressor(**SHORT, solver=Lion(), activation=["silu"]).fit(X.astype(np.float32), TWO),
    "frame": lambda: MLPClassifier(**SHORT).fit(pd.DataFrame(COLUMNS), WORDS),
    "searched": lambda: MLPRegressor(**{**SHORT, "hidden_layer_sizes": "auto"}).fit(X, X[:, 0]),
}


def test_another_process_answers_the_same(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", X)
    for which, make in FITTED.items():
        fitted = make()
        (tmp_path / f"{which}.pickle").write_bytes(pickle.dumps(fitted))
        (tmp_path / f"{which}.cloudpickle").write_bytes(cloudpickle.dumps(fitted))
        joblib.dump(fitted, tmp_path / f"{which}.joblib")
    program = """if True:
        import sys, joblib, numpy as np, pandas as pd, pickle
        from pathlib import Path
        at = Path(sys.argv[1])
        rows = np.load(at / "rows.npy")
        for kept in [*at.glob("*.pickle"), *at.glob("*.cloudpickle"), *at.glob("*.joblib")]:
            read = joblib.load(kept) if kept.suffix == ".joblib" else pickle.loads(kept.read_bytes())
            given = pd.DataFrame(dict(zip("abcd", rows.T))) if kept.stem == "frame" else rows
            np.save(f"{kept}.npy", read.predict(given))
            np.save(f"{kept}.logits.npy", read.model_.logits(rows))
    """
    subprocess.run([sys.executable, "-c", program, tmp_path], check=True)
    for which, make in FITTED.items():
        fitted, rows = make(), pd.DataFrame(COLUMNS) if which == "frame" else X
        for kind in ("pickle", "cloudpickle", "joblib"):
            kept = tmp_path / f"{which}.{kind}"
            assert np.array_equal(np.load(f"{kept}.npy", allow_pickle=True), fitted.predict(rows)), kept.name
            assert np.array_equal(np.load(f"{kept}.logits.npy"), fitted.model_.logits(X)), kept.name


@pytest.mark.parametrize("which", FITTED)
def test_pickles_go_on_as_if_nothing_had_been(which: str) -> None:
    fitted = FITTED[which]()
    again = pickle.loads(pickle.dumps(fitted))
    rows = pd.DataFrame(COLUMNS) if which == "frame" else X
    answers: Any = {
        "words": WORDS,
        "frame": WORDS,
        "labels": np.column_stack([TWO, 1 - TWO]),
        "several": SEVERAL,
        "lbfgs": X[:, :2],
    }.get(which, TWO)
    for each in (fitted, again):
        each.set_params(warm_start=True)
        if which == "in parts":
            each.partial_fit(rows, answers)
        else:
            each.fit(rows, answers, **(HELD if which == "calibrated" else {}))
    assert again.loss_curve_ == fitted.loss_curve_
    assert all(np.array_equal(one, other) for one, other in zip(again.coefs_, fitted.coefs_, strict=True))


@pytest.mark.parametrize("options", [{}, {"early_stopping": True}, {"solver": "lbfgs"}, {"solver": "sgd"}], ids=str)
def test_files_hold_no_rows_and_the_weights_once(options: dict[str, Any], random: np.random.Generator) -> None:
    sizes = []
    for rows in (200, 2000):
        many = random.normal(size=(rows, 60))
        fitted = MLPClassifier(**{**SHORT, "hidden_layer_sizes": (300,)}, **options).fit(many, many[:, 0] > 0)
        sizes.append(len(pickle.dumps(fitted)))
    weights = sum(array.nbytes for array in fitted.coefs_ + fitted.intercepts_)
    slots = len(fitted.model_.state.slots)
    assert slots == {"lbfgs": 0, "sgd": 1}.get(options.get("solver", "adam"), 2)
    assert sizes[1] - sizes[0] < 3_000
    assert weights * (1 + slots) <= sizes[1] < weights * (1 + slots) + 8_000


@pytest.mark.parametrize("which", FITTED)
def test_skops_must_trust_limpid_only(which: str) -> None:
    fitted = FITTED[which]()
    kept = skops.io.dumps(fitted)
    asked = skops.io.get_untrusted_types(data=kept)
    assert [name for name in asked if not name.startswith("limpid.")] == []
    rows = pd.DataFrame(COLUMNS) if which == "frame" else X
    again = skops.io.loads(kept, trusted=asked)
    assert np.array_equal(again.predict(rows), fitted.predict(rows))
    assert again.loss_curve_ == fitted.loss_curve_


@pytest.mark.parametrize("which", FITTED)
def test_it_is_shown_and_cloned(which: str) -> None:
    fitted = FITTED[which]()
    fresh = clone(fitted)
    assert not [name for name in vars(fresh) if name.endswith("_")]
    assert fresh.get_params().keys() == fitted.get_params().keys()
    assert type(fitted).__name__ in repr(fitted)
    for each in (fitted, fresh):
        shown = each._repr_html_()
        assert type(fitted).__name__ in shown
        assert "hidden_layer_sizes" in shown
    assert "Not fitted" in fresh._repr_html_()
    assert "Not fitted" not in fitted._repr_html_()
    kept = io.BytesIO()
    joblib.dump(fresh, kept)
    assert kept.tell() < 5_000
