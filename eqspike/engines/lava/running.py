"""The graph of the fused process, kept running in the child: Inbox -> FusedNetwork -> Outbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from lava.magma.core.run_conditions import RunSteps

from eqspike.engines.lava.configuration import run_configuration
from eqspike.engines.lava.files import START
from eqspike.engines.lava.processes.fused import FusedNetwork
from eqspike.engines.lava.processes.post import Inbox, Outbox


class FusedGraph:
    """The three processes; Lava starts them with the first run.

    Args:
        folder: with the files of `engines.lava.files`; words, result_words: of a message and of a result.
        arithmetic: `fixed_pt` or `floating_pt`, the tag of the models.
    """

    def __init__(self, folder: Path, words: int, result_words: int, arithmetic: str) -> None:
        self._arithmetic = arithmetic
        self._steps = 0
        self._start = np.load(folder / START, mmap_mode="r+")
        self._network: Any = FusedNetwork(
            folder=str(folder), words=words, result_words=result_words
        )
        inbox: Any = Inbox(folder=str(folder), words=words)
        outbox: Any = Outbox(folder=str(folder), words=result_words)
        inbox.message.connect(self._network.sample)
        self._network.result.connect(outbox.result)

    def run(self, messages: int) -> None:
        """Send the first `messages` rows of the inbox through the network."""
        self._start[0] = self._steps
        self._network.run(
            condition=RunSteps(num_steps=messages),
            run_cfg=run_configuration(self._arithmetic),
        )
        self._steps += messages

    def stop(self) -> None:
        """End Lava's processes."""
        self._network.stop()
