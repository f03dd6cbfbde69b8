"""What an estimator remembers of its passes, and prints of them where it is verbose: scikit-learn's attributes."""

from math import inf, nan
from typing import Any

from limpid.network import Network
from limpid.training import Epoch, Training


def begin(of: Any, network: Network, *, watches: bool, decides: bool) -> None:
    """Nothing was learned yet; whether rows are watched, and whether they decide which pass was best."""
    describe(of, network)
    of.t_, of.loss_curve_ = 0, []
    of.validation_scores_ = [] if watches else None
    of.validation_loss_curve_ = [] if watches else None
    of.best_validation_score_ = -inf if decides else None
    of.best_loss_ = None if decides else inf
    vars(of).pop("should_stop_", None)
    if not isinstance(of.hidden_layer_sizes, str):
        for name in ("hidden_layer_sizes_", "capacity_map_"):
            vars(of).pop(name, None)


def describe(of: Any, network: Network) -> None:
    """The shape of the network."""
    of.n_outputs_, of.n_layers_ = network.outputs, len(network.layers) + 1
    of.out_activation_ = {"sigmoid": "logistic"}.get(network.output.name, network.output.name)


def note(of: Any, training: Training, epoch: Epoch, averaged: int) -> None:
    """One more pass; the training cost is averaged over so many outputs."""
    of.loss_ = (epoch.cost - epoch.penalty) / averaged + epoch.penalty
    of.loss_curve_.append(of.loss_)
    if of.solver != "lbfgs":
        of.t_ += training.rows
    if of.verbose:
        print(f"Iteration {epoch.number}, loss = {of.loss_:.8f}")
    if epoch.validation_score is not None:
        _note_watched(of, epoch, averaged)
    if of.best_loss_ is not None and of.loss_ < of.best_loss_:
        of.best_loss_ = of.loss_


def _note_watched(of: Any, epoch: Epoch, averaged: int) -> None:
    if of.validation_scores_ is None:  # an earlier call had nothing to watch
        of.validation_scores_, of.validation_loss_curve_ = [], []
    score = nan if epoch.validation_score is None else epoch.validation_score
    cost = nan if epoch.validation_cost is None else epoch.validation_cost
    of.validation_scores_.append(score)
    of.validation_loss_curve_.append(cost / averaged)
    if of.best_validation_score_ is not None:
        of.best_validation_score_ = max(of.best_validation_score_, score)
    if of.verbose:
        print(f"Validation score: {score:f}")


def tell_patience(of: Any, training: Training, rate: float, rate_before: float) -> None:
    """Print, in scikit-learn's words, that patience was lost: what the learning rate became of it, or that it ends."""
    reason = training.stopped_because or ""
    too_small = reason == "learning rate too small"
    if reason not in {"cost no longer falls", "no better on unseen data"} and not too_small and rate == rate_before:
        return
    what = "Validation score" if of.early_stopping else "Training loss"
    then = f"Setting learning rate to {rate:f}"
    if reason:
        then = "Learning rate too small. Stopping." if too_small else "Stopping."
    print(f"{what} did not improve more than tol={of.tol:f} for {of.n_iter_no_change} consecutive epochs. {then}")
