"""Descriptions of energy-based models: blocks, what feeds them, skips and read-outs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.experiment import load_model
from eqspike.learners.energy import EnergyRecipe
from eqspike.learners.registry import read_recipe
from eqspike.learners.stacks import Stack
from eqspike.nn import EnergyBlock
from eqspike.nn.normalisation import BatchNorm

CONVOLUTIONS = [{"size": 4, "kernel": 3}, {"size": 6, "kernel": 3, "pooling": "none"}]
DENSE = [{"size": 8}, {"size": 5, "activation": "linear"}]


def recipe(blocks: list[dict[str, Any]], rates: list[float] | None = None, **more: Any) -> Any:
    described = {"kind": "energy-block", "image": [3, 8, 8], "blocks": blocks} | more
    training: dict[str, Any] = {"optimiser": "sgd", "learning_rate": 0.1}
    if rates is not None:
        training = {"optimiser": "sgd", "learning_rates": rates}
    learner, trained = Section(described, "model"), Section(training, "model")
    found = read_recipe(learner, trained)
    learner.close()
    trained.close()
    return found


def stack(blocks: list[dict[str, Any]], **more: Any) -> Stack:
    made = recipe(blocks, **more).module()
    assert isinstance(made, Stack)
    return made


def test_a_feed_is_an_ordinary_layer_with_its_pooling_and_normalisation() -> None:
    made = stack([{"feedforward": True, "layers": CONVOLUTIONS + DENSE}], read_out=2)
    kinds = [type(each) for each in made]
    assert kinds == [nn.Conv2d, nn.MaxPool2d, BatchNorm, EnergyBlock, nn.Flatten, nn.Linear]
    block = made[3]
    assert isinstance(block, EnergyBlock)
    assert block.structure.wires[0].by == "identity"
    assert block.structure.input.maps == (4, 4, 4)
    assert tuple(made(torch.rand(2, 3, 8, 8)).shape) == (2, 2)


def test_rates_of_layers_replace_the_one_of_all() -> None:
    """Where a file has one of them and `--set` gives the other, the first is set to null."""
    learner = {"kind": "energy-block", "image": [3, 8, 8], "blocks": [{"layers": DENSE}]}

    def rates(training: dict[str, Any]) -> tuple[Any, float]:
        found: Any = read_recipe(Section(learner, "model"), Section(training, "model"))
        return found.rates, found.optimiser.learning_rate

    assert rates({"learning_rate": None, "learning_rates": [0.2, 0.0]}) == ((0.2, 0.0), 0.2)
    assert rates({"learning_rate": None, "learning_rates": [0.0, 0.0]}) == ((0.0, 0.0), 0.0)
    assert rates({"learning_rate": 0.1, "learning_rates": None}) == ((), 0.1)
    said = "learning_rate must be null, or left out, beside training.learning_rates, got 0.1; set the one"
    with pytest.raises(ConfigError, match=said):
        rates({"learning_rate": 0.1, "learning_rates": [0.2, 0.1]})
    with pytest.raises(
        ConfigError, match=r"learning_rate must be a finite number above 0 .* got None"
    ):
        rates({"learning_rate": None, "learning_rates": None})


def test_a_dense_feed() -> None:
    blocks = [{"layers": CONVOLUTIONS}, {"feedforward": True, "layers": DENSE}]
    kinds = [type(each) for each in stack(blocks)]
    assert kinds == [EnergyBlock, nn.Flatten, nn.Linear, BatchNorm, EnergyBlock]


def test_without_a_feed_a_normalisation_stands_between_blocks() -> None:
    kinds = [type(each) for each in stack([{"layers": CONVOLUTIONS}, {"layers": DENSE}])]
    assert kinds == [EnergyBlock, BatchNorm, EnergyBlock]


@pytest.mark.parametrize("feedforward", [True, False])
def test_each_layer_and_the_read_out_have_a_rate(feedforward: bool) -> None:
    blocks = [{"layers": CONVOLUTIONS}, {"feedforward": feedforward, "layers": DENSE}]
    rates = [0.5, 0.4, 0.3, 0.2, 0.1]
    made = recipe(blocks, rates, read_out=2)
    with made.open(0, "cpu", 1) as learner:
        groups = learner._optimiser.param_groups
        assert [group["lr"] for group in groups] == rates
        held = [p for group in groups for p in group["params"]]
        assert {id(p) for p in held} == {id(p) for p in learner.module.parameters()}
        assert len(held) == len(list(learner.module.parameters()))
    with pytest.raises(ConfigError, match="a list of 5 numbers"):
        recipe(blocks, rates[1:], read_out=2)


def test_the_curvature_of_the_loss_is_felt_by_outputs_that_it_sees() -> None:
    def curvatures(**more: Any) -> list[float]:
        made = stack([{"layers": CONVOLUTIONS}, {"layers": DENSE}], **more)
        return [each.settings.curvature for each in made if isinstance(each, EnergyBlock)]

    assert curvatures() == [0, 1]
    assert curvatures(read_out=2) == [0, 0]
    assert curvatures(loss="cross-entropy") == [0, 0]


def test_a_skip_reaches_the_block() -> None:
    layers = [{"size": 4, "kernel": 3}, {"size": 4, "kernel": 3, "pooling": "none"}]
    layers += [{"size": 6, "kernel": 3}, {"size": 5, "activation": "linear"}]
    skips = [{"lower": 0, "upper": 2, "kernel": 1, "gain": 0.7}]
    (block,) = stack([{"layers": layers, "skips": skips}])
    assert isinstance(block, EnergyBlock)
    assert tuple(block.weights["hidden1-hidden3"].shape) == (6, 4, 1, 1)
    plain = stack([{"layers": layers}])
    shared = {n: v for n, v in block.state_dict().items() if "hidden1-hidden3" not in n}
    plain[0].load_state_dict(shared)
    x = torch.rand(3, 3, 8, 8)
    assert not torch.allclose(block(x), plain(x))


def test_a_skip_without_a_kernel_is_an_identity() -> None:
    layers = [{"size": 4, "kernel": 3, "pooling": "none"} for _ in range(3)]
    (block,) = stack([{"layers": layers, "skips": [{"lower": 0, "upper": 2}]}])
    assert isinstance(block, EnergyBlock)
    assert block.structure.wires[-1].by == "identity"


def test_separate_feedback_and_its_angle_reach_the_block() -> None:
    made = stack([{"layers": DENSE}], feedback="separate", angle=90, flat=True)
    (block,) = made
    assert isinstance(block, EnergyBlock)
    (back,) = block.feedback.values()
    share = (back == block.weights["hidden1-output"]).double().mean()
    assert 0.2 < float(share) < 0.8


@pytest.mark.parametrize(
    ("blocks", "more", "message"),
    [
        ([], {}, "at least one block"),
        ([{"layers": []}], {}, "at least one layer"),
        ([{"layers": [{"size": 4, "activation": "relu"}]}], {}, "activation must be one of"),
        ([{"layers": [{"size": 4, "pooling": "max"}]}], {}, "pooling is not a known key"),
        ([{"layers": DENSE, "skip": []}], {}, "did you mean 'skips'"),
        ([{"layers": DENSE}], {"angle": 45}, "0 where feedback is tied"),
        ([{"layers": DENSE}], {"readout": 3}, "did you mean 'read_out'"),
        (
            [{"layers": DENSE, "skips": [{"lower": 0, "upper": 2, "by": "dense", "kernel": 1}]}],
            {},
            "by is not a known key",
        ),
    ],
)
def test_wrong_descriptions_are_refused(
    blocks: list[dict[str, Any]], more: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        recipe(blocks, **more)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"feedback": "separate", "form": "two-states"}, "no energy"),
        ({"dead_zone": 0.1, "form": "two-states"}, "dead_zone"),
        ({"dead_zone": 0.1, "algorithm": "implicit"}, "dead_zone"),
    ],
)
def test_what_does_not_go_together_is_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        recipe([{"layers": DENSE}], **more)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"algorithm": "holomorphic"}, "analytic activations .*'hard-sigmoid' of layer 'hidden1'"),
        ({"algorithm": "holomorphic", "precision": "bfloat16"}, "analytic|computes in float32"),
    ],
)
def test_holomorphic_is_refused_before_anything_runs(more: dict[str, Any], message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        recipe([{"layers": DENSE}], **more).weights()


def test_a_skip_that_does_not_fit_is_refused() -> None:
    layers = [{"size": 4, "kernel": 3, "pooling": "none"}, *CONVOLUTIONS]
    skip = {"lower": 0, "upper": 2, "kernel": 1, "pooling": "none"}
    with pytest.raises(ConfigError, match="skip 0 to 2: makes"):
        stack([{"layers": layers, "skips": [skip]}])


def test_what_misfits_a_task_is_named() -> None:
    made = recipe([{"layers": DENSE}], read_out=7)
    assert "set learner.read_out to 10" in made.misfit((3, 8, 8), 10)
    assert "set learner.image" in made.misfit((8, 8), 7)


@pytest.mark.parametrize("layers", [6, 3, 2, 1])
def test_ff_ebm_models_are_the_same_six_layers(layers: int) -> None:
    whole, split = (load_model(f"ff-ebm-{each}").subject for each in (6, layers))
    assert isinstance(split, EnergyRecipe)
    assert isinstance(whole, EnergyRecipe)
    assert {len(block.layers) for block in split.blocks} == {layers}
    assert sum((block.layers for block in split.blocks), ()) == whole.blocks[0].layers
