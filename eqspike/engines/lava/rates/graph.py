"""A rate-based network that sends changes, as Lava processes. Runs in the child process only.

    Schedule -> BothWays -> neurons -> BothWays -> neurons      graded spikes; a BothWays is stock connections
    (levels)                   ^-------- same --------'
    Schedule --------------------------------------> output     the teacher's word, once a nudged phase

One run presents a block of samples: neurons count the steps themselves. A hop costs one step, that of the input
too.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from lava.magma.core.run_conditions import RunSteps

from eqspike.engines.lava.configuration import run_configuration
from eqspike.engines.lava.files import (
    BIASES,
    LEVELS,
    PROGRESS,
    RATES,
    SIGNS,
    WORDS,
    probed,
    relearnt,
)
from eqspike.engines.lava.presenter import FIXED
from eqspike.engines.lava.processes.continual import ContinualCoupling
from eqspike.engines.lava.processes.couplings import BothWays
from eqspike.engines.lava.processes.flipping import FlippingCoupling
from eqspike.engines.lava.processes.probe import Probe
from eqspike.engines.lava.processes.rates import BinaryNeuron, SigmaDeltaRate
from eqspike.engines.lava.processes.schedule import Schedule
from eqspike.engines.lava.rates.form import RateForm

COMPILATION = {"pypy_channel_size": 8}


def present_rates(folder: Path, samples: int) -> None:
    """Present samples; reads `RATES`, `LEVELS` and `WORDS`, writes the files named by `probed`.

    Where couplings learn, reads `SIGNS` and writes the files named by `relearnt`, and `BIASES` where biases learn.
    """
    # Written by the parent, in a folder that nobody else may enter.
    form: RateForm = pickle.loads((folder / RATES).read_bytes())
    neurons = build(folder, form, samples)
    for name, process in neurons.items():
        _probe(folder, form, name, process, samples)
    first = next(iter(neurons.values()))
    try:
        first.run(
            condition=RunSteps(num_steps=samples * form.period),
            run_cfg=run_configuration(form.tag, hierarchical=True),
            compile_config=dict(COMPILATION),
        )
        if form.bias_rates:
            biases = {name: process.bias.get() for name, process in neurons.items()}
            np.savez(folder / BIASES, **biases)
    finally:
        first.stop()


def build(folder: Path, form: RateForm, samples: int) -> dict[str, Any]:
    """Connected neurons by layer name, for a run of that many samples."""
    kind = BinaryNeuron if form.binary else SigmaDeltaRate
    layers: dict[str, Any] = {
        name: kind(
            size=len(bias),
            bias=bias,
            free_steps=form.free_steps,
            nudged_steps=form.nudged_steps,
            passes=form.passes,
            bias_rate=form.bias_rates[index] if form.bias_rates else 0.0,
            **form.parameters,
        )
        for index, (name, bias) in enumerate(form.layers)
    }
    before: Any = Schedule(
        size=form.inputs, path=str(folder / LEVELS), places=(0,), period=form.period
    )
    for index, process in enumerate(layers.values()):
        both = _coupling(folder, form, index, samples)
        before.s_out.connect(both.below_in)
        both.up_out.connect(process.a_in)
        if form.couplings[index]["both"]:
            both.down_out.connect(before.a_in)
        if form.couplings[index]["both"] or form.lessons:
            process.s_out.connect(both.above_in)
        if form.bias_rates:
            _tell_sign(folder, form, process)
        before = process
    if form.passes:
        starts = tuple(
            1 + form.free_steps + turn * form.nudged_steps for turn in range(form.passes)
        )
        size = len(form.layers[-1][1])
        teacher: Any = Schedule(
            size=size, path=str(folder / WORDS), places=starts, period=form.period
        )
        teacher.s_out.connect(before.teacher_in)
    return layers


def _coupling(folder: Path, form: RateForm, index: int, samples: int) -> Any:
    """Stock connections, or a coupling that learns and hears the sign of beta."""
    wired = form.couplings[index]
    if not form.lessons:
        return BothWays(sparse=form.sparse, message_bits=form.message_bits, **wired)
    name, lesson = form.lessons[index]
    common = {
        "free_steps": form.free_steps,
        "nudged_steps": form.nudged_steps,
        "samples": samples,
        "path": str(folder / relearnt(name)),
    }
    coupling: Any
    if form.tag == FIXED:
        coupling = FlippingCoupling(
            weights=wired["weights"],
            exponent=wired["exponent"],
            passes=form.passes,
            **lesson,
            **common,
        )
    else:
        coupling = ContinualCoupling(weights=wired["weights"], **lesson, **common)
    _tell_sign(folder, form, coupling)
    return coupling


def _tell_sign(folder: Path, form: RateForm, listener: Any) -> None:
    """Send the sign of beta at each onset."""
    sign: Any = Schedule(size=1, path=str(folder / SIGNS), places=(0,), period=form.period)
    sign.s_out.connect(listener.sign_in)


def _probe(folder: Path, form: RateForm, name: str, neurons: Any, samples: int) -> None:
    """Record a layer's messages and registers in every step."""
    size = neurons.s_out.shape[0]
    paths = {kind: str(folder / file) for kind, file in probed(name).items()}
    for path in paths.values():
        np.save(path, np.zeros((samples * form.period, size), form.number))
    probe: Any = Probe(size=size, paths={**paths, "progress": str(folder / PROGRESS)})
    neurons.s_out.connect(probe.messages)
    probe.state.connect_var(neurons.state)
    probe.sent.connect_var(neurons.sent)
