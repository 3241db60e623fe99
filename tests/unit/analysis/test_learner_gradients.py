"""Gradient checks of learners: energy blocks by every algorithm, Hamiltonian units by every backward pass."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from eqspike.analysis.gradients import blocks, echoes
from eqspike.analysis.gradients.fixed_point import AtRest
from eqspike.analysis.gradients.learners import check_learner
from eqspike.analysis.gradients.report import GradientReport
from eqspike.core.config import Section
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.learners.registry import Recipe, read_recipe
from eqspike.nn import EnergyBlock
from eqspike.nn.algorithms import ALGORITHMS

TRAINING = {"learning_rate": 0.1, "optimiser": "sgd"}


def block_recipe(**changes: object) -> Recipe:
    """A convolution with max pooling, a smooth dense layer and linear outputs."""
    layers = [
        {"size": 3, "kernel": 3, "activation": "sigmoid-4"},
        {"size": 6, "activation": "tanh"},
        {"size": 4, "activation": "linear"},
    ]
    described = {
        "kind": "energy-block",
        "image": [6, 6],
        "blocks": [{"layers": layers}],
        "beta": 0.1,
    }
    return read_recipe(Section(described | changes, "model"), Section(dict(TRAINING), "model"))


def series_recipe(**changes: object) -> Recipe:
    described = {
        "kind": "hssm",
        "channels": 2,
        "outputs": 3,
        "hidden": 4,
        "size": 5,
        "step": 0.1,
        "dropout": 0.2,
    }
    return read_recipe(Section(described | changes, "model"), Section(dict(TRAINING), "model"))


def checked(recipe: Recipe, inputs: np.ndarray, seed: int) -> GradientReport:  # type: ignore[type-arg]
    targets = np.arange(len(inputs)) % 3
    with recipe.open(seed, "cpu", 1) as learner:
        weights = learner.state()
    return check_learner(recipe, inputs, targets, weights, seed)


def of_images(recipe: Recipe, seed: int) -> GradientReport:
    images = np.random.default_rng(seed).integers(0, 256, (5, 36)).astype(np.uint8)
    return checked(recipe, images, seed)


def of_series(recipe: Recipe, seed: int) -> GradientReport:
    return checked(
        recipe, np.random.default_rng(seed).normal(size=(4, 100, 2)).astype(np.float32), seed
    )


def unclamped(self: AtRest, block: EnergyBlock, clamp: bool = False) -> None:
    nn.Module.__init__(self)
    self.block, self.clamp = block, False


class TestBlocks:
    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_every_algorithm_has_its_limit(self, algorithm: str) -> None:
        report = of_images(block_recipe(algorithm=algorithm), 0)
        assert report.holds, report.verdict
        names = {"0.weights.input-hidden1", "0.weights.hidden2-output", "0.biases.output"}
        assert names < set(report.data["cosine"]) == set(report.data["relative_error"])
        assert (report.data["limit"] is None) == (not algorithm.endswith(("cl", "cpl")))

    @pytest.mark.parametrize("seed", [1, 2])
    @pytest.mark.parametrize(("algorithm", "order"), [("p-ep", 1), ("c-ep", 2), ("p-cpl", 1)])
    def test_errors_fall_as_powers_of_beta(self, algorithm: str, order: int, seed: int) -> None:
        """From a tenth of the model's beta to a thousandth of it."""
        at_rest = of_images(block_recipe(algorithm=algorithm), seed).data["at_rest"]
        assert [row["beta"] for row in at_rest] == pytest.approx([0.1, 0.01, 1e-4])
        large, small = (max(row["relative_error"].values()) for row in at_rest[1:])
        assert order - 0.2 < np.log10(large / small) / 2 or small < 1e-8

    def test_a_wrong_gradient_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What a clamp tends to, taken for what a nudge tends to."""
        monkeypatch.setitem(ALGORITHMS, "c-ep", ALGORITHMS["c-cpl"])
        assert of_images(block_recipe(), 0).holds
        monkeypatch.setattr(AtRest, "__init__", unclamped)
        report = of_images(block_recipe(), 0)
        assert not report.holds
        assert "does NOT hold" in report.verdict

    @pytest.mark.parametrize(("form", "holds"), [("difference", True), ("two-states", False)])
    def test_a_kink_is_passed_by_a_smaller_nudge(
        self, form: str, holds: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(blocks, "LIMITS", (0.09, 0.08, 1e-7))
        layers = [{"size": 40}, {"size": 40}, {"size": 4, "activation": "linear"}]
        report = of_images(block_recipe(form=form, flat=True, blocks=[{"layers": layers}]), 0)
        assert report.holds == holds
        betas = [row["beta"] for row in report.data["at_rest"]]
        assert betas == pytest.approx([0.1, 0.09, 0.08, 1e-7] if holds else [0.1, 0.09])

    def test_clamped_outputs_must_be_linear(self) -> None:
        layers = [{"size": 6, "activation": "tanh"}, {"size": 4, "activation": "tanh"}]
        recipe = block_recipe(algorithm="p-cpl", flat=True, blocks=[{"layers": layers}])
        with pytest.raises(UnsupportedError, match="last layer is linear"):
            of_images(recipe, 0)

    def test_blocks_in_a_stack(self) -> None:
        """The upper block's contrast hands its input's gradient down through the normalisation."""
        stack = [
            {"layers": [{"size": 8, "activation": "tanh"}, {"size": 6, "activation": "tanh"}]},
            {"layers": [{"size": 7, "activation": "tanh"}, {"size": 4, "activation": "linear"}]},
        ]
        report = of_images(block_recipe(flat=True, blocks=stack, loss="cross-entropy"), 0)
        assert report.holds, report.verdict
        assert "1.weight" in report.data["cosine"]

    @pytest.mark.parametrize("algorithm", ["c-ep", "implicit"])
    def test_feeds_skips_and_a_read_out(self, algorithm: str) -> None:
        """Of the loss that the read-out sees, by every parameter of the stack."""
        smooth = {"kernel": 3, "activation": "sigmoid-4", "gain": 0.3}
        skip = {"lower": 0, "upper": 2, "kernel": 1, "pooling": "none", "gain": 0.3}
        lower = [{"size": 4} | smooth, {"size": 3, "pooling": "none"} | smooth]
        lower += [{"size": 4, "pooling": "none"} | smooth]
        upper = [{"size": 6, "activation": "tanh"}, {"size": 5, "activation": "linear"}]
        stack = [
            {"feedforward": True, "layers": lower, "skips": [skip]},
            {"feedforward": True, "layers": upper},
        ]
        report = of_images(
            block_recipe(algorithm=algorithm, blocks=stack, loss="cross-entropy", read_out=3), 0
        )
        assert report.holds, report.verdict
        assert {"0.weight", "5.weight", "9.weight"} < set(report.data["cosine"])


class TestEchoes:
    @pytest.mark.parametrize("seed", [0, 1])
    @pytest.mark.parametrize("units", ["linear", "log-cosh"])
    @pytest.mark.parametrize("backward", ["rhel", "rhel-one-sided", "reversible"])
    def test_every_backward_pass(self, units: str, backward: str, seed: int) -> None:
        report = of_series(series_recipe(units=units, backward=backward), seed)
        assert report.holds, report.verdict
        assert report.data["bound"] == echoes.BOUNDS[units, backward]

    def test_the_reference_is_not_compared_with_itself(self) -> None:
        with pytest.raises(ConfigError, match="what others are compared with"):
            of_series(series_recipe(backward="bptt"), 0)

    def test_an_echo_that_is_not_exact_enough_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(echoes.BOUNDS, ("log-cosh", "rhel-one-sided"), 1e-12)
        report = of_series(series_recipe(units="log-cosh", backward="rhel-one-sided"), 0)
        assert not report.holds


class TestFigure:
    """Of both kinds of learners."""

    def test_each_way_has_a_mark_for_each_parameter(self) -> None:
        report = of_images(block_recipe(), 0)
        (axes,) = report.figures["gradient_check.png"]().axes
        needed, *ways = axes.lines
        names = [label.get_text() for label in axes.get_yticklabels()]
        assert names == list(report.data["cosine"])
        assert ways[0].get_label() == "the model's phases"
        assert len(ways) == 1 + len(report.data["at_rest"])
        assert list(ways[0].get_xdata()) == list(report.data["relative_error"].values())
        assert list(needed.get_xdata()) == [blocks.LIMIT_ERROR] * 2

    def test_the_bound_of_an_echo_is_drawn(self) -> None:
        (axes,) = of_series(series_recipe(), 0).figures["gradient_check.png"]().axes
        needed, way = axes.lines
        assert way.get_label() == "rhel"
        assert max(way.get_xdata()) <= needed.get_xdata()[0] == echoes.BOUNDS["linear", "rhel"]
