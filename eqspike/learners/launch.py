"""What torchrun tells the processes that it starts, and what one process alone does in place of a group."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Learner

Result = TypeVar("Result")

_TOLD = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True)
class Launch:
    """This process among those that train together.

    Attributes:
        rank: its number, from 0; size: of all of them.
        local_rank, local_size: the same on this machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

    @property
    def command(self) -> str:
        """What stands before `train` on the command line."""
        if self.size == 1:
            return "eqspike"
        return f"torchrun --nproc-per-node {self.local_size} -m eqspike"

    def device(self, name: str) -> str:
        """The torch device of this process, where `name` was asked for.

        Raises:
            UnsupportedError: if all processes are to compute on one GPU.
        """
        kind, _, number = name.partition(":")
        if self.size == 1 or kind != "cuda":
            return name
        if number:
            raise UnsupportedError(
                f"torchrun gives each process a GPU of its own, got device '{name}'; use torch:cuda"
            )
        return f"cuda:{self.local_rank}"


def launched() -> Launch:
    """What torchrun has said; one process, if it has not."""
    if not all(os.environ.get(name) for name in _TOLD):
        return Launch()
    return Launch(*(int(os.environ[name]) for name in _TOLD[:4]))


class Group(Protocol):
    """Processes that train one run: each calls these equally often, in the same order."""

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes and speaks."""
        ...

    def lead(self, action: Callable[[], Result]) -> Result:
        """Do something in the leading process alone; all have its result, or its `EqspikeError`."""
        ...

    def any(self, wanted: bool) -> bool:
        """Whether one of the processes wants it."""
        ...

    def shared(self, learner: Learner) -> Learner:
        """The learner, which takes only its share of each batch."""
        ...


class Alone:
    """One process: it leads and has the whole of each batch."""

    leads = True

    def lead(self, action: Callable[[], Any]) -> Any:
        """Do it."""
        return action()

    def any(self, wanted: bool) -> bool:
        """Whether it is wanted."""
        return wanted

    def shared(self, learner: Learner) -> Learner:
        """The learner as it is."""
        return learner
