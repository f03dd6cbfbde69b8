"""Exports to C: warnings are errors, and every number has the bits of the native engine at baseline."""

import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from limpid import LimpidError, export
from limpid.exports.c_text import comment, identifier, identifiers, text_literal
from limpid.exports.subject import subject_of
from limpid.model import Model
from limpid.table import Table
from tests.exported import DTYPES, HOSTILE, INPUTS, cells, encoded, models, rows

STRICT = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
FUSING = ["-std=gnu11", "-O3", "-march=native", "-Wall", "-Wextra", "-Werror"]
"""What a compiler would make one operation of a product and a sum by, were it not told otherwise."""
COMPILERS = [each for each in ("gcc", "clang") if shutil.which(each)] or ["cc"]
MODELS = models()


@pytest.fixture(autouse=True)
def baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMPID_SIMD", "baseline")


def run(folder: Path, *command: str, given: bytes = b"") -> bytes:
    ended = subprocess.run(command, cwd=folder, input=given, capture_output=True, check=False)
    assert ended.returncode == 0, (ended.stderr + ended.stdout).decode(errors="replace")[:3000]
    return ended.stdout


def compiled(folder: Path, *words: str) -> Path:
    run(folder, *words, "-o", "program", "-lm")
    return folder / "program"


def member_of(model: Model) -> str:
    return "prediction" if model.task == "regression" else subject_of(model).told


def driver(wanted: dict[str, Model], count: int) -> str:
    """A program that answers rows from its input for each model and puts all numbers out."""
    includes = "".join(f'#include "{name}.h"\n' for name in wanted)
    calls = "".join(
        f"    for (int r = 0; r < {count}; ++r) {{\n"
        f"        {name}_answer a;\n"
        f"        if ({name}_predict(rows[r], &a)) return 2;\n"
        f"        fwrite(&a.{member_of(model)}, sizeof a.{member_of(model)}, 1, stdout);\n"
        "    }\n"
        for name, model in wanted.items()
    )
    reading = f"    if (fread(rows, sizeof rows, 1, stdin) != 1) return 1;\n{calls}    return 0;\n"
    return f"#include <stdio.h>\n{includes}static double rows[{count}][{INPUTS}];\nint main(void)\n{{\n{reading}}}\n"


def answers(folder: Path, wanted: dict[str, Model], X: NDArray[np.float64], *words: str) -> dict[str, NDArray[Any]]:
    """What all models answer to X in one program that `words` compile."""
    (folder / "driver.c").write_text(driver(wanted, len(X)))
    program = compiled(folder, *words, "driver.c", *(f"{name}.c" for name in wanted))
    told, found, at = run(folder, str(program), given=X.tobytes()), {}, 0
    for name, model in wanted.items():
        shape, dtype = subject_of(model, X).numbers.shape, np.float64 if model.task == "regression" else model.dtype
        size = int(np.prod(shape))
        found[name] = np.frombuffer(told, dtype, size, at).reshape(shape)
        at += found[name].nbytes
    assert at == len(told)
    return found


def numbers_of(model: Model, X: NDArray[np.float64]) -> NDArray[Any]:
    """The same as limpid has them."""
    if model.task == "regression":
        return model.predict(X).reshape(len(X), -1)
    return model.predict_proba(X) if member_of(model) == "probabilities" else model.outputs(X)


def wrong_ones(folder: Path, wanted: dict[str, Model], *words: str) -> list[str]:
    """The models that answer anything but limpid's bits."""
    X = rows()
    for name, model in wanted.items():
        export(model, folder / f"{name}.c", to="c")
    found = answers(folder, wanted, X, *words)
    return [name for name, model in wanted.items() if not np.array_equal(found[name], numbers_of(model, X))]


def test_every_network_has_the_engines_bits(tmp_path: Path) -> None:
    assert not wrong_ones(tmp_path, MODELS, COMPILERS[0], *STRICT)


KINDS = ("gelu", "tanh", "softplus", "to_identity", "softmax_40", "shares_40", "answers", "tiny")
SOME = {f"{kind}_{precision}": MODELS[f"{kind}_{precision}"] for kind in KINDS for precision in DTYPES}


@pytest.mark.parametrize(
    "words",
    [[compiler, *options] for compiler in COMPILERS for options in (STRICT, FUSING)][1:],
    ids=lambda words: " ".join(words[:3]),
)
def test_no_compiler_and_no_processor_changes_a_bit(words: list[str], tmp_path: Path) -> None:
    assert not wrong_ones(tmp_path, SOME, *words)


def test_the_comparison_sees_one_bit(tmp_path: Path) -> None:
    model, X = MODELS["tiny_single"], rows()
    _, source = export(model, tmp_path / "tiny.c", to="c")
    source.write_text(source.read_text().replace("a > -LEAST_NORMAL && a < LEAST_NORMAL ? R(0.0) : a", "a"))
    found = answers(tmp_path, {"tiny": model}, X, COMPILERS[0], "-std=c99")
    assert not np.array_equal(found["tiny"], numbers_of(model, X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_kind_of_column_has_the_encoders_bits(dtype: type, tmp_path: Path) -> None:
    export(encoded(dtype), tmp_path / "columns.c", to="c", rows=cells())
    program = compiled(tmp_path, COMPILERS[0], *STRICT, "-DCOLUMNS_SELF_TEST", "columns.c")
    assert run(tmp_path, str(program)) == b"columns: 400 rows, 0 numbers differ from limpid's\n"


TASKS = [name for name in MODELS if name.endswith("single") and name.startswith(("labels", "answers", "yes", "best"))]


@pytest.mark.parametrize("name", TASKS)
def test_labels_are_tested_too(name: str, tmp_path: Path) -> None:
    _, source = export(MODELS[name], tmp_path / "m.c", to="c", rows=rows())
    program = compiled(tmp_path, COMPILERS[0], *STRICT, "-DM_SELF_TEST", source.name)
    assert b" 0 numbers differ" in run(tmp_path, str(program))
    source.write_text(re.sub(r"(labels\[60\]\[\d\] = \{\s*\{)\d", r"\g<1>9", source.read_text()))
    program = compiled(tmp_path, COMPILERS[0], *STRICT, "-DM_SELF_TEST", source.name)
    assert subprocess.run([program], capture_output=True, check=False).returncode == 1


def test_rows_made_up_hold_missing_and_unseen_cells(tmp_path: Path) -> None:
    subject = subject_of(encoded(np.float32))
    assert isinstance(subject.rows, Table)
    assert np.isnan(subject.rows["number"].values).any()
    assert "something else" in subject.rows[HOSTILE[2]].texts
    export(encoded(np.float32), tmp_path / "m.c", to="c")
    program = compiled(tmp_path, COMPILERS[0], *STRICT, "-DM_SELF_TEST", "m.c")
    assert b"m: 10 rows, 0 numbers" in run(tmp_path, str(program))


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    model = MODELS["best_of_single"]
    model = change(model, features=HOSTILE, targets=HOSTILE[:1])
    header, source = export(model, tmp_path / "%s${x} 'é*.c", to="c")
    assert header.read_text().isascii()
    printing = f'#include <stdio.h>\n#include "{header.name}"\nint main(void)\n{{\n'
    printing += "    for (int i = 0; i < 3; ++i) puts(s_x_classes[i]);\n    return 0;\n}\n"
    (tmp_path / "main.c").write_text(printing)
    told = run(tmp_path, str(compiled(tmp_path, COMPILERS[0], *STRICT, "main.c", source.name)))
    assert told.decode().splitlines() == list(HOSTILE[:3])


def test_the_header_is_good_for_cpp(tmp_path: Path) -> None:
    for name, model in (("columns", encoded(np.float32)), ("labels", MODELS["labels_single"])):
        export(model, tmp_path / f"{name}.c", to="c")
    includes = '#include "columns.h"\n#include "labels.h"\n'
    (tmp_path / "main.cpp").write_text(includes + "int main() { return sizeof(columns_row) == 0; }\n")
    run(tmp_path, "c++", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", "main.cpp")


def test_files_of_different_exports_do_not_compile(tmp_path: Path) -> None:
    export(MODELS["one_layer_single"], tmp_path / "m.c", to="c")
    old = (tmp_path / "m.h").read_text()
    export(MODELS["one_layer_double"], tmp_path / "m.c", to="c")
    (tmp_path / "m.h").write_text(old)
    ended = subprocess.run([COMPILERS[0], "-c", "m.c"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "come from different exports" in ended.stderr


@pytest.mark.parametrize("option", ["-ffast-math", *(["-mfpmath=387"] if platform.machine() == "x86_64" else [])])
def test_options_that_would_change_bits_are_refused(option: str, tmp_path: Path) -> None:
    export(MODELS["one_layer_single"], tmp_path / "m.c", to="c")
    ended = subprocess.run(["gcc", option, "-c", "m.c"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "each sum must be rounded to its type" in ended.stderr


@pytest.mark.parametrize("value", ["NAN", "INFINITY", "1e300"])
def test_the_first_input_that_is_of_no_use_is_told(value: str, tmp_path: Path) -> None:
    export(MODELS["one_layer_single"], tmp_path / "m.c", to="c")
    call = f"double row[9] = {{0, 0, {value}, {value}}}; m_answer a; return m_predict(row, &a);"
    (tmp_path / "main.c").write_text(f'#include <math.h>\n#include "m.h"\nint main(void) {{ {call} }}\n')
    program = compiled(tmp_path, COMPILERS[0], *STRICT, "main.c", "m.c")
    assert subprocess.run([program], check=False).returncode == 3


def test_the_first_cell_that_is_of_no_use_is_told(tmp_path: Path) -> None:
    export(encoded(np.float32), tmp_path / "m.c", to="c")
    call = "m_row row = {.number = NAN, .whole = 1, .moment = -INFINITY}; m_answer a; return m_predict(&row, &a);"
    (tmp_path / "main.c").write_text(f'#include <math.h>\n#include "m.h"\nint main(void) {{ {call} }}\n')
    program = compiled(tmp_path, COMPILERS[0], "-std=c99", "main.c", "m.c")
    assert subprocess.run([program], check=False).returncode == 6


def change(model: Model, **changes: Any) -> Model:
    return replace(model, **changes)


REFUSED: dict[str, Callable[[], tuple[Any, str, str]]] = {
    "not a model": lambda: ("model", "m.c", "only a Model or a fitted estimator can be exported, got str"),
    "another ending": lambda: (MODELS["one_layer_single"], "m.cpp", "the name must end in .c, got 'm.cpp'"),
    "a quote in the name": lambda: (MODELS["one_layer_single"], 'a"b.c', "cannot have"),
    "a NUL": lambda: (
        change(MODELS["best_of_single"], classes=np.array(["a", "b\0c", "d"])),
        "m.c",
        "cannot be exported to C: its NUL would end it",
    ),
    "numbers that are not finite": lambda: (
        change(MODELS["one_layer_single"], parameters={"W1": np.full((9, 1), np.nan), "b1": np.zeros(1)}),
        "m.c",
        "the model is not exported: W1 hold numbers that are not finite",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_before_anything_is_written(case: str, tmp_path: Path) -> None:
    model, name, told = REFUSED[case]()
    with pytest.raises(LimpidError, match=told):
        export(model, tmp_path / name, to="c")
    assert list(tmp_path.iterdir()) == []


def test_names_and_texts() -> None:
    assert [identifier(text, "model") for text in ("My Model-2", "2nd", "é", "for", "")] == [
        "my_model_2",
        "model_2nd",
        "model",
        "for_",
        "model",
    ]
    assert identifiers(["a b", "a-b", "A_B", "a_b_2"], "column") == ["a_b", "a_b_2", "a_b_3", "a_b_2_2"]
    assert text_literal('é"?\n') == '"\\303\\251\\"\\?\\012"'
    assert comment("*/ ??/ /* //\n") == '"* / ? ? / / * / /\\n"'
