"""Exports to JavaScript, run by Node: every number has the bits of the native engine at baseline."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limpid import LimpidError, export
from limpid.exports.subject import subject_of
from tests.exported import HOSTILE, cells, encoded, models, rows

MODELS = models()


@pytest.fixture(autouse=True)
def baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMPID_SIMD", "baseline")
    if not shutil.which("node"):
        pytest.skip("exports to JavaScript are run by node, which is not installed")


def node(folder: Path, *words: str) -> str:
    environment = {**os.environ, "NODE_OPTIONS": ""}
    ended = subprocess.run(["node", *words], cwd=folder, capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr[:3000]
    return ended.stdout


def script(folder: Path, text: str) -> Any:
    """What a module with `text` prints, read as JSON."""
    (folder / "script.mjs").write_text(text)
    return json.loads(node(folder, "script.mjs"))


ANSWERING = """
import { readFileSync } from "node:fs";
const rows = JSON.parse(readFileSync("rows.json"));
const told = {};
for (const name of JSON.parse(readFileSync("names.json"))) {
  const model = await import(`./${name}.mjs`);
  told[name] = rows.map((row) => model.predict(row));
}
console.log(JSON.stringify(told));
"""


def test_every_network_has_the_engines_bits(tmp_path: Path) -> None:
    X = rows()
    for name, model in MODELS.items():
        export(model, tmp_path / f"{name}.mjs", to="js")
    (tmp_path / "rows.json").write_text(json.dumps(X.tolist()))
    (tmp_path / "names.json").write_text(json.dumps(list(MODELS)))
    found = script(tmp_path, ANSWERING)
    for name, model in MODELS.items():
        told = subject_of(model, X).told
        numbers = np.array([answer[told] for answer in found[name]]).reshape(len(X), -1)
        wanted = {"probabilities": model.predict_proba, "prediction": model.predict, "outputs": model.outputs}[told](X)
        assert np.array_equal(numbers, wanted.reshape(len(X), -1)), name
        if model.task != "regression":
            labels = [np.ravel(np.array(answer["prediction"], object)).tolist() for answer in found[name]]
            assert labels == subject_of(model, X).labels, name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_kind_of_column_has_the_encoders_bits(dtype: type, tmp_path: Path) -> None:
    export(encoded(dtype), tmp_path / "m.mjs", to="js", rows=cells())
    assert node(tmp_path, "m.mjs") == "400 rows, all as limpid answers them\n"


@pytest.mark.parametrize(
    "name", ["labels_single", "answers_double", "softmax_2_single", "yes_or_no_single", "relu_single"]
)
def test_the_self_test_sees_what_is_wrong(name: str, tmp_path: Path) -> None:
    (path,) = export(MODELS[name], tmp_path / "m.mjs", to="js")
    assert node(tmp_path, "m.mjs") == "10 rows, all as limpid answers them\n"
    text = path.read_text()
    path.write_text(text.replace("  const outputs = network(", "  const outputs = network([]); network("))
    with pytest.raises(AssertionError, match="row 0: "):
        node(tmp_path, "m.mjs")


def test_a_module_is_silent_when_others_import_it(tmp_path: Path) -> None:
    export(MODELS["relu_single"], tmp_path / "m.mjs", to="js")
    assert script(tmp_path, 'import { selfTest } from "./m.mjs"; console.log(selfTest());') == 10


CELLS = """
import { predict } from "./m.mjs";
const row = %s;
console.log(JSON.stringify([%s].map((cell) => predict({ ...row, moment: cell }).prediction.slice(-10))));
"""


def test_dates_are_dates_texts_or_milliseconds(tmp_path: Path) -> None:
    model = encoded(np.float64)
    export(model, tmp_path / "m.mjs", to="js")
    row = dict.fromkeys(model.encoder.inputs if model.encoder else ())
    moment = "2024-02-29T23:59:58.25"
    given = [f"new Date('{moment}Z')", f"'{moment}'", f"'{moment.replace('T', ' ')}0000Z'", f"Date.parse('{moment}Z')"]
    given += ["'2024-02-29'", "'2024-02-29 00:00'", "null", "undefined", "NaN", "new Date(NaN)"]
    found = script(tmp_path, CELLS % (json.dumps(row), ", ".join(given)))
    dates = [*[moment] * 4, *["2024-02-29"] * 2, *["NaT"] * 4]
    table: Any = {name: [np.nan] * 10 for name in row}
    table |= {HOSTILE[0]: [None] * 10, HOSTILE[2]: [None] * 10, HOSTILE[3]: np.array(["NaT"] * 10, "M8[us]")}
    wanted = model.predict({**table, "moment": np.array(dates, "M8[us]")})
    assert np.array_equal(found, wanted[:, -10:])


UNUSABLE = {
    "moment": ["'2024-02-30'", "'2024-13-01'", "'today'", "'2024-02-29T25:00'", "true", "Infinity", "{}"],
    "number": ["'1'", "Infinity", "[]", "1n"],
    HOSTILE[0]: ["true", "{}", "[1]"],
}


def test_cells_of_no_use_are_refused_by_name(tmp_path: Path) -> None:
    model = encoded(np.float32)
    export(model, tmp_path / "m.mjs", to="js")
    row = json.dumps(dict.fromkeys(model.encoder.inputs if model.encoder else ()))
    given = [f"{{ ...row, [{json.dumps(name)}]: {cell} }}" for name, several in UNUSABLE.items() for cell in several]
    given += ["null", "[]", "{ number: 1 }"]
    tried = f"const tried = [{', '.join(given)}].map((each) => {{ try {{ return predict(each); }} catch (error) {{"
    tried += " return `${error}`; } });"
    told = script(
        tmp_path,
        f'import {{ predict }} from "./m.mjs";\nconst row = {row};\n{tried}\nconsole.log(JSON.stringify(tried));',
    )
    names = [json.dumps(name) for name, several in UNUSABLE.items() for _ in several]
    names += ['"number"', '"number"', '"whole"']
    for text, name in zip(told, names, strict=True):
        assert text.startswith("TypeError: ")
        assert name in text


def test_rows_of_numbers_are_checked(tmp_path: Path) -> None:
    export(MODELS["relu_single"], tmp_path / "m.mjs", to="js")
    given = "[[1], null, 3, {}, new Float32Array(9).fill(NaN), [0, 0, 0, 0, 0, 0, 0, 1e300, 0], new Array(9).fill('1')]"
    told = script(
        tmp_path,
        f'import {{ predict }} from "./m.mjs";\nconst tried = {given}.map((row) => {{ try {{ return predict(row); }} '
        "catch (error) { return `${error}`; } });\nconsole.log(JSON.stringify(tried));",
    )
    assert told[:4] == ["TypeError: a row of 9 numbers is needed"] * 4
    assert told[4:] == [f"TypeError: input {at} must be a finite number, got {what}" for at, what in TOLD]


TOLD = [(0, "NaN"), (7, "1e+300"), (0, "1")]


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    (path,) = export(encoded(np.float32), tmp_path / "m'`${x} %41.mjs", to="js", rows=cells().rows(slice(12)))
    text = path.read_text()
    assert text.isascii()
    assert "<" not in text.split("const COLUMNS")[1].split("/** From what")[0], "nothing can end a page's script"
    assert node(tmp_path, path.name) == "12 rows, all as limpid answers them\n"
    export(MODELS["best_of_single"], tmp_path / "m.mjs", to="js")
    told = script(tmp_path, 'import { classes } from "./m.mjs"; console.log(JSON.stringify(classes));')
    assert told == list(HOSTILE[:3])


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimpidError, match=r"the name must end in \.mjs or \.js, got 'm\.ts'"):
        export(MODELS["relu_single"], tmp_path / "m.ts", to="js")
    assert list(tmp_path.iterdir()) == []
