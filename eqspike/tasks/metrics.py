"""How a task judges outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]


@dataclass(frozen=True)
class Metric:
    """A number for each sample; a split's is their mean.

    Attributes:
        name: as in `train_accuracy` of a run's metrics.
        larger_is_better: which way learning goes.
        each: given outputs (samples, outputs) and targets, a number for each sample, (samples,).
        of_labels: targets are labels, (samples,); otherwise values, (samples, outputs).
    """

    name: str
    larger_is_better: bool
    each: Callable[[Values, Values], NDArray[np.float64]]
    of_labels: bool = True


def judged_split(record: Mapping[str, Any], metric: str) -> str:
    """What an epoch was judged on, by its record: `validation`, or `test` where nothing is held out."""
    return "validation" if f"validation_{metric}" in record else "test"


def _right(outputs: Values, targets: Values) -> NDArray[np.float64]:
    return np.asarray(outputs.argmax(1) == targets, np.float64)


def _squared_error(outputs: Values, targets: Values) -> NDArray[np.float64]:
    return np.asarray(((outputs - targets) ** 2).reshape(len(outputs), -1).mean(1), np.float64)


ACCURACY = Metric("accuracy", True, _right)
"""1 where the largest output is that of the label, else 0."""

SQUARED_ERROR = Metric("squared_error", False, _squared_error, of_labels=False)
"""Mean over outputs of (output - target)^2."""

METRICS = {metric.name: metric for metric in (ACCURACY, SQUARED_ERROR)}
