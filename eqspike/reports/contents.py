"""Contents of an energy report: one run estimated on one or several chips, with its provenance."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eqspike.chips import ChipProfile
from eqspike.core.activity import LayerActivity
from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError
from eqspike.core.named import Named
from eqspike.core.stages import each
from eqspike.energy.conditions import Conditions
from eqspike.energy.endurance import Wear, wear
from eqspike.energy.model import Estimate, estimate
from eqspike.energy.sensitivity import Swing, swings
from eqspike.energy.wording import message_warning


@dataclass(frozen=True)
class Priced:
    """One quantity on one chip: the estimate, and the figures that move it, most first."""

    estimate: Estimate
    swings: tuple[Swing, ...]


@dataclass(frozen=True)
class ChipEnergy:
    """What one run costs on one chip; None for a quantity without counts.

    Attributes:
        chip: its profile.
        inference, training: energies of an evaluation and of training.
        wear: wear of the weights by training, where the profile has an endurance.
    """

    chip: ChipProfile
    inference: Priced | None
    training: Priced | None
    wear: tuple[Wear, ...] = ()


@dataclass(frozen=True)
class EnergyReport:
    """Everything a report shows.

    Attributes:
        title: headline.
        provenance: where the counts come from, as JSON data; `accuracy` is a fraction.
        inference, training: the counts, or None.
        chips: one entry for each chip, in the order asked for.
        conditions: how the chips are operated.
        weights: numbers of weights by place; empty if not given.
        samples_per_second: rate of training for which years to wear-out are given.
        activity: spikes by neuron in the inferences, by free layer; empty if unknown.
    """

    title: str
    provenance: Mapping[str, Any]
    inference: EventCounts | None
    training: EventCounts | None
    chips: tuple[ChipEnergy, ...]
    conditions: Conditions
    weights: Mapping[str, int]
    samples_per_second: float
    activity: Mapping[str, LayerActivity] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A name that is not there is answered by those that are."""
        object.__setattr__(self, "weights", Named(self.weights, "place of weights"))
        object.__setattr__(self, "activity", Named(self.activity, "free layer"))


def build_report(
    *,
    chips: Sequence[ChipProfile],
    provenance: Mapping[str, Any],
    training: EventCounts | None = None,
    inference: EventCounts | None = None,
    conditions: Conditions | None = None,
    weights: Mapping[str, int] | None = None,
    samples_per_second: float = 1.0,
    activity: Mapping[str, LayerActivity] | None = None,
) -> EnergyReport:
    """Estimate one run on several chips.

    Args:
        chips: profiles, at least one, each name once.
        provenance: JSON data on the run: model, task, accuracy, seed, hash of the
            configuration, versions, commit.
        training: counts of training, all phases; gives the energy per training sample.
        inference: counts of an evaluation, without learning; gives the energy per inference.
        conditions: how the chips are operated.
        weights: numbers of weights by coupling and biases; needed for wear.
        samples_per_second: rate of training for the years to wear-out.
        activity: spikes by neuron in the inferences.

    Raises:
        ConfigError: without chips or counts, with a chip named twice, with learning events in the
            inference counts, with hops of a layer they do not have, with provenance that JSON cannot hold, or a
            rate that is not above 0.
    """
    check_chips(chips)
    if training is None and inference is None:
        raise ConfigError("an energy report needs counts of training or of inference, got neither")
    if not (samples_per_second > 0 and math.isfinite(samples_per_second)):
        raise ConfigError(
            f"the rate of training must be above 0 samples a second, got {samples_per_second}"
        )
    if inference is not None:
        refuse_learning(inference)
    checked = checked_provenance(provenance)
    given = conditions or Conditions()
    given.check_layers(training, inference)
    return EnergyReport(
        _title(checked),
        checked,
        inference,
        training,
        tuple(
            ChipEnergy(
                chip,
                _priced(inference, chip, given, checked),
                _priced(training, chip, given, checked),
                () if training is None else wear(training, chip, weights or {}),
            )
            for chip in each("chips", chips)
        ),
        given,
        dict(weights or {}),
        samples_per_second,
        dict(activity or {}),
    )


def _priced(
    counts: EventCounts | None,
    chip: ChipProfile,
    conditions: Conditions,
    provenance: Mapping[str, Any],
) -> Priced | None:
    if counts is None:
        return None
    within = conditions.within(counts)
    found = estimate(counts, chip, within)
    warned = replace(found, warnings=(*message_warning(provenance, chip), *found.warnings))
    return Priced(warned, swings(counts, chip, within))


def check_chips(chips: Sequence[ChipProfile]) -> None:
    """Refuse an empty list of chips and one that names a chip twice.

    Raises:
        ConfigError: naming the chip.
    """
    if not chips:
        raise ConfigError("an energy report needs at least one chip, got none")
    names = [chip.name for chip in chips]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"chip '{name}' is given {names.count(name)} times; give each once")


def refuse_learning(counts: EventCounts) -> None:
    """Refuse inference counts that hold learning.

    Raises:
        ConfigError: naming phase and weight.
    """
    for name, phase in counts.phases.items():
        for weight, plasticity in phase.plasticity.items():
            if plasticity.rule_evaluations or plasticity.applied_writes:
                raise ConfigError(
                    f"inference counts must be free of learning, but phase '{name}' has rule "
                    f"evaluations or weight writes at '{weight}'; give them as training counts"
                )


def checked_provenance(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy that is certain to be JSON.

    Raises:
        ConfigError: for what JSON cannot hold, or an accuracy that is no fraction.
    """
    try:
        copy: dict[str, Any] = json.loads(json.dumps(dict(provenance), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"provenance must be plain JSON data: {error}") from error
    accuracy = copy.get("accuracy")
    if accuracy is not None and not (
        isinstance(accuracy, (int, float)) and not isinstance(accuracy, bool) and 0 <= accuracy <= 1
    ):
        raise ConfigError(f"provenance.accuracy must be a fraction from 0 to 1, got {accuracy!r}")
    return copy


def _title(provenance: Mapping[str, Any]) -> str:
    model, task = provenance.get("model"), provenance.get("task")
    if model is None:
        return "Energy report"
    return f"Energy of {model}" + (f" on {task}" if task is not None else "")
