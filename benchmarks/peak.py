"""The processor's peak, measured on the spot: a loop of nothing but fused multiply-adds, compiled for this machine."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

SOURCE = Path(__file__).parent / "peak.cpp"
COMPILERS = ("g++", "c++", "clang++")
WHOLE_VECTORS = "-mprefer-vector-width=512"
"""Some compilers cut vectors in two where they are not told; those that do not know the option need none."""


def peak(cores: int) -> float | str:
    """GFLOP/s in float32 of so many cores together, or why that is not known."""
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        return "not measured: no compiler"
    with TemporaryDirectory() as folder:
        program = Path(folder) / "peak"
        for options in ([WHOLE_VECTORS], []):
            command = [compiler, "-O3", "-march=native", "-pthread", *options, str(SOURCE), "-o", str(program)]
            if not subprocess.run(command, capture_output=True, check=False).returncode:
                said = subprocess.run([str(program), str(cores)], capture_output=True, text=True, check=True).stdout
                return float(said.split()[0])
    return f"not measured: {Path(compiler).name} does not compile it"
