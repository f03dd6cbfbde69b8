"""The house: floors are kept, and the README shows the rooms that there are."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_floors_are_kept() -> None:
    ended = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout


def test_the_readmes_tree_is_the_real_one() -> None:
    tree = re.search(r"```text\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert tree is not None
    folders: list[str] = []
    shown = set()
    for line in tree[1].splitlines():
        if not (name := re.match(r"( *)(\S+?)(/?)(?:\s|$)", line)):
            continue
        folders = [*folders[: len(name[1]) // 2], name[2]]
        if not name[3]:
            shown.add("/".join(folders))
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    code = {
        path for path in tracked if re.match(r"(src/limpid|native/core|native/bindings|benchmarks|examples)/", path)
    }
    real = {path for path in code if not path.endswith(("py.typed", ".pyi", "__init__.py", ".md", ".json", ".svg"))}
    assert {path for path in shown if path in code or "/" in path} == real
