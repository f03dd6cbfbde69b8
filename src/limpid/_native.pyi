from typing import Any

activations: list[str]
costs: list[str]
optimizers: list[str]
normalizations: list[str]
float32: Any
float64: Any

class Network:
    def __init__(
        self,
        widths: list[int],
        activations: list[str],
        cost: str,
        cost_numbers: list[float] = ...,
        groups: list[int] = ...,
        normalizations: list[str] = ...,
        columns: list[tuple[int, int]] = ...,
        dimensions: int = ...,
    ) -> None: ...

class Optimizer:
    def __init__(self, name: str, numbers: dict[str, float]) -> None: ...

def simd_level() -> str: ...
def simd_levels() -> list[str]: ...
def bfloat16_level() -> str: ...
def allowed_threads() -> int: ...
def set_most_threads(most: int) -> None: ...
