"""Several processes of torchrun train one run: which models they can, and how they end together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eqspike.core.errors import EngineError, ProcessGoneError, UnsupportedError
from eqspike.experiment.configuration import Configuration
from eqspike.experiment.families import family
from eqspike.learners.launch import Alone, Group, launched


@contextmanager
def joined(configuration: Configuration, out: Path) -> Iterator[Group]:
    """The processes that train a configuration into a folder: this one, and the others that torchrun has started.

    Raises:
        UnsupportedError: for a model that one process trains, if there are several.
        EngineError: if one of them is gone, with the command that goes on.
    """
    launch = launched()
    if launch.size == 1:
        yield Alone()
        return
    subject = configuration.model.subject
    if not family(subject).data_parallel(subject):
        raise UnsupportedError(
            f"engine '{configuration.engine}' trains model '{configuration.model.name}' in one process, and "
            f"torchrun has started {launch.size}; leave out torchrun, or train many runs at a time with "
            "'eqspike sweep'"
        )
    from eqspike.learners.process_group import ProcessGroup

    device = launch.device(configuration.engine.partition(":")[2] or "cpu")
    try:
        with ProcessGroup(launch, device) as group:
            yield group
    except ProcessGoneError as gone:
        raise EngineError(
            f"{out}: a process of this training is gone, so all have ended; go on from the last checkpoint with: "
            f"{launch.command} train --resume --out {out}"
        ) from gone
