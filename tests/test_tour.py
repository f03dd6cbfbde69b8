"""The guided tour tells the truth: its programs run, and each number in its text is what they come to.

A block of ```text below one of ```python is what that prints. What is computed in a sentence stands between <!--(-->
and <!--= ... -->, an expression that gives it. `python -m tests.test_tour` writes both anew.
"""

import io
import os
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

TOUR = Path(__file__).parent.parent / "docs" / "tour.md"
PROGRAM = re.compile(r"```python\n(?P<code>.*?)```(?:\n\n```text\n(?P<printed>.*?)```)?", flags=re.DOTALL)
NUMBER = re.compile(r"<!--\(-->(?P<told>[^<]*)<!--= (?P<expression>.*?) -->")
NOT_A_NUMBER = re.compile(r"`[^`]*`|\]\([^)]*\)|^#.*|[A-Za-z]\w*|\(\w+ et al\. \d{4}\)", flags=re.MULTILINE)


def computed(text: str) -> str:
    """The tour with all that is printed and told replaced by what its programs come to."""
    names: dict[str, Any] = {"__name__": "tour"}

    def told(found: re.Match[str]) -> str:
        return f"<!--(-->{eval(found['expression'], names)}<!--= {found['expression']} -->"

    def ran(found: re.Match[str]) -> str:
        out = io.StringIO()
        with redirect_stdout(out):
            exec(compile(found["code"], str(TOUR), "exec"), names)
        printed = f"\n\n```text\n{out.getvalue()}```" if out.getvalue() else ""
        return f"```python\n{found['code']}```{printed}"

    parts, end = [], 0
    for found in PROGRAM.finditer(text):
        parts += [NUMBER.sub(told, text[end : found.start()]), ran(found)]
        end = found.end()
    return "".join([*parts, NUMBER.sub(told, text[end:])])


@pytest.fixture
def anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("anywhere")
def test_programs_print_and_numbers_are_what_the_tour_says() -> None:
    text = TOUR.read_text()
    assert len(PROGRAM.findall(text)) > 5
    assert len(NUMBER.findall(text)) > 5
    assert computed(text).splitlines() == text.splitlines()


def test_a_number_that_nothing_computes_is_found() -> None:
    """Sentences hold no other digits than those that an expression gives."""
    sentences = PROGRAM.sub("", TOUR.read_text())
    assert re.findall(r"\d", NOT_A_NUMBER.sub("", NUMBER.sub("", sentences))) == []


@pytest.mark.usefixtures("anywhere")
def test_what_is_wrong_is_put_right() -> None:
    wrong = "```python\nx = 2\nprint(x)\n```\n\n```text\n3\n```\n\nThat is <!--(-->5<!--= x + 2 -->.\n"
    assert computed(wrong) == wrong.replace("```text\n3", "```text\n2").replace("5<", "4<")


if __name__ == "__main__":
    os.environ["MPLBACKEND"] = "Agg"
    os.chdir(TOUR.parent)  # where its pictures lie
    TOUR.write_text(computed(TOUR.read_text()))
