"""The command line as a person types it: what it prints, what it writes, how it refuses."""

import errno
import inspect
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import limpid
from limpid import options
from limpid.activations import ACTIVATIONS
from limpid.cli import train
from limpid.costs import COSTS
from limpid.initializers import INITIALIZERS
from limpid.network import hidden_activations
from limpid.optimizers import OPTIMIZERS
from limpid.recipe import Recipe
from limpid.schedules import SCHEDULES, Clock

KEYS = (
    "task rows_train rows_test network parameters epochs seconds_training cost_train cost_test test_accuracy "
    "test_balanced_accuracy slope stopped_because model"
).split()


def test_train_show_evaluate_predict(run: Any, tmp_path: Path) -> None:
    code, out, _ = run("train", "iris", "--hidden", "8", "--learning-rate", "0.05", "--json")
    told = json.loads(out.splitlines()[-1])
    assert code == 0
    assert list(told) == KEYS
    assert (told["task"], told["rows_train"], told["rows_test"]) == ("classification", 120, 30)
    assert (told["network"], told["parameters"]) == ("4-8-3 (relu, softmax; cross_entropy)", 4 * 8 + 8 + 8 * 3 + 3)
    assert told["test_accuracy"] > 0.8
    assert told["model"] == "iris.limpid"
    assert "versicolor" in out
    assert f"Right on {told['test_accuracy']:.2%} of 30 unseen rows" in out

    code, out, _ = run("evaluate", "iris.limpid", "iris", "--json", "--quiet", "--report", "again.html")
    again = json.loads(out)
    assert list(again) == KEYS
    assert again == told, "the rows held out in training are found again"
    assert (tmp_path / "again.html").stat().st_size > 1e6

    code, out, _ = run("show", "iris.limpid")
    assert "learned from iris: 120 rows; 100 epochs" in out
    assert "sepal length (cm)" in out
    assert "hidden 8" in out

    code, out, _ = run("predict", "iris.limpid", "iris")
    lines = out.splitlines()
    assert lines[0] == "row,prediction,probability setosa,probability versicolor,probability virginica"
    assert len(lines) == 151
    code, out, _ = run("predict", "iris.limpid", "iris", "--out", "answers.csv")
    assert (tmp_path / "answers.csv").read_text().splitlines() == lines
    assert out == ""


def test_a_table_of_numbers(run: Any, tmp_path: Path) -> None:
    rows = "\n".join(f"{n},{n % 7},{3 * n + 1}.5,{n - 2}.25" for n in range(60))
    (tmp_path / "t.csv").write_text(f"a,b,p,q\n{rows}\n")
    code, out, _ = run("train", "t.csv", "--target", "p", "--json", "--hidden", "8", "--report", "t.html")
    told = json.loads(out.splitlines()[-1])
    assert code == 0
    assert told["task"] == "regression"
    assert "test_rmse" in told
    assert "Off by" in out
    (tmp_path / "new.csv").write_text("b,a,q\n3,10,8.25\n")
    code, out, _ = run("predict", "t.limpid", "new.csv")
    assert out.splitlines()[0] == "row,prediction"
    assert float(out.splitlines()[1].split(",")[1]) == limpid.load("t.limpid").predict([10, 3, 8.25])[0]
    code, out, _ = run(
        "train", "t.csv", "--target", "p,q", "--epochs", "2", "--test-size", "0", "--quiet", "--model", "two.limpid"
    )
    assert (code, out) == (0, "")
    code, out, _ = run("predict", "two.limpid", "new.csv")
    assert out.splitlines()[0] == "row,prediction p,prediction q"
    code, out, _ = run("train", "t.csv", "--target", "p", "--epochs", "1", "--test-size", "0")
    assert "nothing was held out to test on" in out


def test_every_option_is_taken(run: Any) -> None:
    options = (
        "--hidden 6,5 --activation tanh,gelu --output softmax --cost squared_error --normalization layer "
        "--optimizer nesterov --momentum 0.8 --learning-rate 0.02 --schedule cosine --warm-up 1 "
        "--initial-weights orthogonal --l2 0.1 --dropout 0.1 --clip-norm 1 --max-norm 3 --batch-size 10 --epochs 4 "
        "--patience 3 --tolerance 0.001 --validation-size 0.2 --test-size 0.3 --seed 5 --precision float64 "
        "--engine reference --threads 1 --task classification --embedding 0 --json"
    )
    code, out, _ = run("train", "wine", *options.split())
    told = json.loads(out.splitlines()[-1])
    assert code == 0
    assert told["network"] == "13-6-5-3 (tanh over layer, gelu over layer, softmax; squared_error)"
    recipe = limpid.load("wine.limpid").origin.recipe
    assert recipe["hidden"] == [6, 5]
    assert (recipe["momentum"], recipe["schedule"], recipe["seed"], recipe["dropout"]) == (0.8, "cosine", 5, 0.1)
    code, out, _ = run(
        "train", "wine", "--hidden", "none", "--optimizer", "lbfgs", "--gradient-tol", "0.01", "--l2", "1", "--json"
    )
    assert json.loads(out.splitlines()[-1])["stopped_because"] == "slope is zero"
    code, out, _ = run("train", "wine", "--hidden", "4", "--epochs", "3", "--label-smoothing", "0.1")
    assert code == 0


def test_a_training_goes_on_from_its_checkpoint(run: Any) -> None:
    words = "train iris --hidden 4 --patience 0 --schedule constant --checkpoint run --epochs".split()
    code, out, _ = run(*words, "9", "--every", "2m", "--resume")
    assert code == 0
    assert out.startswith("run/checkpoint.limpid: there is none yet, training starts afresh\n")
    code, _, err = run(*words, "9", "--quiet")
    told = "limpid: run/checkpoint.limpid is there from an earlier training: resume it, or remove the file\n"
    assert (code, err) == (2, told)
    code, _, err = run(*words, "9", "--resume", "--quiet", "--seed", "2")
    assert (code, err) == (2, "limpid: run/checkpoint.limpid belongs to a training with seed 0, got 2\n")
    Path("iris.limpid").unlink()
    _, out, _ = run(*words, "9", "--resume")
    told = "run/checkpoint.limpid: training was complete, all epochs done; the model is written again\n"
    assert out.startswith(told)
    assert len(limpid.load("iris.limpid").history) == 9
    _, out, _ = run(*words, "12", "--resume", "--every", "0.5s")
    assert out.startswith("run/checkpoint.limpid: training goes on after 9 epochs\n")
    assert len(limpid.load("iris.limpid").history) == 12


def test_a_full_disk_is_told_in_a_line(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("limpid.checkpoints.write", full)
    code, _, err = run("train", "iris", "--checkpoint", "run", "--epochs", "3", "--quiet", "--every", "0.001s")
    why = "No space left on device (training is not affected)"
    assert (code, err) == (0, f"limpid: cannot write the checkpoint run/checkpoint.limpid: {why}\n")
    assert len(limpid.load("iris.limpid").history) == 3


def test_categories_are_embedded(run: Any, tmp_path: Path) -> None:
    rows = "\n".join(f"{n},{'abcd'[n % 4]},{n + n % 4}" for n in range(80))
    (tmp_path / "t.csv").write_text(f"a,kind,p\n{rows}\n")
    code, out, _ = run("train", "t.csv", "--target", "p", "--embedding", "2", "--hidden", "4", "--report", "t.html")
    assert code == 0
    assert "5>3-4-1 (1 column embedded by 2, silu, identity; squared_error), 29 parameters" in out
    code, _, told = run("train", "t.csv", "--target", "p", "--embedding", "2", "--ignore", "kind")
    assert (code, told) == (2, "limpid: embedding 2 needs a table with columns of categories, there are none\n")


def test_a_model_file_is_replaced_by_the_new_one(run: Any, tmp_path: Path) -> None:
    run("train", "iris", "--epochs", "1", "--hidden", "2")
    run("train", "iris", "--epochs", "1", "--hidden", "3")
    assert limpid.load("iris.limpid").network.widths == (4, 3, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["iris.limpid"]


def test_the_help_names_every_choice(run: Any) -> None:
    for text, table in (
        (options.ACTIVATION_HELP, hidden_activations()),
        (options.OUTPUT_HELP, set(ACTIVATIONS) - set(hidden_activations())),
        (options.COST_HELP, COSTS),
        (options.OPTIMIZER_HELP, [*OPTIMIZERS, "lbfgs"]),
        (options.SCHEDULE_HELP, SCHEDULES),
        (options.WEIGHTS_HELP, INITIALIZERS),
    ):
        assert set(table) <= set(re.findall(r"[a-z_0-9]+", text))
    code, out, _ = run("train", "--help")
    assert code == 0
    assert "leaky_relu" in out


def test_the_defaults_are_the_recipes() -> None:
    given = {name: parameter.default for name, parameter in inspect.signature(train).parameters.items()}
    for choice in fields(Recipe):
        wanted = "256,128" if choice.name == "hidden" else choice.default
        assert choice.name == "measure_slope" or given[choice.name] == wanted, choice.name
    assert Recipe().hidden == (256, 128)


@pytest.mark.parametrize("words", [["--version"], ["train", "iris"]], ids=" ".join)
def test_a_level_that_is_not_known_is_refused(run: Any, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMPID_SIMD", "avx3")
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err == "limpid: LIMPID_SIMD: unknown SIMD level 'avx3'; choose baseline, avx2 or avx512\n"


def test_datasets_and_version(run: Any) -> None:
    assert "digits" in run("datasets")[1]
    _, out, _ = run("--version")
    assert out.startswith(f"limpid {limpid.__version__} (")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("train digit", "did you mean 'digits'"),
        ("train absent.csv --target y", "no such file or built-in data set: 'absent.csv'"),
        ("train iris --activation rely", "unknown activation 'rely' (did you mean 'relu'?)"),
        ("train iris --output softmx", "did you mean 'softmax'"),
        ("train iris --cost cross_entrop", "did you mean 'cross_entropy'"),
        ("train iris --optimizer adm", "did you mean 'adam'"),
        ("train iris --schedule cosin", "did you mean 'cosine'"),
        ("train iris --initial-weights gloro", "did you mean 'glorot"),
        ("train iris --engine referenc", "did you mean 'reference'"),
        ("train iris --hidden 12,x", "--hidden needs positive integers with commas between, got '12,x'"),
        ("train iris --hidden 0", "positive integer, got 0"),
        ("train iris --epochs 0", "epochs must be at least 1, got 0"),
        ("train iris --epochs many", "many"),
        ("train iris --learning-rate -1", "learning rate must be a finite number above 0, got -1.0"),
        ("train iris --dropout 1", "dropout must be at least 0 and below 1, got 1.0"),
        ("train iris --batch-size 0", "batch size must be a positive integer, got 0"),
        ("train iris --test-size 2", "test size must be a share"),
        ("train iris --gradient-tol 0", "gradient_tol must be"),
        ("train iris --threads 0", "threads"),
        ("train iris --resume", "--resume needs --checkpoint FOLDER"),
        ("train iris --every 5s", "--every needs --checkpoint FOLDER"),
        ("train iris --checkpoint run --every 5", "--every needs a time as 0.5s, 30s, 5m or 2h, got '5'"),
        ("train iris --checkpoint run --every 0s", "got '0s'"),
        ("train iris --checkpoint bad.limpid", "cannot write checkpoints into bad.limpid: File exists"),
        ("train iris --checkpoint . --model checkpoint.limpid", "the checkpoint lies there"),
        ("train iris --task guess", "unknown task 'guess'"),
        ("train iris --seed -3", "seed must be"),
        ("train iris --model absent/m.limpid", "cannot write the model absent/m.limpid: No such file or directory"),
        ("train iris --report .", "cannot write the report .: it is a directory"),
        ("train iris --epoch 3", "--epoch"),
        ("train one.csv --target y --model one.csv", "the model cannot be written to one.csv: the source lies there"),
        (
            "predict wine.limpid wine --out wine.limpid",
            "the answers cannot be written to wine.limpid: the model lies there",
        ),
        ("evaluate wine.limpid wine --report wine.limpid", "the model lies there"),
        ("train iris --target petal", "iris has its own target"),
        ("train iris --optimizer lbfgs --schedule nonsense", "unknown schedule 'nonsense'"),
        ("train iris --model a --report a", "the report cannot be written to a: the model lies there"),
        ("trian iris", "trian"),
        ("train", "Missing argument"),
        ("train mnist --data-dir absent", "no such directory: absent"),
        ("evaluate absent.limpid iris", "cannot read the model absent.limpid: No such file or directory"),
        ("predict bad.limpid iris", "bad.limpid is not a limpid model"),
        ("show bad.limpid", "bad.limpid is not a limpid model"),
        ("train one.csv --target y", "at least two classes are needed to tell apart, got only a"),
        ("train bad.csv --target y", "bad.csv: column 'x' row 11: cannot read 'oops' as a number"),
        ("train empty.csv --target y", "no rows below the header"),
        ("predict wine.limpid iris", "the model learned from 13 inputs, got 4"),
        ("predict wine.limpid iris --out absent/a.csv", "cannot write the answers"),
    ],
)
def test_a_refusal_is_one_line_and_writes_nothing(words: str, told: str, run: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.limpid").write_bytes(b"no model")
    (tmp_path / "one.csv").write_text("x,y\n" + "1,a\n" * 9)
    (tmp_path / "bad.csv").write_text("x,y\n1,a\n" + "2,a\n" * 9 + "oops,b\n")
    (tmp_path / "empty.csv").write_text("x,y\n")
    if "wine.limpid" in words:
        run("train", "wine", "--epochs", "1", "--hidden", "2", "--quiet")
    before = sorted(path.name for path in tmp_path.iterdir())
    code, out, err = run(*words.split())
    assert code == 2
    assert out == ""
    assert told in err
    assert err.startswith("limpid: ")
    assert len(err.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_blow_up_is_told_and_a_finite_model_kept(run: Any) -> None:
    code, out, _ = run("train", "diabetes", "--optimizer", "gradient_descent", "--learning-rate", "1e6", "--json")
    told = json.loads(out.splitlines()[-1])
    assert code == 0
    assert told["stopped_because"].startswith("not finite: ")
    assert all(np.isfinite(array).all() for array in limpid.load("diabetes.limpid").parameters.values())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_training_with_the_model_kept(number: int, tmp_path: Path) -> None:
    words = ["train", "digits", "--epochs", "100000", "--patience", "0", "--json", "--model", "kept.limpid"]
    program = subprocess.Popen(
        [sys.executable, "-m", "limpid", *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, bufsize=1, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    assert program.stdout is not None
    assert "digits" in program.stdout.readline()
    time.sleep(1.0)
    program.send_signal(number)
    out, _ = program.communicate(timeout=60)
    told = json.loads(out.splitlines()[-1])
    assert program.returncode == 0
    assert told["stopped_because"] == "interrupted"
    assert limpid.load(tmp_path / "kept.limpid").history


def test_too_little_memory_is_told(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise MemoryError("Unable to allocate 954. GiB")

    monkeypatch.setattr("limpid.learning.Learning", fail)
    code, _, err = run("train", "iris", "--quiet")
    assert (code, err) == (2, "limpid: there is not enough memory: Unable to allocate 954. GiB\n")


def test_no_command_gets_the_help(run: Any) -> None:
    code, out, err = run()
    assert code == 2
    assert "Learn from SOURCE" in out
    assert "a command is needed" in err


class SlowAt:
    """Replaces a function by one that first sends this process Ctrl-C."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __call__(self, *given: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return self.function(*given)


def test_ctrl_c_before_the_first_step_writes_nothing(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limpid.stochastic.Clock", SlowAt(Clock))
    code, _, err = run("train", "iris", "--quiet")
    assert code == 130
    assert err == "limpid: interrupted before the first epoch had begun; nothing is written\n"
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_after_training_loses_nothing(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limpid.saving.save", SlowAt(limpid.save))
    code, _, _ = run("train", "iris", "--epochs", "2", "--hidden", "3", "--quiet")
    assert code == 0
    assert len(limpid.load("iris.limpid").history) == 2


@pytest.mark.parametrize("end", ["| true", "| head -c 5"])
def test_training_outlives_its_reader(end: str, tmp_path: Path) -> None:
    script = f"set -o pipefail; {sys.executable} -m limpid train iris --epochs 2 {end}"
    ended = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0
    assert (tmp_path / "iris.limpid").exists()


def test_a_terminal_without_the_letters(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{n},{n * n}.5\n" for n in range(30)))
    words = [sys.executable, "-m", "limpid", "train", "t.csv", "--target", "b", "--epochs", "2"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert "Off by" in ended.stdout


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    words = f"{sys.executable} -m limpid"
    script = f"{words} train digits --epochs 1 --quiet && {words} predict digits.limpid digits | head -1"
    ended = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.stdout.startswith("row,prediction")
    assert ended.stderr == ""


def test_import_is_light() -> None:
    script = "import limpid, sys; print(sorted(set(sys.modules) & {'sklearn', 'numpy', 'scipy', 'polars', 'plotly'}))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
