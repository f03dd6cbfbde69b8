"""What an exported model answers, in C: a struct by its task, how that is filled, and what the self-test expects."""

from collections.abc import Iterator
from typing import Any

from limpid.exports.c_text import comment, listing, number, text_literal
from limpid.exports.subject import Subject


class Answer:
    """The parts of an export that depend on the task."""

    def __init__(self, subject: Subject, name: str, real: str) -> None:
        self._subject, self._model, self._name, self._real = subject, subject.model, name, real
        self._outputs = subject.network.outputs
        self._told = subject.told

    @property
    def sections(self) -> set[str]:
        """What is needed of the runtime."""
        chooses = self._outputs > 1 and self._model.task in {"classification", "multioutput"}
        return ({"largest"} if chooses else set()) | ({"shares"} if self._subject.shares else set())

    def declaration(self) -> str:
        """The struct, and each table of classes."""
        members = "\n".join(f"    {member}" for member in self._members())
        lines = [f"typedef struct {{\n{members}\n}} {self._name}_answer;\n"]
        lines += [f"extern const char *const {name}[{len(labels)}];\n" for name, labels in self._labels().items()]
        return "\n".join(lines)

    def tables(self) -> Iterator[str]:
        """The classes' names."""
        for name, labels in self._labels().items():
            told = listing(text_literal(str(label)) for label in labels)
            yield f"const char *const {name}[{len(labels)}] = {{\n{told}\n}};\n"

    def filling(self) -> Iterator[str]:
        """From `outputs` to `answer`."""
        task, count = self._model.task, self._outputs
        if task == "regression":
            scaling = self._model.target_scaling
            for at, (scale, shift) in enumerate(zip(scaling.scale, scaling.shift, strict=True)):
                place = f"[{at}]" if count > 1 else ""
                yield f"answer->prediction{place} = (double)outputs[{at}] * {number(scale)} + {number(shift)};"
            return
        yield from self._choosing()
        if task == "classification" and count == 1 and self._subject.gives_probabilities:
            yield "answer->probabilities[0] = R(1.0) - outputs[0];"
            yield "answer->probabilities[1] = outputs[0];"
            return
        if self._subject.shares:
            yield f"shares(outputs, {count});"
        yield f"memcpy(answer->{self._told}, outputs, sizeof answer->{self._told});"

    def trial(self) -> str:
        """What the self-test expects."""
        numbers, codes = self._subject.numbers, self._subject.codes
        text = _table("double" if self._model.task == "regression" else "real", "expected", numbers, number)
        return text if self._model.task == "regression" else text + _table("int", "labels", codes, str)

    def checks(self) -> Iterator[str]:
        """Lines that count the differences of row number `row`."""
        count = self._subject.numbers.shape[1]
        if count == 1 and self._model.task == "regression":
            yield "wrong += !same(answer.prediction, expected[row][0]);"
            return
        yield f"for (int u = 0; u < {count}; ++u) wrong += !same(answer.{self._told}[u], expected[row][u]);"
        if self._model.task == "classification":
            yield "wrong += answer.label != labels[row][0];"
        elif self._model.task != "regression":
            count = self._subject.codes.shape[1]
            yield f"for (int u = 0; u < {count}; ++u) wrong += answer.labels[u] != labels[row][u];"

    def _members(self) -> Iterator[str]:
        named = ", ".join(map(comment, self._model.targets)) or "in limpid's order"
        if self._model.task == "regression":
            yield f"double prediction{f'[{self._outputs}]' if self._outputs > 1 else ''}; /* {named} */"
            return
        if self._model.task == "classification":
            yield f"int label; /* called {self._name}_classes[label] */"
        elif self._model.task == "multilabel":
            yield f"int labels[{self._outputs}]; /* 1 where it is there, else 0: {named} */"
        else:
            count = len(self._model.several_classes)
            yield f"int labels[{count}]; /* the first is called {self._name}_classes_1[labels[0]]: {named} */"
        yield f"{self._real} {self._told}[{self._subject.numbers.shape[1]}];"

    def _labels(self) -> dict[str, Any]:
        """The name of each table of classes, and they."""
        if self._model.classes is not None:
            return {f"{self._name}_classes": self._model.classes}
        several = enumerate(self._model.several_classes, start=1)
        return {f"{self._name}_classes_{at}": classes for at, classes in several}

    def _choosing(self) -> Iterator[str]:
        if self._model.task == "classification":
            found = "outputs[0] > R(0.5)" if self._outputs == 1 else f"largest(outputs, {self._outputs})"
            yield f"answer->label = {found};"
        elif self._model.task == "multilabel":
            yield f"for (int u = 0; u < {self._outputs}; ++u) answer->labels[u] = outputs[u] > R(0.5);"
        first = 0
        for at, classes in enumerate(self._model.several_classes):
            yield f"answer->labels[{at}] = largest(outputs + {first}, {len(classes)});"
            first += len(classes)


def _table(kind: str, name: str, rows: Any, literal: Any) -> str:
    told = ",\n".join(f"    {{{listing(map(literal, row), '')}}}" for row in rows)
    return f"static const {kind} {name}[{rows.shape[0]}][{rows.shape[1]}] = {{\n{told}\n}};\n"
