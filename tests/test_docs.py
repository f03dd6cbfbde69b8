"""What the documents show is run, and what they name is there."""

import re
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
    accuracy = float(ended.stdout.splitlines()[-2])
    assert accuracy > 0.95
    assert (tmp_path / "digits.limpid").exists()


# a block of ```python is run by itself; one of ```python skip, which needs what is not installed, is not
MIGRATION = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "migration.md").read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("code", MIGRATION, ids=lambda code: str(MIGRATION.index(code) + 1))
def test_the_examples_for_those_who_come_from_elsewhere_run(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    assert "assert" in code
    exec(compile(code, "docs/migration.md", "exec"), {"__name__": "__main__"})


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
