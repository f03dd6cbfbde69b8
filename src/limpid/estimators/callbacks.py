"""Who is told of each pass: plain functions, a progress bar, and scikit-learn's callbacks where it has them (1.9)."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from limpid.training import Epoch

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn below 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]  # stands in for the import
        """Nothing: such a scikit-learn has no callbacks."""


Support: Any = CallbackSupportMixin


Listener = Callable[[Epoch], object]
Fitted = Callable[[], dict[str, Any]]
"""Gives the attributes of the estimator as if it had been fitted up to here."""


def functions(given: Any) -> Sequence[Listener]:
    """The parameter `callbacks` as a sequence of functions.

    Errors: `ValueError` for what cannot be called.
    """
    made = [] if given is None else [given] if callable(given) else list(given)
    for each in made:
        if not callable(each):
            raise ValueError(f"callbacks must be functions of an Epoch, got {each!r}")
    return made


class Bar:
    """A bar on standard error that fills as passes are made."""

    def __init__(self, passes: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        self._progress, self._passes = Progress(*columns, console=Console(stderr=True)), passes
        self._task: Any = None

    def __enter__(self) -> Self:
        self._progress.start()
        self._task = self._progress.add_task("learning", total=self._passes)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, epoch: Epoch) -> None:
        if self._task is None:
            return
        told = f"loss {epoch.cost:.4f}"
        if epoch.validation_score is not None:
            told += f", validation {epoch.validation_score:.4f}"
        self._progress.update(self._task, completed=epoch.number, description=told)


class Hooks:
    """scikit-learn's callbacks of one fit: a task for the fit, and below it one for each pass."""

    def __init__(self, estimator: Any, X: Any, y: Any, weights: Any, passes: int) -> None:
        self._estimator = estimator
        self._about = {"X": X, "y": y, "metadata": None if weights is None else {"sample_weight": weights}}
        self._root: Any = None
        self._pass: Any = None
        if hasattr(estimator, "_init_callback_context"):
            self._root = estimator._init_callback_context(max_subtasks=passes)
            self._root.call_on_fit_task_begin(estimator=estimator, **self._about)
        self.wanted = bool(getattr(estimator, "_skl_callbacks", None))

    def begin_pass(self) -> None:
        if self.wanted and self._root:
            self._pass = self._root.subcontext(task_name="epoch")
            self._pass.call_on_fit_task_begin(estimator=self._estimator, **self._about)

    def end_pass(self, fitted: Fitted) -> bool:
        """Whether any of them asks for an end; `fitted` makes what the estimator would be, where one wants it."""
        task, self._pass = self._pass, None
        return bool(task) and self._end(task, fitted)

    def end(self, fitted: Fitted) -> None:
        """After the last pass; one that was begun and never came is ended too."""
        if self._pass:
            self._pass.call_on_fit_task_end(estimator=self._estimator)
        if self._root:
            self._end(self._root, fitted)

    def _end(self, task: Any, fitted: Fitted) -> bool:
        return bool(
            task.call_on_fit_task_end(estimator=self._estimator, **self._about, reconstruction_attributes=fitted)
        )
