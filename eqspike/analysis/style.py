"""One look for all figures: large plain type, few lines, colours that the colour-blind tell apart.

Figures are made without pyplot, so no window system is asked for and nothing is left behind. Matplotlib is
imported when the first figure is made.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eqspike.core.errors import ConfigError, missing_package
from eqspike.core.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS_PER_INCH = 150

FORMATS: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}
"""Formats of figures, with what must be left out of each file so that equal figures give equal files."""

_FORMAT = ContextVar("figure format", default="png")

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#AA5599"
"""Distinct for all common kinds of colour blindness (M. Okabe and K. Ito, Color Universal Design, 2008)."""

INK, MUTED, GRID, PALE, SHADE = "#222222", "#666666", "#DDDDDD", "#CFE3F1", "#F6E7C8"

SERIES = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (PURPLE, "D"))
"""Colour and marker of each series: never colour alone."""

_SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 11,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 2,
    "lines.markersize": 6,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "svg.hashsalt": "eqspike",
}


def require_matplotlib() -> None:
    """Find out before long work whether its figure can be drawn.

    Raises:
        MissingPackageError: if matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise missing_package("matplotlib", "plots", "drawing figures") from error


@contextmanager
def styled() -> Iterator[None]:
    """Within this context, new figures have the common look.

    Raises:
        MissingPackageError: if matplotlib is not installed.
    """
    require_matplotlib()
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: Any = matplotlib.rcParams
        settings.update(_SETTINGS)
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches, whose parts find their places by themselves."""
    from matplotlib.figure import Figure

    return Figure((width, height), layout="constrained")


def whole_ticks(axes: Axes) -> None:
    """Ticks of what is counted across (steps, epochs, neurons) at whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def without_frame(axes: Axes) -> None:
    """Leave only what is drawn: no ticks, spines or grid."""
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set_visible(False)


@contextmanager
def figures_as(name: str) -> Iterator[None]:
    """Within this context, figures are saved in the format of that name: `png`, `svg` or `pdf`.

    Raises:
        ConfigError: for another name.
    """
    if name not in FORMATS:
        raise ConfigError(f"figures are written as {', '.join(FORMATS)}, got '{name}'")
    token = _FORMAT.set(name)
    try:
        yield
    finally:
        _FORMAT.reset(token)


def save(figure: Figure, path: Path) -> Path:
    """Write a figure; equal figures give equal files with the same version of matplotlib.

    Args:
        path: of the file; its ending becomes that of the format that `figures_as` set, by default `png`.

    Returns:
        The file written.

    Raises:
        RunError: if it cannot be written.
    """
    name, content = _FORMAT.get(), io.BytesIO()
    with styled():
        figure.savefig(content, format=name, dpi=DOTS_PER_INCH, metadata=FORMATS[name])
    path = path.with_suffix(f".{name}")
    write_bytes(path, content.getvalue())
    return path
