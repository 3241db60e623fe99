"""Figures show what they are given: titles, labels and numbers of points, not pixels."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eqspike.analysis.figures import learning_curve, rate_distribution, receptive_fields
from eqspike.analysis.gradients.spikes import (
    FACTORS,
    GradientCheck,
    NudgeError,
    PhaseLength,
    Similarity,
)
from eqspike.analysis.gradients.spikes_figure import gradient_figure
from eqspike.analysis.raster import Presentation, spike_raster
from eqspike.analysis.run_figures import Trained, save_all
from eqspike.analysis.style import new_figure, require_matplotlib, save, styled
from eqspike.core.errors import ConfigError, MissingPackageError, RunError, UnsupportedError
from eqspike.engines.fast import FastSession
from eqspike.testing import samples, small_system

METRICS = [
    {
        "epoch": epoch,
        "train_accuracy": 0.5 + 0.1 * epoch,
        "test_accuracy": 0.6 + 0.05 * epoch,
        "rates": {"hidden": 0.2, "output": 0.1},
    }
    for epoch in (1, 2, 3)
]


def texts(figure: Any) -> list[str]:
    return [
        item.get_text() for item in figure.findobj(match=lambda part: hasattr(part, "get_text"))
    ]


def fractions(axes: Any) -> list[float]:
    """Ticks across that are no whole numbers."""
    return [tick for tick in axes.get_xticks() if tick != int(tick)]


class TestLearningCurve:
    def test_one_point_an_epoch(self) -> None:
        figure = learning_curve(METRICS, "a model")
        accuracy, activity = figure.axes
        assert [line.get_label() for line in accuracy.lines] == ["test", "training"]
        assert [line.get_label() for line in activity.lines] == ["hidden", "output"]
        np.testing.assert_allclose(accuracy.lines[0].get_ydata(), [65, 70, 75])
        assert list(accuracy.lines[0].get_xdata()) == [1, 2, 3]
        assert accuracy.get_title(loc="left") == "Test accuracy 75.00% after 3 epochs"
        assert (accuracy.get_xlabel(), accuracy.get_ylabel()) == ("epoch", "accuracy (%)")
        assert "a model" in texts(figure)

    def test_one_epoch(self) -> None:
        accuracy = learning_curve(METRICS[:1]).axes[0]
        assert accuracy.get_title(loc="left").endswith("after 1 epoch")

    def test_series_differ_in_more_than_colour(self) -> None:
        lines = learning_curve(METRICS).axes[0].lines
        assert len({line.get_marker() for line in lines}) == len(lines)

    def test_no_epoch(self) -> None:
        with pytest.raises(RunError, match="no epoch"):
            learning_curve([])


class TestReceptiveFields:
    def test_images_side_by_side_on_one_scale(self) -> None:
        weights = np.random.default_rng(0).normal(size=(12, 5))
        axes = receptive_fields(weights, (3, 4)).axes[0]
        (image,) = axes.images
        canvas = np.ma.filled(image.get_array().astype(float), np.nan)
        assert canvas.shape == (2 * 3 + 1, 3 * 4 + 2)
        np.testing.assert_array_equal(canvas[:3, :4], weights[:, 0].reshape(3, 4))
        np.testing.assert_array_equal(canvas[4:, 5:9], weights[:, 4].reshape(3, 4))
        assert np.isnan(canvas[3]).all()
        low, high = image.get_clim()
        assert low == -high
        assert axes.get_title(loc="left") == "Input weights of all 5 hidden neurons"

    def test_only_the_first(self) -> None:
        axes = receptive_fields(np.ones((4, 9)), (2, 2), first=4).axes[0]
        assert axes.get_title(loc="left") == "Input weights of 4 of 9 hidden neurons"

    def test_kernels_are_not_called_neurons(self) -> None:
        axes = receptive_fields(np.ones((4, 9)), (2, 2), first=4, kernels=True).axes[0]
        assert (
            axes.get_title(loc="left") == "Input weights of 4 of 9 kernels of the first convolution"
        )

    def test_zero_weights_have_a_scale(self) -> None:
        assert receptive_fields(np.zeros((4, 2)), (2, 2)).axes[0].images[0].get_clim() == (-1, 1)

    def test_no_image(self) -> None:
        with pytest.raises(UnsupportedError, match="rows and columns"):
            receptive_fields(np.ones((4, 2)), (4,))


def test_rate_distribution() -> None:
    rates = np.array([[0.0, 0.5], [0.0, 1.0], [0.0, 0.75], [0.3, 0.75]])
    histogram, neurons = rate_distribution({"hidden": rates}).axes
    assert sum(bar.get_height() for bar in histogram.patches) == pytest.approx(100)
    assert histogram.get_title(loc="left") == "Layer hidden: 38% silent, 12% saturated"
    assert histogram.get_xlabel() == "rate (spikes per step), one image"
    mean = neurons.lines[0]
    np.testing.assert_allclose(mean.get_ydata(), [0.75, 0.075])
    assert fractions(neurons) == []


def presentation() -> Presentation:
    """Ten steps, of which six are free: pixels 0 to 3, two hidden neurons, three outputs."""
    sent = np.zeros((10, 4))
    sent[:, 1] = 1
    sent[::2, 2] = 1
    hidden = np.zeros((10, 2), np.uint8)
    hidden[6:, 0] = 1
    output = np.zeros((10, 3), np.uint8)
    output[[1, 4, 7], 2] = 1
    image = np.array([[0, 255], [128, 0]], np.uint8)
    return Presentation(image, 2, 1, sent, {"hidden": hidden, "output": output}, 6)


class TestRaster:
    def test_layers_phases_and_rates(self) -> None:
        figure = spike_raster(presentation())
        inputs, picture, hidden, _, output, bars, levels = figure.axes
        assert levels.get_ylabel() == "level"
        assert list(levels.get_yticks()) == [0, 255]
        assert inputs.get_ylabel() == "input\n2 of 4 pixels"
        assert hidden.get_ylabel() == "hidden\n2 neurons"
        assert output.get_xlabel() == "time step"
        assert picture.get_title() == "a 2, read as 1"
        drawn = inputs.images[0].get_array()[..., 3]
        np.testing.assert_array_equal(drawn.sum(1), [10, 5])
        ticks = sum(len(lines.get_segments()) for lines in output.collections)
        assert ticks == 3
        widths = [bar.get_width() for bar in bars.patches]
        np.testing.assert_allclose(widths, [0, 0, 2 / 6, 0, 0, 1 / 4])
        assert "nudged phase: target 2" in texts(figure)

    def test_busiest_hidden_neuron_in_the_free_phase_on_top(self) -> None:
        shown = presentation()
        shown.spikes["hidden"][:6, 1] = 1
        drawn = spike_raster(shown).axes[2].images[0].get_array()[..., 3]
        np.testing.assert_array_equal(drawn.sum(1), [6, 4])

    def test_images_without_rows(self) -> None:
        shown = presentation()
        flat = Presentation(shown.image.ravel(), 2, 2, shown.sent, shown.spikes, 6)
        assert not spike_raster(flat).axes[1].images

    def test_time_steps_are_whole(self) -> None:
        shown = presentation()
        short = {name: spikes[5:8] for name, spikes in shown.spikes.items()}
        figure = spike_raster(Presentation(shown.image, 2, 1, shown.sent[5:8], short, 1))
        assert fractions(figure.axes[4]) == []


def similarities(cosine: float) -> dict[str, Similarity]:
    names = ("input-hidden", "hidden-output", "hidden.bias", "output.bias")
    return {name: Similarity(cosine, 0.1, 1.0) for name in names}


def test_gradient_figure() -> None:
    growth = tuple(
        PhaseLength(factor, 100 * factor, 50 * factor, similarities(1 - 0.1 / factor), similarities(0.5))
        for factor in FACTORS
    )  # fmt: skip
    limit = PhaseLength(64, 6400, 3200, similarities(0.999), similarities(0.6))
    theorem = tuple(NudgeError(beta, beta, beta**2) for beta in (0.1, 0.01, 0.001))
    check = GradientCheck(50, 0.5, theorem, similarities(0.6), growth, limit, 0.9)
    figure = gradient_figure(check)
    errors, rates, exact = figure.axes
    assert errors.get_xscale() == errors.get_yscale() == "log"
    np.testing.assert_allclose(errors.lines[2].get_ydata(), [1e-2, 1e-4, 1e-6])
    curves = [line for line in rates.lines if len(line.get_xdata()) == len(FACTORS)]
    assert [line.get_label() for line in curves] == list(similarities(1))
    np.testing.assert_allclose(curves[0].get_ydata(), [0.9, 0.95, 0.975, 0.9875])
    assert [label.get_text() for label in rates.get_xticklabels()][-1] == "limit\n9600"
    assert [label.get_text() for label in exact.get_xticklabels()][-1] == "rate\nnetwork"
    assert rates.get_title(loc="left") == "2  Spikes against rates, both at β = 0.5"
    assert len(figure.legends[0].get_texts()) == 4


def trained(image_shape: tuple[int, ...] = (5, 6)) -> Trained:
    system = small_system()
    images, labels, _ = samples(system, 24)
    with FastSession(system, 0) as session:
        weights = session.weights()
    return Trained("small", system, weights, METRICS, images, labels, image_shape)


class TestSaveAll:
    def test_every_figure_twice_the_same(self, tmp_path: Path) -> None:
        shown = trained()
        first, second = (save_all(shown, 3, tmp_path / name / "plots") for name in ("one", "two"))
        assert [path.name for path in first] == [
            "learning_curve.png",
            "receptive_fields.png",
            "spike_raster.png",
            "rate_distribution.png",
        ]
        for one, two in zip(first, second, strict=True):
            assert one.read_bytes().startswith(b"\x89PNG")
            assert one.read_bytes() == two.read_bytes()

    def test_receptive_fields_need_rows_and_columns(self, tmp_path: Path) -> None:
        names = [path.name for path in save_all(trained((30,)), 0, tmp_path)]
        assert "receptive_fields.png" not in names
        assert len(names) == 3

    @pytest.mark.parametrize("sample", [-1, 24])
    def test_no_such_sample(self, tmp_path: Path, sample: int) -> None:
        with pytest.raises(ConfigError, match="from 0 to 23"):
            save_all(trained(), sample, tmp_path)
        assert not list(tmp_path.iterdir())


class TestStyle:
    def test_settings_do_not_leak(self, tmp_path: Path) -> None:
        import matplotlib

        before = dict(matplotlib.rcParams)
        with styled():
            figure = new_figure(2, 2)
            figure.subplots()
        save(figure, tmp_path / "figure.png")
        assert dict(matplotlib.rcParams) == before

    def test_matplotlib_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        for draw in (require_matplotlib, lambda: learning_curve(METRICS)):
            with pytest.raises(MissingPackageError, match="pip install matplotlib"):
                draw()

    def test_heavy_packages_wait_until_needed(self) -> None:
        program = (
            "import sys, eqspike.analysis, eqspike.analysis.run_figures, eqspike.analysis.gradients.spikes_figure;"
            "print([name for name in ('matplotlib', 'numba', 'torch') if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert done.stdout.strip() == "[]", done.stderr
