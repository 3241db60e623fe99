"""Plain networks of the target propagation papers, as PyTorch's own `Sequential`: for any learning rule.

LeNet and VGG are those of Ernoult et al., ICML 2022 (arXiv:2201.13415, public code), with ELU activations.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from eqspike.core.amounts import check_whole
from eqspike.core.errors import ConfigError


def fully_connected(sizes: Sequence[int], activation: type[nn.Module] = nn.ELU) -> nn.Sequential:
    """Layers of these sizes, input first, an activation between each two; takes images or vectors.

    Raises:
        ConfigError: for fewer than two sizes, or one below 1.
    """
    if len(sizes) < 2:
        raise ConfigError(
            f"fully_connected: give at least two sizes of 1 or more, got {tuple(sizes)}"
        )
    for size in sizes:
        check_whole("fully_connected: each of sizes", size)
    modules: list[nn.Module] = [nn.Flatten()]
    for before, after in pairwise(sizes):
        modules += [nn.Linear(before, after), activation()]
    return nn.Sequential(*modules[:-1])


def lenet(shape: tuple[int, int, int], classes: int = 10) -> nn.Sequential:
    """Two 5x5 convolutions of 32 and 64 channels, each with pooling 3 by stride 2; 512 neurons; the classes.

    Args:
        shape: of an image: channels, rows, columns.
    """
    _check_shape("lenet", shape, 4)
    check_whole("lenet: classes", classes)
    channels, rows, columns = shape
    for _ in range(2):
        rows, columns = (rows + 1) // 2, (columns + 1) // 2
    return nn.Sequential(
        nn.Conv2d(channels, 32, 5, padding=2), nn.ELU(), nn.MaxPool2d(3, 2, 1),
        nn.Conv2d(32, 64, 5, padding=2), nn.ELU(), nn.MaxPool2d(3, 2, 1),
        nn.Flatten(), nn.Linear(64 * rows * columns, 512), nn.ELU(), nn.Linear(512, classes),
    )  # fmt: skip


VGG_CHANNELS = (128, 128, 256, 256, 512)


def vgg(
    shape: tuple[int, int, int], classes: int = 10, channels: Sequence[int] = VGG_CHANNELS
) -> nn.Sequential:
    """3x3 convolutions of these channels, each halved by pooling; the classes.

    Args:
        shape: of an image: channels, rows, columns; each side at least 2^(number of convolutions).
    """
    _check_shape("vgg", shape, 2 ** len(channels))
    for each in (classes, *channels):
        check_whole("vgg: classes and each of channels", each)
    before, rows, columns = shape
    modules: list[nn.Module] = []
    for after in channels:
        modules += [nn.Conv2d(before, after, 3, padding=1), nn.ELU(), nn.MaxPool2d(2)]
        before, rows, columns = after, rows // 2, columns // 2
    return nn.Sequential(*modules, nn.Flatten(), nn.Linear(before * rows * columns, classes))


def _check_shape(name: str, shape: tuple[int, int, int], side: int) -> None:
    """Refuses images too small for the network."""
    for each in shape:
        check_whole(f"{name}: each of shape", each)
    if len(shape) != 3 or min(shape) < 1 or min(shape[1:]) < side:
        raise ConfigError(
            f"{name}: needs images of (channels, rows, columns), each side at least {side}, got {shape}"
        )
