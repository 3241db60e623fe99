"""What an engine refuses to be handed."""

from __future__ import annotations

import numpy as np
import pytest

from eqspike.core.errors import ConfigError
from eqspike.systems.checks import check_labels


@pytest.mark.parametrize(
    ("labels", "samples", "said"),
    [([], 0, "at least one image"), ([1, 2], 3, "one for each of 3"), ([0, 10], 2, "from 0 to 9")],
)
def test_labels_that_do_not_fit_are_refused(labels: list[int], samples: int, said: str) -> None:
    """An output that does not exist would be written to unchecked memory."""
    with pytest.raises(ConfigError, match=said):
        check_labels(np.array(labels, np.int64), samples, 10)
    check_labels(np.array([0, 9]), 2, 10)
