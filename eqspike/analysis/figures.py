"""Figures of a trained network. Each function returns a figure and opens no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eqspike.analysis.style import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    PALE,
    SERIES,
    new_figure,
    styled,
    whole_ticks,
    without_frame,
)
from eqspike.core.errors import RunError, UnsupportedError
from eqspike.core.showing import counted
from eqspike.tasks.metrics import judged_split

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIELDS = 100
"""Receptive fields drawn: more would be too small to see."""

SATURATED = 0.95
"""Spikes per step above which a neuron counts as saturated: 1 is the most it can fire."""


@styled()
def learning_curve(metrics: Sequence[Mapping[str, Any]], title: str = "") -> Figure:
    """Accuracy on both splits and, where neurons spike, mean firing rates, by epoch.

    Args:
        metrics: one record per completed epoch, as in a run's `metrics.jsonl`.
        title: of the figure, such as the model's.

    Raises:
        RunError: if no epoch has been completed.
    """
    if not metrics:
        raise RunError("learning curve: no epoch has been completed yet; train for at least one")
    epochs = [record["epoch"] for record in metrics]
    spiking = bool(metrics[0]["rates"])
    figure = new_figure(10.0 if spiking else 6.4, 4.0)
    panels = figure.subplots(
        1, 2 if spiking else 1, squeeze=False, width_ratios=(3, 2)[: 1 + spiking]
    )
    accuracy = panels[0, 0]
    metric = next(key for key in metrics[-1] if key.startswith("train_")).removeprefix("train_")
    name, percent = metric.replace("_", " "), metric == "accuracy"
    scale = 100.0 if percent else 1.0
    passes = counted(epochs[-1], "epoch")
    split = judged_split(metrics[-1], metric)
    final = "test" if f"test_{metric}" in metrics[-1] else split
    last = metrics[-1][f"{final}_{metric}"]
    shown = f"{last:.2%}" if percent else f"{last:.4g}"
    accuracy.set(title=f"{final.capitalize()} {name} {shown} after {passes}")
    accuracy.set_ylabel(f"{name} (%)" if percent else name)
    _lines(
        accuracy,
        epochs,
        {
            split: [scale * record[f"{split}_{metric}"] for record in metrics],
            "training": [scale * record[f"train_{metric}"] for record in metrics],
        },
    )
    if spiking:
        _activity(panels[0, 1], epochs, metrics)
    if title:
        figure.suptitle(title, x=0.01, ha="left", color=MUTED, fontsize=11)
    return figure


def _activity(axes: Axes, epochs: Sequence[int], metrics: Sequence[Mapping[str, Any]]) -> None:
    axes.set(title="Activity in the free phase", ylabel="spikes per neuron and step")
    rates = {name: [record["rates"][name] for record in metrics] for name in metrics[0]["rates"]}
    _lines(axes, epochs, rates)
    axes.set_ylim(bottom=0)


def _lines(axes: Axes, epochs: Sequence[int], series: Mapping[str, Sequence[float]]) -> None:
    """Lines by epoch, told apart by colour and marker."""
    for (name, values), (colour, marker) in zip(series.items(), _cycle(len(series)), strict=True):
        axes.plot(epochs, values, color=colour, marker=marker, label=name)
    axes.set_xlabel("epoch")
    axes.set_xlim(min(epochs) - 0.4, max(epochs) + 0.4)
    whole_ticks(axes)
    axes.grid(axis="x", visible=False)
    axes.legend(loc="best")


def _cycle(count: int) -> list[tuple[str, str]]:
    return [SERIES[index % len(SERIES)] for index in range(count)]


@styled()
def receptive_fields(
    weights: NDArray[np.float64],
    image_shape: tuple[int, ...],
    first: int = FIELDS,
    kernels: bool = False,
) -> Figure:
    """Input weights of the first hidden neurons, or kernels of a convolution, as images on one scale.

    Args:
        weights: (pixels, neurons or kernels) of the coupling from the input.
        image_shape: rows and columns of an image or kernel.
        first: number of neurons or kernels drawn, at most.
        kernels: whether the weights are those of a convolution: one kernel a channel, shared by its neurons.

    Raises:
        UnsupportedError: if the input is not an image of rows and columns.
    """
    if len(image_shape) != 2:
        raise UnsupportedError(
            f"receptive fields need images of rows and columns, got the shape {image_shape}"
        )
    fields = weights[:, :first].T.reshape(-1, *image_shape)
    limit = float(np.quantile(np.abs(fields), 0.995)) or 1.0
    figure = new_figure(8.2, 7.4)
    axes = figure.subplots()
    drawn = axes.imshow(
        _mosaic(fields), cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest"
    )
    without_frame(axes)
    part = f"{len(fields)} of" if len(fields) < weights.shape[1] else "all"
    whose = "kernels of the first convolution" if kernels else "hidden neurons"
    axes.set_title(f"Input weights of {part} {weights.shape[1]} {whose}")
    bar = figure.colorbar(drawn, ax=axes, shrink=0.6, extend="both", label="weight")
    bar.outline.set_visible(False)
    return figure


def _mosaic(images: NDArray[np.float64]) -> NDArray[np.float64]:
    """Images (count, rows, columns) side by side in a square arrangement, gaps not a number."""
    count, rows, columns = images.shape
    across = int(np.ceil(np.sqrt(count)))
    down = int(np.ceil(count / across))
    gap = max(1, rows // 14)
    canvas = np.full((down * (rows + gap) - gap, across * (columns + gap) - gap), np.nan)
    for index, image in enumerate(images):
        top, left = index // across * (rows + gap), index % across * (columns + gap)
        canvas[top : top + rows, left : left + columns] = image
    return canvas


@styled()
def rate_distribution(
    rates: Mapping[str, NDArray[np.float64]], quantity: str = "rate (spikes per step)"
) -> Figure:
    """How busy hidden neurons are: all rates as a histogram, and each neuron over the images.

    Args:
        rates: by hidden layer, (samples, neurons), in [0, 1]; quantity: what they are, for the axes.
    """
    figure = new_figure(10.0, 3.8 * len(rates))
    rows = figure.subplots(len(rates), 2, squeeze=False)
    for (name, of_layer), (histogram, neurons) in zip(rates.items(), rows, strict=True):
        _rate_histogram(histogram, name, of_layer, quantity)
        _rate_by_neuron(neurons, name, of_layer, quantity)
    return figure


def _rate_histogram(axes: Axes, name: str, rates: NDArray[np.float64], quantity: str) -> None:
    silent, saturated = float((rates == 0).mean()), float((rates > SATURATED).mean())
    weights = np.full(rates.size, 100 / rates.size)
    axes.hist(rates.ravel(), np.linspace(0, 1, 41).tolist(), weights=weights, color=BLUE)
    axes.set(
        title=f"Layer {name}: {silent:.0%} silent, {saturated:.0%} saturated",
        xlabel=f"{quantity}, one image",
        ylabel="neuron-image pairs (%)",
        xlim=(0, 1),
    )
    axes.grid(axis="x", visible=False)


def _rate_by_neuron(axes: Axes, name: str, rates: NDArray[np.float64], quantity: str) -> None:
    mean = rates.mean(0)
    order = np.argsort(-mean, kind="stable")
    place = np.arange(1, len(order) + 1)
    low, high = np.quantile(rates[:, order], (0.25, 0.75), axis=0)
    axes.fill_between(place, low, high, color=PALE, step="mid", label="middle half of the images")
    axes.step(place, mean[order], where="mid", color=BLUE, label="mean over the images")
    overall = float(mean.mean())
    axes.axhline(overall, color=ORANGE, linestyle="--", label=f"layer mean {overall:.2f}")
    axes.set(
        title=f"Mean rate of each of {len(order)} neurons, sorted",
        xlabel=f"neuron of layer {name}, busiest first",
        ylabel=quantity,
        xlim=(0.5, len(order) + 0.5),
        ylim=(0, 1),
    )
    whole_ticks(axes)
    axes.legend(loc="upper right")
    axes.tick_params(colors=MUTED, labelcolor=INK)
