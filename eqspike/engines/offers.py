"""What each engine runs, and what it learns with; heavy packages are not needed to know it."""

from __future__ import annotations

from dataclasses import replace

from eqspike.core.activations import ACTIVATIONS
from eqspike.core.neurons import BinaryNeuron, CurrentBased, RateNeuron, SigmaDelta
from eqspike.core.rates import FEEDBACKS, FORMS, NUDGES, TIES, UPDATES
from eqspike.memory import Binary, Fixed, Ideal, Metaplastic
from eqspike.rules import (
    AsymmetricEquilibrium,
    ContinualEquilibrium,
    ContinualVectorField,
    EqSpike,
    Equilibrium,
)
from eqspike.rules.readings import (
    EndContrast,
    EndField,
    Products,
    StepContrast,
    StepField,
    writes_steps,
)
from eqspike.systems import AnySystem, RateSystem, System
from eqspike.systems.requirements import Limit, Offer, Parts, named, offers_of, require, unmet
from eqspike.tasks.encoders import ENCODERS

_DENSE = ("dense",)
_FLOATS = ("float32", "float64")
_SPIKING = ("integrate-and-fire", "poisson")

_ONLINE_ENCODER = Limit(
    lambda system: not system.rule.online or system.encoder.spikes,
    "encoder.kind", lambda system: system.encoder.kind,
    "rule.update online writes at each spike", "set encoder.kind to integrate-and-fire or poisson",
)  # fmt: skip
_ONLINE_PRECISION = Limit(
    lambda system: not system.rule.online or system.precision == "float64",
    "training.precision", lambda system: system.precision,
    "with rule.update online, changes of single events would be lost on float32's summation grid",
    "set training.precision to float64",
)  # fmt: skip
_ONLINE_MEMORY = Limit(
    lambda system: not system.rule.online or type(system.memory) in (Ideal, Fixed),
    "memory.kind", lambda system: system.memory.kind,
    "with rule.update online it writes at every event, which an ideal or a fixed memory alone takes",
    "set rule.update to batch",
)  # fmt: skip
_CONTINUAL_MEMORY = Limit(
    lambda system: not writes_steps(system.rule.reading) or type(system.memory) is Ideal,
    "memory.kind", lambda system: system.memory.kind,
    "a continual rule writes at every step, which an ideal memory alone takes",
    "set memory.kind to ideal, or rule.kind to ep, which writes once a batch",
)  # fmt: skip
_BACKWARD_MEMORY = Limit(
    lambda system: not isinstance(system.rule.reading, EndField) or type(system.memory) is Ideal,
    "memory.kind", lambda system: system.memory.kind,
    "backward weights of their own are kept by an ideal memory alone", "set memory.kind to ideal",
)  # fmt: skip
_DIFFERENCE_NEURON = Limit(
    lambda system: not system.dynamics.of_differences or type(system.neuron) is RateNeuron,
    "neuron.kind", lambda system: system.neuron.kind,
    "what a rate differs by is known of rate neurons alone", "set dynamics.form to two-states",
)  # fmt: skip
_CONTINUAL_CONVOLUTION = Limit(
    lambda system: not (writes_steps(system.rule.reading) and any(system.network.convolutions)),
    "couplings.kind", lambda system: f"convolution with rule {system.rule.kind}",
    "the input's drive would have to be computed anew at every step", "set rule.kind to ep",
)  # fmt: skip
_HALF_PRECISION = Limit(
    lambda system: not (
        system.precision == "bfloat16" and (writes_steps(system.rule.reading) or system.messages.of_changes)
    ),
    "training.precision",
    lambda system: f"bfloat16 with rule {system.rule.kind} and messages {system.messages.kind}",
    "it keeps copies of weights for a whole batch", "set training.precision to float32",
)  # fmt: skip

_ONE_LEARNS = Limit(
    lambda system: [phase.learns for phase in system.rule.phases]
    == ([False, True] if writes_steps(system.rule.reading) else [False] * len(system.rule.phases)),
    "rule.phases", lambda system: [phase.name for phase in system.rule.phases],
    "a rule that writes steps has one free phase and one that learns, and another none that does",
    "write such a rule",
)  # fmt: skip
_AS_NUDGING = Limit(
    lambda system: type(system.rule) in (Equilibrium, ContinualEquilibrium, ContinualVectorField),
    "rule.kind", lambda system: named("rule", system.rule).removeprefix("rule.kind "),
    "integers are nudged once, or once with each sign", "set rule.kind to ep, c-ep or c-vf",
)  # fmt: skip
_TWO_PHASES = Limit(
    lambda system: len(system.rule.phases) == 2 and system.rule.phases[1].learns and type(system.rule) is EqSpike,
    "rule.phases", lambda system: [phase.name for phase in system.rule.phases],
    "its schedule counts one free and one nudged phase of EqSpike", "set rule.kind to eqspike",
)  # fmt: skip

_BITS_BY_CHANGES = Limit(
    lambda system: system.messages.of_changes or system.neuron.sends_bits,
    "messages.kind", lambda system: f"{system.messages.kind} of neuron {system.neuron.kind}",
    "a chip is sent what has changed, which says the same of bits alone", "set messages.kind to changes",
)  # fmt: skip

_SPIKES = Offer(
    System,
    Parts((SigmaDelta, CurrentBased)),
    Parts((EqSpike,), ("reading",)),
    Parts((Ideal, Fixed)),
    Parts((Products,)),
    (0, 1, -1, "drawn", "alternating"),
    ("on",),
    {
        "training.precision": _FLOATS,
        "couplings.kind": _DENSE,
        "encoder.kind": ENCODERS,
        "rule.update": ("batch", "online"),
    },
    (_ONLINE_ENCODER,),
)
_ANY_MEMORY = Parts((Ideal, Fixed, Binary, Metaplastic), ("write",))
"""Engines that write once a batch run the definition of a memory of which they have no twin."""

_FLOAT_SPIKES = replace(_SPIKES, memories=_ANY_MEMORY, limits=(_ONLINE_ENCODER, _ONLINE_MEMORY))
_IN_LAVA = replace(_SPIKES, limits=(_ONLINE_ENCODER, _TWO_PHASES))
_ON_LOIHI = replace(
    _SPIKES,
    neurons=Parts((CurrentBased,)),
    values={**_SPIKES.values, "encoder.kind": _SPIKING},
    limits=(_TWO_PHASES,),
)
_RATES = Offer(
    RateSystem,
    Parts((RateNeuron, BinaryNeuron)),
    Parts((Equilibrium, ContinualEquilibrium, ContinualVectorField), ("reading",)),
    Parts((Ideal, Fixed, Binary, Metaplastic)),
    Parts((EndContrast, StepContrast, StepField)),
    (1, -1, "drawn", "alternating"),
    ("on", "free end"),
    {
        "training.precision": _FLOATS,
        "couplings.kind": _DENSE,
        "messages.kind": ("changes",),
        "dynamics.updates": UPDATES,
        "dynamics.nudge": NUDGES,
        "dynamics.form": ("two-states",),
        "feedback.kind": FEEDBACKS,
        "output.ties": TIES,
        "neuron.activation": (*ACTIVATIONS, ""),
    },
    (_CONTINUAL_MEMORY, _ONE_LEARNS),
)
_FLOAT_RATES = replace(_RATES, memories=_ANY_MEMORY)
_AT_ONCE = replace(_RATES, values={**_RATES.values, "dynamics.updates": ("synchronous",)})
_GRADED = replace(
    _AT_ONCE,
    values={
        **_AT_ONCE.values,
        "messages.kind": ("changes", "values"),
        "dynamics.nudge": ("inside",),
        "feedback.kind": ("tied",),
    },
    limits=(_AS_NUDGING, _BITS_BY_CHANGES),
)
_BY_DIFFERENCES = replace(
    _FLOAT_RATES,
    rules=Parts(
        (Equilibrium, ContinualEquilibrium, ContinualVectorField, AsymmetricEquilibrium),
        ("reading",),
    ),
    readings=Parts((EndContrast, EndField, StepContrast, StepField)),
    values={**_RATES.values, "dynamics.form": FORMS},
    limits=(_CONTINUAL_MEMORY, _BACKWARD_MEMORY, _ONE_LEARNS),
)
_BY_VALUES = replace(
    _BY_DIFFERENCES,
    values={
        **_BY_DIFFERENCES.values,
        "training.precision": (*_FLOATS, "bfloat16"),
        "couplings.kind": (*_DENSE, "convolution"),
        "messages.kind": ("values", "changes"),
    },
    limits=(*_BY_DIFFERENCES.limits, _CONTINUAL_CONVOLUTION, _HALF_PRECISION),
)

_UNIFORM_SCALE = Limit(
    lambda system: system.memory.scale.shared == "coupling" and not any(system.memory.scale.rates),
    "memory.scale",
    lambda system: f"shared by a {system.memory.scale.shared}, rates {list(system.memory.scale.rates)}",
    "sums of bits have one factor, which stays",
    "set memory.scale.shared to coupling and its rates to 0",
)  # fmt: skip
_BITS = replace(
    _RATES,
    neurons=Parts((BinaryNeuron,)),
    memories=Parts((Binary,)),
    readings=Parts((EndContrast,)),
    values={
        **_RATES.values,
        "messages.kind": ("values",),
        "dynamics.nudge": ("inside",),
        "feedback.kind": ("tied",),
    },
    limits=(_UNIFORM_SCALE,),
)

_WRITTEN = Parts((SigmaDelta, CurrentBased), ("brian2_text",))
_STEPPED = Parts((SigmaDelta, CurrentBased), ("step",))

FAST_CHANGES, FAST_BITS = "fast:changes", "fast:bits"
"""The two kinds of rate-based networks of engine `fast`, each with a session of its own."""

OFFERS: dict[str, tuple[Offer, ...]] = {
    "fast": (
        replace(_FLOAT_SPIKES, limits=(*_FLOAT_SPIKES.limits, _ONLINE_PRECISION)),
        _BY_DIFFERENCES,
        _BITS,
    ),
    FAST_CHANGES: (_BY_DIFFERENCES,),
    FAST_BITS: (_BITS,),
    "fast-int": (_ON_LOIHI, _GRADED),
    "brian2": (
        replace(_FLOAT_SPIKES, neurons=_WRITTEN),
        replace(
            _AT_ONCE,
            neurons=Parts((RateNeuron, BinaryNeuron), ("brian2_update",)),
            memories=_ANY_MEMORY,
        ),
    ),
    "brian2:cpp_standalone": (replace(_FLOAT_SPIKES, neurons=_WRITTEN),),
    "lava": (_IN_LAVA, _GRADED),
    "lava:stock": (_ON_LOIHI,),
    "lava:fused:fixed_pt": (_ON_LOIHI,),
    "torch": (_BY_VALUES,),
    "reference": (
        replace(_FLOAT_SPIKES, neurons=_STEPPED),
        replace(
            _BY_DIFFERENCES,
            neurons=Parts((RateNeuron, BinaryNeuron), ("updated",)),
            limits=(*_BY_DIFFERENCES.limits, _DIFFERENCE_NEURON),
        ),
    ),
}
"""What engines run, by name; where options narrow it, by name and options."""

_BY_EVENTS = replace(
    _ON_LOIHI,
    memories=Parts((Fixed,)),
    values={**_ON_LOIHI.values, "rule.update": ("online",)},
    limits=(
        _TWO_PHASES,
        Limit(
            lambda system: not system.rule.random_sign,
            "rule.beta_sign", lambda system: system.rule.beta_sign,
            "a synapse has no coin to toss", "set rule.beta_sign to alternating",
        ),
    ),
)  # fmt: skip
_BY_FLIPS = replace(
    _GRADED,
    rules=Parts((Equilibrium,)),
    memories=Parts((Binary,)),
    limits=(
        Limit(
            lambda system: not any(system.memory.scale.rates),
            "memory.scale.rates", lambda system: list(system.memory.scale.rates),
            "it flips signs and keeps their scale", "set them to 0",
        ),
        _BITS_BY_CHANGES,
    ),
)  # fmt: skip

LEARNING: dict[str, tuple[Offer, ...]] = {
    "fast-int": (_BY_EVENTS, _BY_FLIPS),
    "lava": (_IN_LAVA, _BY_FLIPS),
    "lava:stock": (_BY_EVENTS,),
    "lava:fused:fixed_pt": (),
    "lava:floating_pt": (
        replace(_GRADED, rules=Parts((ContinualEquilibrium,)), memories=Parts((Ideal,))),
    ),
}
"""What engines learn with, in the same way; others learn with all that they run."""


def refuse_unlike(system: AnySystem, engine: str) -> None:
    """Refuse a system that an engine does not run; see `systems.requirements.require`."""
    require(system, engine, OFFERS)


def runs(system: AnySystem, engine: str) -> bool:
    """Whether an engine runs a system."""
    return not unmet(system, offers_of(engine, OFFERS))


def refuse_learning(system: AnySystem, engine: str) -> None:
    """Refuse a system that an engine does not learn with."""
    require(system, engine, {**OFFERS, **LEARNING}, "learn with")
