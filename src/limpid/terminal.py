"""The terminal: prose and names, whatever they hold, as plain text."""

from rich.console import Console
from rich.text import Text

console = Console(highlight=False)


def say(text: str, style: str = "") -> None:
    """Print prose: whatever names it holds are not markup, and a pipe gets one line."""
    console.print(plain(text, style), soft_wrap=not console.is_terminal)


def plain(text: str, style: str = "") -> Text:
    """Text that is not markup and cannot steer the terminal; it may have several lines."""
    return Text("\n".join(map(shown, text.split("\n"))), style)


def shown(text: str) -> str:
    """The text in one line, with what has no shape written as in a program: `\\n`, `\\x1b`."""
    return text if text.isprintable() else "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
