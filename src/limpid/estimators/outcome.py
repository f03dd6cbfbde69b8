"""What a fit came to: the model that the estimator keeps, and the warnings that scikit-learn's users know."""

import warnings
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from limpid.encoder import Scaling
from limpid.engines import State
from limpid.estimators.choices import thread_count
from limpid.lbfgs import CONVERGED
from limpid.model import Model, Origin
from limpid.network import Parameters
from limpid.training import Training

BY_A_CALLBACK = "stopped by a callback"


def model_of(of: Any, training: Training, parameters: Parameters, state: State | None, watched: int) -> Model:
    """The model with these parameters; `watched` rows were not learned from."""
    task = of._task()
    return Model(
        network=training.network,
        parameters=parameters,
        task=task,
        input_scaling=Scaling.none(training.network.inputs),
        target_scaling=Scaling.none(training.network.outputs),
        classes=of.classes_ if task == "classification" else None,
        several_classes=tuple(of.classes_) if task == "multioutput" else (),
        features=tuple(map(str, getattr(of, "feature_names_in_", ()))),
        history=list(training.history),
        path=training.path and [*training.path],
        origin=Origin(
            rows_train=training.rows + watched,
            rows_validation=watched,
            stopped_because=str(training.stopped_because),
            seconds_training=sum(epoch.seconds for epoch in training.history),
            recipe={name: _plain(getattr(of, name)) for name in of._parameter_constraints},
        ),
        state=state,
        engine=of.engine,
        threads=thread_count(of.n_jobs),
    )


def of_model(model: Model) -> dict[str, Any]:
    """The attributes of an estimator that has it."""
    layers = range(1, len(model.network.layers) + 1)
    coefs, intercepts = ([model.parameters[f"{kind}{number}"] for number in layers] for kind in "Wb")
    return {"model_": model, "coefs_": coefs, "intercepts_": intercepts}


def warn(of: Any, reason: str, *, all_passes: bool) -> None:
    """Say why training ended where a user should know; `all_passes`: whether that it made all counts."""
    if reason == "interrupted":
        warnings.warn("Training interrupted by user.", stacklevel=5)
    elif reason.startswith("not finite"):
        _warn(f"Training stopped, the best weights are kept; {reason}")
    elif of.solver == "lbfgs" and reason not in {CONVERGED, BY_A_CALLBACK}:
        _warn(_of_lbfgs(of, reason))
    elif reason == "all epochs done" and all_passes:
        _warn(
            f"Stochastic Optimizer: Maximum iterations ({of.max_iter}) reached and the optimization hasn't "
            "converged yet."
        )


def _of_lbfgs(of: Any, reason: str) -> str:
    """scikit-learn's words from 1.7 on."""
    used_up = reason == "all epochs done"
    told = "STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT" if used_up else reason.removeprefix("L-BFGS gave up: ")
    status = 1 if told.startswith("STOP") else 2
    more = (
        f"Increase the number of iterations to improve the convergence (max_iter={of.max_iter}).\n" if used_up else ""
    )
    return (
        f"lbfgs failed to converge after {of.n_iter_} iteration(s) (status={status}):\n{told}\n\n{more}"
        "You might also want to scale the data as shown in:\n"
        "    https://scikit-learn.org/stable/modules/preprocessing.html"
    )


def _warn(told: str) -> None:
    warnings.warn(told, ConvergenceWarning, stacklevel=6)


def _plain(value: Any) -> Any:
    """A parameter as a value that any file can hold."""
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else repr(value)
