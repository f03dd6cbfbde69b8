"""Who is timed, each in its fastest fair form: data in memory, the same network, batches and optimizer."""

from benchmarks.contenders.jax_scan import gathered, scanned
from benchmarks.contenders.limpid_engine import on
from benchmarks.contenders.products import products
from benchmarks.contenders.pytorch import bagged, eager
from benchmarks.contenders.pytorch_compiled import compiled, compiled_bfloat16
from benchmarks.contenders.scikit_learn import scikit_learn
from benchmarks.workload import Contender, Learner, Workload

LIMPID = "limpid"
LIMPID_BFLOAT16 = "limpid, bfloat16"
PYTORCH_BFLOAT16 = "PyTorch, compiled, bfloat16"
LIMPID_PLAINLY = "limpid, plain gradient descent"
"""Products, activations and the least that a step can do: what its products alone take is less."""
PRODUCTS = "OpenBLAS, products alone"
USUAL: dict[str, Contender] = {
    "scikit-learn": scikit_learn,
    "PyTorch, eager": eager,
    "PyTorch, compiled": compiled,
    "JAX": scanned,
}
FOR_CSR: dict[str, Contender] = {"PyTorch, EmbeddingBag": bagged, "JAX, rows of W gathered": gathered}
"""Those who take no CSR, written otherwise: for rows that do not fit into memory as an array."""
PEERS = {**USUAL, **FOR_CSR}


def plainly(work: Workload, cores: int) -> Learner:
    return on()(work._replace(optimizer="gradient_descent"), cores)


def contenders(work: Workload, cores: int) -> dict[str, Contender]:
    """All who take part in `work` on so many cores, limpid first."""
    found: dict[str, Contender] = {LIMPID: on()}
    if work.job == "an epoch":
        if cores == 1:
            found["limpid, held to AVX2"] = on(level="avx2")
        if not work.slow:
            found["limpid, reference engine"] = on("reference")
    if work.bfloat16:
        found |= {LIMPID_BFLOAT16: on(bfloat16=True), PYTORCH_BFLOAT16: compiled_bfloat16}
    if work.products_alone:
        found |= {LIMPID_PLAINLY: plainly, PRODUCTS: products}
    return {**found, **(USUAL if work.fits_dense else PEERS)}
