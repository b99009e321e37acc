"""The preprocessing of a stored model, with the shapes of its arrays checked."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from aeexp.analysis.support import require_array
from aeexp.config.spec import RowScaling
from aeexp.data import Column
from aeexp.data.effects import ARRAYS, Effects
from aeexp.data.features import features
from aeexp.data.imputation import Imputation
from aeexp.data.row_scaling import RowScale, row_scale
from aeexp.data.scaling import Preprocessing, Scaling
from aeexp.data.selection import Selection, selection_of
from aeexp.runs import StoredModel


def stored_preprocessing(stored: StoredModel) -> tuple[Selection | None, Preprocessing]:
    """Return the selection of features, which has scaled the rows, and the other steps.

    None for a selection that needs no further columns than those of the model.

    Raises:
        UserError: An array has another shape than the columns and features imply.
    """
    rows = _rows(stored, stored.needed)
    if not stored.selected_from:
        return None, _preprocessing(stored, rows)
    selection = selection_of(stored.selected_from, stored.columns, rows)
    return selection, _preprocessing(stored, None)


def _preprocessing(stored: StoredModel, rows: RowScale | None) -> Preprocessing:
    values: dict[str, Any] = dict(stored.preprocessing)
    scaling = Scaling(np.array(values["offset"]), np.array(values["scale"]))
    imputation = None
    if "fill" in stored.support:
        fill, donors = stored.support["fill"], stored.support.get("donors", np.empty((0, 0)))
        require_array("fill", fill, "f", scaling.offset.shape)
        shape = (len(donors), len(fill)) if len(donors) else donors.shape
        require_array("donors", donors, "f", shape)
        imputation = Imputation(fill, donors)
    return Preprocessing(scaling, imputation, _effects(stored), rows, values.get("clip"))


def _effects(stored: StoredModel) -> Effects | None:
    columns, batch = stored.covariates, stored.preprocessing.get("batch", "")
    if not columns:
        return None
    terms, features = sum(len(column.features) for column in columns), len(stored.features)
    batches = next((len(column.categories) for column in columns if column.name == batch), 0)
    expected: dict[str, tuple[str, tuple[int, ...]]] = {
        "centre": ("f", (terms,)),
        "coefficients": ("f", (terms, features)),
        "level": ("f", (features,)),
        "spread": ("f", (batches, features)),
        "explained": ("b", (features,)),
    }
    arrays = {name: stored.support.get(f"effects/{name}", np.empty(0)) for name in ARRAYS}
    for name, (kind, shape) in expected.items():
        require_array(f"effects/{name}", arrays[name], kind, shape)
    return Effects(columns, **arrays, batch=batch)


def _rows(stored: StoredModel, columns: Sequence[Column]) -> RowScale | None:
    """Return the scaling of rows over columns; None for a run without one."""
    values = stored.preprocessing.get("rows")
    if values is None or values["kind"] == RowScaling.none.value:
        return None
    kind, reference = RowScaling(values["kind"]), np.array(values["reference"], float)
    shape = (len(features(columns)),) if kind is RowScaling.median_ratio else (1,)
    require_array("rows.reference", reference, "f", shape)
    return row_scale(kind, reference, columns)
