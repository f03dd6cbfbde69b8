"""Where a network blew up: the steps since the last good state are made again, and every array is looked at."""

import numpy as np
from numpy.typing import NDArray

from limpid.engines import Examples, State, StepRule
from limpid.engines.reference import batch_gradients, batch_trace, step
from limpid.network import Network


def first_non_finite(
    network: Network,
    good: State,
    examples: Examples,
    rule: StepRule,
    order: NDArray[np.int64],
    rates: NDArray[np.float64],
) -> str:
    """Names the first array that is not finite, as "z2 in step 117", when the batches of `order` follow on `good`."""
    state = good
    with np.errstate(all="ignore"):
        for index, rate in enumerate(rates):
            batch = order[index * rule.batch_size : (index + 1) * rule.batch_size]
            trace = batch_trace(network, state, examples, rule, batch)
            slopes = batch_gradients(network, state, examples, rule, batch)
            after = step(network, state, slopes, rule, float(rate))
            met = {
                **{f"z{number}": z for number, z in enumerate(trace.z, start=1)},
                "the output": trace.a[-1],
                "the cost": np.asarray(slopes.cost + slopes.penalty),
                **{f"delta{number}": delta for number, delta in enumerate(slopes.deltas, start=1)},
                **{f"the slope of {name}": slope for name, slope in slopes.parameters.items()},
                **{f"the updated {name}": array for name, array in after.parameters.items()},
            }
            for name, array in met.items():
                if not np.isfinite(array).all():
                    return f"{name} in step {state.step + 1}"
            state = after
    return f"a cost or a parameter up to step {state.step}, none of which the reference engine meets"
