"""Standard output, whoever reads it and however long."""

import io
import os
from typing import Any


class Unbroken:
    """Standard output that goes on silently when its reader has left: `| head` must not end a training."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name may hold letters that the terminal lacks

    def write(self, text: str) -> int:
        try:
            return int(self._stream.write(text))
        except BrokenPipeError:
            self._leave()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._leave()

    def _leave(self) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Printed(io.RawIOBase):
    """Bytes to standard output as the text that they are."""

    def write(self, content: Any) -> int:
        print(bytes(content).decode(), end="")
        return len(content)
