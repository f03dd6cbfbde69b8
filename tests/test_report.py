"""The page: whole, closed to the outside, and safe whatever the names are."""

import base64
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limpid.dataset import Dataset
from limpid.errors import LimpidError
from limpid.estimators import MLPClassifier
from limpid.evaluation import evaluate
from limpid.learning import learn
from limpid.readers import read
from limpid.report import write_report
from limpid.report.page import report_page

HOSTILE = "</script><script>alert(1)</script>"


def page(dataset: Dataset, **choices: Any) -> str:
    learning = learn(dataset, **{"epochs": 3, "hidden": [6], **choices})
    list(learning)
    return report_page(learning.model, evaluate(learning.model, learning.test) if learning.test else None)


@pytest.fixture(scope="module")
def digits() -> str:
    return page(read("digits"))


def without_scripts(text: str) -> str:
    return re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


def test_digits_show_everything(digits: str) -> None:
    shown = without_scripts(digits)
    for heading in ("How it learned", "Where it errs", "What it read wrongly", "Who is to blame"):
        assert heading in shown
    assert re.search(r"Right on \d+\.\d% of 360 unseen rows", shown)
    assert len(re.findall('class="chart', digits)) >= 8
    wrong = len(re.findall(r"\d read as \d \(\d+% sure\)</figcaption>", shown))
    assert 1 <= wrong <= 40
    assert shown.count("data:image/png;base64,") > wrong


def test_only_its_own_scripts_may_run_and_nothing_is_fetched(digits: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', digits)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1].split("style-src")[0]
    scripts = re.findall(r"<script>(.*?)</script>", digits, flags=re.DOTALL)
    assert len(scripts) == 2
    for script in scripts:
        assert f"'sha256-{base64.b64encode(sha256(script.encode()).digest()).decode()}'" in policy[1]
    assert not re.search(r'(?:src|href)="(?!data:|#)', without_scripts(digits))


def test_hostile_names_stay_text() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(60, 2))
    y = np.where(X[:, 0] > 0, HOSTILE, "b")
    text = page(Dataset(f"x/{HOSTILE}.csv", X, y, features=(HOSTILE, "b"), targets=("y",)))
    assert HOSTILE not in text
    assert "alert(1)" in text
    assert len(re.findall(r"<script>", text)) == 2


def test_numbers_are_shown_against_the_truth() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(60, 3))
    text = page(Dataset("t", X, X @ np.ones((3, 2)), "regression", ("a", "b", "c"), ("p", "q")))
    assert "Predicted against true" in text
    assert 'aria-label="Predicted q"' in text
    assert re.search(r"Off by [\d.]+ on 12 unseen rows", text)


def test_nothing_held_out_and_no_hidden_layer() -> None:
    text = page(read("iris"), test_size=0, hidden=[])
    assert "iris: learned, not tested" in text
    assert "no hidden layer" in text
    assert "Where it errs" not in text


def test_a_perfect_reader_has_no_pictures_of_errors() -> None:
    images = np.zeros((40, 4))
    images[::2, 0] = 255.0
    dataset = Dataset("dots", images, np.arange(40) % 2, image_shape=(2, 2), full_scale=255.0)
    assert "<p>Nothing.</p>" in page(dataset, epochs=60, learning_rate=0.05, dropout=0)


def test_a_page_is_written_whole(tmp_path: Path) -> None:
    learning = learn(read("iris"), epochs=1)
    list(learning)
    write_report(learning.model, None, tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text().endswith("</html>\n")


@pytest.mark.parametrize(("module", "told"), [("plotly", "charts need plotly"), ("PIL", "pictures need Pillow")])
def test_what_is_not_installed_is_named(module: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in [name for name in sys.modules if name.split(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(LimpidError, match=told):
        page(read("digits"), epochs=1)


def test_what_a_method_does_not_say_of_a_model_is_said_at_the_end() -> None:
    data = read("iris")
    both = np.column_stack([np.asarray(data.y), np.arange(150) % 2])
    fitted = MLPClassifier((4,), solver="lbfgs", alpha=1, max_iter=1000, random_state=0).fit(data.X, both)
    rows = Dataset("iris", data.X, both)
    text = without_scripts(report_page(fitted.model_, evaluate(fitted.model_, rows), rows))
    assert "What could not be said" in text
    assert "several answers a row with classes each cannot be learned again here" in text
    assert "Is the slope zero?" in text
