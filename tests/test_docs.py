"""What the documents show is run, and what they name is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_readmes_python_runs(tmp_path: Path) -> None:
    code = "".join(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL))
    assert "train_many" in code
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    (accuracy,) = re.findall(r"^0\.\d{3,}$", ended.stdout, flags=re.MULTILINE)
    assert float(accuracy) > 0.95
    assert "is most to blame" in ended.stdout
    assert (tmp_path / "digits.limpid").exists()


# a block of ```python is run by itself; one of ```python skip, which needs what is not installed, is not
MIGRATION = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "migration.md").read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("code", MIGRATION, ids=lambda code: str(MIGRATION.index(code) + 1))
def test_the_examples_for_those_who_come_from_elsewhere_run(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    assert "assert" in code
    exec(compile(code, "docs/migration.md", "exec"), {"__name__": "__main__"})


EXPORT = (ROOT / "docs" / "export.md").read_text()


def test_the_examples_of_exports_run_and_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which("node"):
        pytest.skip("exports to JavaScript are run by node, which is not installed")
    monkeypatch.chdir(tmp_path)
    code = "".join(re.findall(r"```python\n(.*?)```", EXPORT, flags=re.DOTALL))
    exec(compile(code, "docs/export.md", "exec"), {"__name__": "__main__"})
    for language, name in (("c", "main.c"), ("js", "main.mjs")):
        (example,) = re.findall(rf"```{language}\n(.*?)```", EXPORT, flags=re.DOTALL)
        Path(name).write_text(example)
    subprocess.run(["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "main.c", "homes.c", "-lm"], check=True)
    answers = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for command in (["./a.out"], ["node", "main.mjs"])
    ]
    assert answers[0] == answers[1]
    (testing,) = re.findall(r"^(cc .*?) && \./a\.out +# (.*)$", EXPORT, flags=re.MULTILINE)
    subprocess.run(testing[0].split(), check=True)
    assert subprocess.run(["./a.out"], capture_output=True, text=True, check=True).stdout == f"{testing[1]}\n"


EXAMPLES: dict[str, tuple[list[str], str]] = {
    "who_is_to_blame": ([], "was read as"),
    "textbook_digits": (["2"], "The best epoch reads"),
}


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("[!_]*.py")), ids=lambda path: path.stem)
def test_examples_run(example: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    arguments, told = EXAMPLES[example.stem]
    if example.stem == "textbook_digits":
        request.getfixturevalue("data")
    command = [sys.executable, str(example), *arguments]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told in ended.stdout


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name
)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_commands_named_in_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"\bmake ([a-z]+)", README)) - {"and"}:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
