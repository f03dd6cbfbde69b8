"""scikit-learn's conventions: how many of its own tests of its MLP, and of its checks of any estimator, limpid passes.

`python -m benchmarks.conventions [--out FOLDER]` writes conventions.md and conventions.json, and needs pytest, which
`make setup` installs. Beside limpid's classes stand scikit-learn's own, held to the same.
"""

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from unittest import SkipTest

from sklearn import neural_network

import limpid
from benchmarks.apart import apart
from benchmarks.command import opening, options, start
from benchmarks.files import HERE, write
from benchmarks.machine import machine
from benchmarks.tables import table

SETTINGS: tuple[dict[str, Any], ...] = ({}, {"solver": "sgd"}, {"solver": "lbfgs"}, {"early_stopping": True})
"""The parameters that the classes of both are checked with."""
SETTINGS_OF_LIMPID: tuple[dict[str, Any], ...] = (
    {"hidden_layer_sizes": "auto", "max_iter": 20},
    {"normalization": "batch", "dropout": 0.1, "random_state": 0},
    {"grow": True},
)
"""Those that only limpid's take; scikit-learn's stand beside them with their defaults."""

OWN_TESTS = {
    "limpid": [str(HERE.parent / "tests" / "test_scikit_learns_own_tests.py"), "--runxfail"],
    "scikit-learn": ["--pyargs", "sklearn.neural_network.tests.test_mlp"],
}
"""What pytest is to run; a test that is expected to fail counts as one that fails."""
LIMPIDS_OWN = "test_it_is_limpid_that_they_test"
OUTCOMES = ("passed", "failed", "skipped")

Told = tuple[str, str]
"""One of `OUTCOMES`, and what was said about it."""
Row = dict[str, Any]
"""The "what" and "parameters" of a row of the table; by library, what was `Told` of each test."""


# scikit-learn lets its own two classes, and no others, off some checks
class MLPClassifier(neural_network.MLPClassifier):
    pass


class MLPRegressor(neural_network.MLPRegressor):
    pass


CLASSES: dict[str, dict[str, Any]] = {
    "limpid": {"MLPClassifier": limpid.MLPClassifier, "MLPRegressor": limpid.MLPRegressor},
    "scikit-learn": {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor},
}


def own_tests(library: str) -> dict[str, Told]:
    """What became of each of scikit-learn's own tests."""
    import pytest

    seen = Seen()
    pytest.main(["-q", "-p", "no:cacheprovider", "-W", "default", *OWN_TESTS[library]], plugins=[seen])
    if not seen.told:
        raise RuntimeError("pytest found no tests")
    return seen.told


class Seen:
    """A plugin for pytest: it notes what became of each test."""

    def __init__(self) -> None:
        self.told: dict[str, Told] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        name = report.nodeid.partition("::")[2]
        if name != LIMPIDS_OWN and (report.when == "call" or not report.passed):
            crash = getattr(report.longrepr, "reprcrash", None)
            self.told[name] = report.outcome, shortened(crash.message if crash else "")


def checks(library: str, estimator: str, parameters: dict[str, Any]) -> dict[str, Told]:
    """What became of each of scikit-learn's checks of that estimator."""
    from sklearn.utils.estimator_checks import estimator_checks_generator

    warnings.simplefilter("ignore")  # so few passes do not converge
    checked = CLASSES[library][estimator](**parameters)
    return {name_of(check): tried(check, each) for each, check in estimator_checks_generator(checked)}


def name_of(check: Any) -> str:
    """With the arguments that it is tried with."""
    given = ", ".join(f"{name}={value!r}" for name, value in check.keywords.items())
    return f"{check.func.__name__}({given})" if given else str(check.func.__name__)


def tried(check: Callable[[Any], None], estimator: Any) -> Told:
    try:
        check(estimator)
    except SkipTest as reason:
        return "skipped", shortened(str(reason))
    except Exception as error:
        # whatever a check raises is what it finds wrong
        return "failed", shortened(f"{type(error).__name__}: {error}")
    return "passed", ""


def shortened(said: str, length: int = 200) -> str:
    """In one line."""
    line = " ".join(said.split())
    return line if len(line) <= length else f"{line[:length]}…"


def rows() -> Iterator[Row]:
    yield {"what": "own tests", "parameters": {}, **{name: apart(own_tests, 1, library=name) for name in CLASSES}}
    for estimator in CLASSES["limpid"]:
        for parameters in (*SETTINGS, *SETTINGS_OF_LIMPID):
            theirs = {} if parameters in SETTINGS_OF_LIMPID else parameters
            given = {"limpid": parameters, "scikit-learn": theirs}
            found = {
                name: apart(checks, 1, library=name, estimator=estimator, parameters=given[name]) for name in given
            }
            yield {"what": f"checks of {estimator}", "parameters": parameters, **found}


def told_parameters(row: Row) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in row["parameters"].items())


def counts(row: Row) -> tuple[str, ...]:
    """A row of the table."""
    counted = [Counter(outcome for outcome, _ in row[library].values()) for library in CLASSES]
    figures = (str(each[outcome]) for each in counted for outcome in OUTCOMES)
    return row["what"], told_parameters(row), *figures


def failed(row: Row, by_both: bool) -> Iterator[tuple[str, ...]]:
    """What limpid fails and scikit-learn's class fails too, or does not; that it may never have been put to."""
    for name, (outcome, said) in row["limpid"].items():
        theirs = row["scikit-learn"].get(name, ("not put to it", ""))[0]
        if outcome == "failed" and (theirs == "failed") == by_both:
            yield row["what"], told_parameters(row), name, said.replace("|", "\\|"), theirs


def main() -> None:
    given = options(__doc__, cores=False).parse_args()
    # else scikit-learn skips a check, and 1.6 loads none where array-api-compat is installed
    os.environ.setdefault("SCIPY_ARRAY_API", "1")
    found = list(rows())
    head = ("", "parameters", *(f"{library}: {outcome}" for library in CLASSES for outcome in OUTCOMES))
    lines = [
        *opening("scikit-learn's conventions", "python -m benchmarks.conventions"),
        *table(head, map(counts, found)),
    ]
    for by_both, title in ((False, "limpid fails and scikit-learn does not"), (True, "both fail")):
        named = [each for row in found for each in failed(row, by_both)]
        head = ("", "parameters", "name", "what limpid's failure says", "scikit-learn's class")
        lines += ["", f"## What {title}", "", *(table(head, named) if named else ["Nothing."])]
    print("\n".join(lines))
    write("conventions", lines, {"machine": machine(), "measured": found}, given.out)


if __name__ == "__main__":
    start(main)
