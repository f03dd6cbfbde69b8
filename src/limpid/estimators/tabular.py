"""TabularEncoder: a table's texts, dates, truth values and missing cells as numbers, for whatever comes next."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from limpid.frames import is_frame, table_of
from limpid.table import Table
from limpid.table_encoder import TableEncoder


class TabularEncoder(TransformerMixin, BaseEstimator):
    """Numbers scaled robustly, categories and dates as inputs of their own, missing cells told apart: as limpid learns.

    X is a data frame of pandas, polars or pyarrow, or an array, whose columns are called x0, x1, ... A column that
    tells nothing (every cell the same or missing, no category often enough) is left out.

    Parameters
    ----------
    categorical : list or tuple of str, default=()
        Names of the columns whose numbers are names.
    sparse_output : bool or "auto", default="auto"
        Whether `transform` returns SciPy's compressed sparse rows: with "auto" where most numbers are 0, and never
        where `set_output` asks for a data frame.
    dtype : dtype, default=numpy.float64
        Of the numbers that `transform` returns.

    Attributes
    ----------
    encoder_ : limpid.table_encoder.TableEncoder
        What became of each column; `encoder_.left_out` has the names of those of no use, and why.
    n_features_in_ : int
        How many columns there are.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X had some that are texts.
    """

    _parameter_constraints = {
        "categorical": [list, tuple],
        "sparse_output": ["boolean", StrOptions({"auto"})],
        "dtype": "no_validation",  # NumPy says what is none
    }

    def __init__(
        self, *, categorical: Any = (), sparse_output: bool | str = "auto", dtype: DTypeLike = np.float64
    ) -> None:
        self.categorical = categorical
        self.sparse_output = sparse_output
        self.dtype = dtype

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:  # noqa: ARG002 - as the others have it
        """Find from X (rows, columns) how each column is encoded.

        Errors: `ValueError` for fewer than two rows, a column that holds anything but numbers, texts and dates, or
        where no column is of use.
        """
        table = self._table(X, reset=True)
        if len(table) < 2:
            raise ValueError(f"at least two rows are needed to tell columns' cells apart, got n_samples = {len(table)}")
        self.encoder_ = TableEncoder.fit(table, table.__getitem__, self.categorical)
        return self

    def transform(self, X: Any) -> Any:
        """X (rows, columns) as numbers (rows, outputs), an array or compressed sparse rows.

        A category or a missing cell that `fit` has not seen sets no output. Errors: `ValueError` for a column that is
        absent, or holds what cannot be read as what it was.
        """
        check_is_fitted(self)
        table = self._table(X, reset=False)
        framed = _get_output_config("transform", self)["dense"] != "default"
        sparse = self.encoder_.sparse and not framed if self.sparse_output == "auto" else bool(self.sparse_output)
        return self.encoder_.encode(table, np.dtype(self.dtype), sparse=sparse)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """A name for each output, (outputs,)."""
        check_is_fitted(self)
        _check_feature_names_in(self, input_features)
        return np.array(self.encoder_.names, dtype=object)

    def _table(self, X: Any, reset: bool) -> Table:
        if is_frame(X):
            validate_data(self, X, reset=reset, skip_check_array=True)
            columns = list(table_of(X).columns.values())
        else:
            X = validate_data(self, X, reset=reset, dtype=None, ensure_all_finite="allow-nan")
            columns = list(table_of({f"x{at}": cells for at, cells in enumerate(X.T)}).columns.values())
        names = getattr(self, "feature_names_in_", [f"x{at}" for at in range(self.n_features_in_)])
        return Table(dict(zip(names, columns, strict=True)), len(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags
