"""The processes of one torchrun, joined by PyTorch's own collectives: gloo on the processor, NCCL on GPUs."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any, NoReturn

import torch
import torch.distributed

from eqspike.core.errors import EqspikeError, ProcessGoneError
from eqspike.core.learner import Learner
from eqspike.learners.data_parallel import DataParallelLearner
from eqspike.learners.last_word import says_first
from eqspike.learners.launch import Launch, Result
from eqspike.nn.shares import collective


class ProcessGroup:
    """See `learners.launch.Group`. A context manager, in which the first SIGTERM raises `ProcessGoneError`.

    After an error SIGTERM stays ignored; torchrun kills a process that does not end within 30 seconds.

    Args:
        launch: this process among the others.
        device: name of the torch device that it computes on.
    """

    def __init__(self, launch: Launch, device: str) -> None:
        self._launch, self._device = launch, torch.device(device)
        self._parent = os.getppid()
        self._before: Any = None

    def __enter__(self) -> ProcessGroup:
        backend = "gloo"
        if self._device.type == "cuda":
            torch.cuda.set_device(self._device)
            backend = "cpu:gloo,cuda:nccl"
        with collective():
            torch.distributed.init_process_group(backend)
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, _terminated)
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: Any) -> None:
        try:
            if kind is None:  # nobody leaves while the leading process is still writing
                self.any(False)
            elif kind is not ProcessGoneError:  # before the others notice
                says_first()
        finally:
            if self._before is not None:
                # One that fails is ending already: torchrun must not end it before it has said why.
                signal.signal(signal.SIGTERM, signal.SIG_IGN if kind else self._before)
            torch.distributed.destroy_process_group()

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self._launch.rank == 0

    def lead(self, action: Callable[[], Result]) -> Result:
        """Do something in the leading process alone; all have its result, or its error."""
        outcome: list[Any] = [None, None]
        if self.leads:
            try:
                outcome[0] = action()
            except EqspikeError as error:
                outcome[1] = error
        with collective():
            torch.distributed.broadcast_object_list(outcome, src=0)
        if outcome[1] is not None:
            raise outcome[1]
        result: Result = outcome[0]
        return result

    def any(self, wanted: bool) -> bool:
        """Whether one of the processes wants it.

        Raises:
            ProcessGoneError: if torchrun or one of its processes is gone.
        """
        if os.getppid() != self._parent:
            raise ProcessGoneError("torchrun is gone")
        return any(self._gather(wanted))

    def shared(self, learner: Learner) -> DataParallelLearner:
        """The learner, which takes only its share of each batch."""
        return DataParallelLearner(learner, self._launch.rank, self._launch.size, self._gather)

    def _gather(self, own: Any) -> list[Any]:
        """What each process has, by its number."""
        found: list[Any] = [None] * self._launch.size
        with collective():
            torch.distributed.all_gather_object(found, own)
        return found


def _terminated(signum: int, frame: Any) -> NoReturn:
    del frame
    signal.signal(signum, signal.SIG_IGN)
    raise ProcessGoneError("torchrun has ended it")
