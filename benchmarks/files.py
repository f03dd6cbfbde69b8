"""Results as a page to read and as JSON to go on with, each written whole."""

import json
from pathlib import Path
from typing import Any

from limpid.files import replace_file

HERE = Path(__file__).parent


def write(name: str, lines: list[str], values: Any, folder: Path = HERE) -> None:
    """`name`.md and `name`.json."""
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / f"{name}.md", ("\n".join(lines) + "\n").encode())
    replace_file(folder / f"{name}.json", (json.dumps(values, indent=1) + "\n").encode())
