"""Numbers given to modules of `eqspike.nn`: whole ones are whole, none is a truth value, NaN or a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from eqspike.core.convolution import Convolution, Pooling
from eqspike.core.errors import ConfigError
from eqspike.energy import Conditions
from eqspike.nn import (
    EnergyBlock,
    EnergyLayer,
    EnergySettings,
    HamiltonianUnit,
    LinearOscillators,
    LogCoshOscillators,
    Skip,
    TargetPropagation,
    dchn,
)
from eqspike.nn.dropout import Dropout
from eqspike.nn.hssm import HamiltonianStack
from eqspike.nn.modes import CoupledModes
from eqspike.nn.networks import fully_connected, lenet, vgg
from eqspike.nn.readout import ReadOut
from eqspike.nn.target_propagation import IteratedFeedback, SolvedFeedback


def _unit(**given: Any) -> HamiltonianUnit:
    return HamiltonianUnit(LinearOscillators(2, 3), **given)


def _targets(**given: Any) -> TargetPropagation:
    return TargetPropagation(nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)), **given)


def _modes(**given: Any) -> CoupledModes:
    return CoupledModes(torch.ones(2), **{"nonlinearity": 0.1, "time": 1.0, "steps": 3, **given})


def _stack(**given: Any) -> HamiltonianStack:
    return HamiltonianStack(**{"inputs": 2, "outputs": 2, "hidden": 4, "units": 4, **given})


WHOLE: list[tuple[Callable[..., Any], str]] = [
    (EnergySettings, "free_steps"), (EnergySettings, "nudged_steps"), (EnergySettings, "points"),
    (EnergyLayer, "size"), (lambda lower: Skip(lower, 3), "lower"), (lambda upper: Skip(0, upper), "upper"),
    (Convolution, "kernel"), (lambda padding: Convolution(3, padding), "padding"),
    (lambda size: Pooling("max", size), "size"), (lambda inputs: LinearOscillators(inputs, 3), "inputs"),
    (lambda units: LinearOscillators(3, units), "units"), (lambda units: LogCoshOscillators(3, units), "units"),
    (_stack, "blocks"), (_stack, "hidden"), (_stack, "inputs"), (_stack, "units"), (_stack, "outputs"),
    (lambda shape: EnergyBlock((shape,), [EnergyLayer(3)]), "shape"), (lambda size: ReadOut(size, 3), "size"),
    (lambda iterations: IteratedFeedback(_targets(), iterations=iterations), "iterations"),
    (lambda interval: SolvedFeedback(_targets(), interval=interval), "interval"),
    (lambda cores: Conditions(cores=cores), "cores in use"),
    (_modes, "steps"), (lambda classes: lenet((1, 8, 8), classes), "classes"),
    (lambda sizes: fully_connected((4, sizes)), "sizes"),
    (lambda channels: vgg((1, 8, 8), 2, (channels,)), "channels"),
]  # fmt: skip
REAL: list[tuple[Callable[..., Any], str]] = [
    *((EnergySettings, name) for name in (
        "beta", "tolerance", "nudged_tolerance", "dead_zone", "relaxation_factor", "angle", "curvature",
    )),
    (EnergyLayer, "gain"), (lambda gain: Skip(0, 2, gain=gain), "gain"), (_unit, "step"), (_unit, "kick_ratio"),
    (lambda step: LogCoshOscillators(2, 2, step=step), "step"), (_targets, "beta"), (Dropout, "probability"),
    (lambda share: Conditions(active_share=share), "share of active updates"),
    (lambda step: Conditions(step_time_s=step), "step time in seconds"),
    (lambda hops: Conditions(hops_per_spike={"hidden": hops}), "hops per spike of layer 'hidden'"),
    (_modes, "time"), (_modes, "nonlinearity"),
]  # fmt: skip
FLAGS: list[tuple[Callable[..., Any], str]] = [
    (EnergySettings, "warm_start"), (_targets, "averaged"),
]  # fmt: skip


@pytest.mark.parametrize("value", [10.5, 10.0, True, float("nan"), "10"], ids=str)
@pytest.mark.parametrize(
    ("make", "name"), WHOLE, ids=lambda each: each if isinstance(each, str) else ""
)
def test_whole_numbers_are_whole(make: Callable[..., Any], name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"{name}.* must be .*whole number.*got .*{value!r}"):
        make(value) if " " in name or name == "shape" else make(**{name: value})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "0.5"], ids=str)
@pytest.mark.parametrize(
    ("make", "name"), REAL, ids=lambda each: each if isinstance(each, str) else ""
)
def test_numbers_are_finite_numbers(make: Callable[..., Any], name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"{name} must be a finite number.*got {value!r}"):
        make(value) if " " in name else make(**{name: value})


@pytest.mark.parametrize(("make", "name"), FLAGS)
def test_flags_are_true_or_false(make: Callable[..., Any], name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} must be True or False, got 1"):
        make(**{name: 1})


def test_numbers_of_numpy_are_numbers() -> None:
    settings = EnergySettings(free_steps=np.int64(10), beta=np.float32(0.5), tolerance=None)
    assert EnergyBlock((4,), [EnergyLayer(np.int32(3))], settings).structure.layers[0].size == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"widths": "dchn-half"}, "widths must be one of dchn, dchn-quarter, got 'dchn-half'"),
        ({"widths": (4, 8), "gains": [0.5]}, "gains must be one number, or 3"),
    ],
)
def test_widths_and_gains_of_dchn(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        dchn(**given)


def test_numbers_that_no_float_holds_are_refused() -> None:
    with pytest.raises(ConfigError, match="beta must be a finite number above 0"):
        EnergySettings(beta=10**400)


def test_a_precision_is_a_number_format() -> None:
    with pytest.raises(ConfigError, match=r"precision must be a torch.dtype .* got 'bfloat16'"):
        EnergySettings(precision="bfloat16")
