"""What figures were measured on: the processor and the versions of all that took part."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("limpid", "numpy", "scipy", "scikit-learn", "torch", "jax", "lightgbm", "xgboost")


def machine() -> dict[str, str]:
    from limpid._native import simd_level

    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    found = {"processor": next(names, platform.machine()), "limpid's SIMD level": simd_level()}
    return {**found, "Python": platform.python_version(), **{package: _version(package) for package in PACKAGES}}


def told() -> str:
    """The same in a line."""
    return ", ".join(f"{what} {value}" for what, value in machine().items())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
