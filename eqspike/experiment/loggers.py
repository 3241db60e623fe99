"""Other programs that show the metrics of a run while it grows; `metrics.jsonl` stays the record.

TensorBoard's event files are written by tensorboardX, which needs NumPy and protobuf only. PyTorch's writer needs
PyTorch, which many models of eqspike do without, and the package `tensorboard` with its server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from typing import Any

from eqspike.core.errors import ConfigError, RunError, missing_package
from eqspike.core.showing import show
from eqspike.training import RunFolder

Record = Mapping[str, Any]
"""What `metrics.jsonl` holds of one epoch."""

Log = Callable[[RunFolder, Sequence[Record]], AbstractContextManager[Callable[[Record], None]]]
"""Given a run and its completed epochs: a context in which it takes the record of each epoch to come."""


@contextmanager
def no_log(folder: RunFolder, completed: Sequence[Record]) -> Iterator[Callable[[Record], None]]:
    """Shows nothing to anybody."""
    del folder, completed
    yield lambda record: None


def named_log(name: str | None) -> Log:
    """The logger of a name; None for none.

    Raises:
        ConfigError: for an unknown name.
        MissingPackageError: if the package it needs is not installed.
    """
    if name is None:
        return no_log
    if name != "tensorboard":
        raise ConfigError(f"log must be 'tensorboard', the one logger there is, got {show(name)}")
    if find_spec("tensorboardX") is None:
        raise missing_package("tensorboardX", "tensorboard", "a log for TensorBoard")
    return _tensorboard


@contextmanager
def _tensorboard(
    folder: RunFolder, completed: Sequence[Record]
) -> Iterator[Callable[[Record], None]]:
    """One event file in the run's folder, with every epoch once.

    It begins anew with the epochs that are complete: an epoch that an interrupted process had logged, but not
    finished, is gone with the older file. A TensorBoard that has read it drops its points (`purge_step`).
    """
    from tensorboardX import SummaryWriter

    try:
        for path in folder.event_files:
            path.unlink()
    except OSError as error:
        raise RunError(f"{path}: cannot be deleted: {error.strerror}") from error
    with SummaryWriter(str(folder.path), purge_step=1) as writer:

        def note(record: Record) -> None:
            for tag, value in scalars(record).items():
                writer.add_scalar(tag, value, record["epoch"])
            writer.flush()

        for record in completed:
            note(record)
        yield note


def scalars(record: Record) -> dict[str, float]:
    """The numbers of an epoch's record by their place in it, such as `rates/hidden`; without the epoch's own."""
    return {tag: value for tag, value in _numbers(record) if tag != "epoch"}


def _numbers(data: Any, place: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(data, Mapping | list):
        inner = data.items() if isinstance(data, Mapping) else enumerate(data)
        for key, value in inner:
            yield from _numbers(value, f"{place}/{key}" if place else str(key))
    else:
        yield place, float(data)
