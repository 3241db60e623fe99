"""What an engine declares that it runs, and the one refusal of all the rest.

An engine offers parts by their exact classes, for a class derived from one that it knows may do anything else; or
by a method that a class must bring itself, for what it inherits says nothing about what it adds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eqspike.core.activations import ACTIVATIONS
from eqspike.core.errors import UnsupportedError
from eqspike.core.local_rule import LocalRule, Product
from eqspike.core.phases import Nudge, Start, check_phases
from eqspike.rules.protocol import Rule
from eqspike.rules.readings import EndContrast, EndField, Products, width
from eqspike.systems.checks import refuse_impossible
from eqspike.systems.system import AnySystem, RateSystem, System


@dataclass(frozen=True)
class Parts:
    """Parts of a description that an engine runs.

    Attributes:
        types: the classes themselves, not what is derived from them.
        methods: or any class in whose own body one of these methods or attributes is defined.
    """

    types: tuple[type, ...] = ()
    methods: tuple[str, ...] = ()

    def hold(self, part: object) -> bool:
        """Whether the engine runs such a part."""
        own = vars(type(part))
        brought = {*own, *own.get("__annotations__", ())}
        return type(part) in self.types or any(method in brought for method in self.methods)

    def __str__(self) -> str:
        named = [_kind(each) for each in self.types]
        own = f"one of your own that defines '{_listed(self.methods, 'or')}'"
        return _listed([*named, *([own] if self.methods else [])])


@dataclass(frozen=True)
class Limit:
    """A combination that an engine does not run, though it runs each part.

    Attributes:
        meets: whether a system is not such a combination.
        key: what of the system to name; received: how, given the system.
        reason: why not; advice: what to do.
    """

    meets: Callable[[Any], bool]
    key: str
    received: Callable[[Any], object]
    reason: str
    advice: str


@dataclass(frozen=True)
class Offer:
    """What an engine runs of one class of systems. What is not named is refused.

    Attributes:
        system: `System` or `RateSystem`.
        neurons, rules, memories: parts. Of a rule that an engine does not know by its class, it reads phases and
            reading, which the class must bring itself.
        readings: of the phases; nudges, starts: that phases may have.
        values: by key of the description, the values that are run.
        limits: combinations that are not.
    """

    system: type
    neurons: Parts
    rules: Parts
    memories: Parts
    readings: Parts
    nudges: tuple[Nudge, ...]
    starts: tuple[Start, ...]
    values: Mapping[str, tuple[str, ...]]
    limits: tuple[Limit, ...] = ()


Offers = Mapping[str, Sequence[Offer]]
"""Of engines by name, or by name and options such as `lava:stock`."""


def require(system: AnySystem, engine: str, offers: Offers, verb: str = "run") -> None:
    """Refuse a system that an engine does not run, before anything runs.

    Args:
        engine: its name, with options after colons; verb: what it is asked to do, for the message.
        offers: of all engines, so that the message can name others.

    Raises:
        UnsupportedError: saying what was received, what the engine runs, which engines run it, and what to set;
            or why no engine can.
    """
    lacks = unmet(system, offers_of(engine, offers))
    if not lacks:
        refuse_impossible(system)
        return
    others = [each for each in offers if ":" not in each and not unmet(system, offers[each])]
    where = f"engine{'s' * (len(others) > 1)} {_listed(others)} can" if others else "no engine can"
    raise UnsupportedError(
        f"engine '{engine}' does not {verb} {'; nor '.join(lacks)}; {where} {verb} the system as it is"
    )


def offers_of(engine: str, offers: Offers) -> Sequence[Offer]:
    """Those of an engine, whose options may narrow them; of one that declares nothing, none."""
    words = engine.split(":")
    names = (":".join(words[:count]) for count in range(len(words), 0, -1))
    return next((offers[name] for name in names if name in offers), ())


def unmet(system: AnySystem, offered: Sequence[Offer]) -> list[str]:
    """What no offer holds, each with what to do; empty if the system is run."""
    fitting = [offer for offer in offered if offer.system is type(system)]
    if not fitting:
        runs = _listed([_neurons(offer) for offer in offered]) or "none that are known"
        sent = {System: "spikes", RateSystem: "rates"}.get(type(system), type(system).__name__)
        return [f"{named('neuron', system.neuron)}, which sends {sent}: of neurons it has {runs}"]
    return min((_lacks(system, offer) for offer in fitting), key=len)


def _lacks(system: AnySystem, offer: Offer) -> list[str]:
    lacks = []
    for key, part, parts in (
        ("neuron", system.neuron, offer.neurons),
        ("rule", system.rule, offer.rules),
        ("memory", system.memory, offer.memories),
    ):
        if not parts.hold(part):
            lacks.append(f"{named(key, part)}: for {key}.kind it has {parts}")
    if lacks:
        return lacks
    lacks.extend(_lacks_of_rule(system.rule, offer))
    for key, value in _values(system):
        allowed = offer.values.get(key, ())
        if value not in allowed:
            lacks.append(f"{key} {value}: set {key} to {_listed(allowed, 'or') or 'nothing'}")
    if lacks:
        return lacks
    return [
        f"{limit.key} {limit.received(system)} here, for {limit.reason}: {limit.advice}"
        for limit in offer.limits
        if not limit.meets(system)
    ]


def _lacks_of_rule(rule: Rule, offer: Offer) -> Iterator[str]:
    """What an offer does not hold of a rule's phases and reading."""
    check_phases(rule.phases)
    reading = rule.reading
    parts = [
        reading,
        *([reading.rule, *reading.rule.products] if isinstance(reading, Products) else []),
    ]
    for part in parts:
        if not (offer.readings.hold(part) or type(part) in (LocalRule, Product)):
            if _of_package(rule):
                known = _listed([_kind(each) for each in offer.rules.types], "or")
                yield f"{named('rule', rule)}: for rule.kind it has {known}"
            else:
                yield f"a rule read by {type(part).__qualname__}: it has {offer.readings}"
    if isinstance(reading, (EndContrast, EndField)):
        width(reading, rule.phases)
    for phase in rule.phases[1:]:
        if phase.nudge not in offer.nudges:
            nudges = _listed([str(each) for each in offer.nudges], "or")
            yield f"a phase '{phase.name}' with nudge {phase.nudge}: it has {nudges}"
        if phase.start not in offer.starts:
            starts = _listed([str(each) for each in offer.starts], "or")
            yield f"a phase '{phase.name}' that starts from {phase.start}: it has {starts}"


def _values(system: AnySystem) -> Iterator[tuple[str, str]]:
    """What is offered by value: the key in a model, and what the system has there."""
    yield "training.precision", system.precision
    yield from dict.fromkeys(
        ("couplings.kind", "dense" if each.convolution is None else "convolution")
        for each in system.network.couplings
    )
    if isinstance(system, RateSystem):
        yield "messages.kind", system.messages.kind
        yield "dynamics.updates", system.dynamics.updates
        yield "dynamics.nudge", system.dynamics.nudge
        yield "dynamics.form", system.dynamics.form
        yield "feedback.kind", system.feedback.kind
        yield "output.ties", system.readout.ties
        yield "neuron.activation", _activation(system.neuron)
    else:
        yield "encoder.kind", system.encoder.kind
        yield "rule.update", "online" if system.rule.online else "batch"


def _activation(neuron: object) -> str:
    """Name of a neuron's activation, if it is the one known by that name; of a neuron without one, nothing."""
    activation = getattr(neuron, "activation", None)
    if activation is None:
        return ""
    known = ACTIVATIONS.get(activation.name) is activation
    return activation.name if known else f"{activation.name} (of its own)"


def _kind(part: type) -> str:
    """Name of a class in models, as far as it has one of its own."""
    kind = vars(part).get("kind")
    return kind if isinstance(kind, str) else part.__name__


def named(key: str, part: Any) -> str:
    """A part as a model names it; of a class of the user's own, also the class, for its name may be another's."""
    if _of_package(part):
        return f"{key}.kind {part.kind}"
    kind, of = vars(type(part)).get("kind"), f"class {type(part).__qualname__}"
    return f"{key}.kind {kind} ({of})" if isinstance(kind, str) else f"{key} of {of}"


def _of_package(part: object) -> bool:
    """Whether a part is of this package, where a kind is the name of one class."""
    return type(part).__module__.startswith("eqspike.")


def _neurons(offer: Offer) -> str:
    return _listed([_kind(each) for each in offer.neurons.types])


def _listed(names: Sequence[str], last: str = "and") -> str:
    """a, b and c."""
    return f" {last} ".join([", ".join(names[:-1]), *names[-1:]] if len(names) > 2 else list(names))
