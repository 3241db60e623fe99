"""What the definitions of counts say of a layer's spikes and updates; what contradicts them is refused."""

from __future__ import annotations

from eqspike.core.counts import EventCounts, PhaseCounts
from eqspike.core.errors import ConfigError


def check_activity(counts: EventCounts, source: str, spikes_per_update: int) -> None:
    """Refuse more spikes than updates allow, events without time, and fewer steps than samples.

    In a phase, a neuron that is updated sends at most

        spikes <= (updates + samples neurons) spikes_per_update,   neurons = updates / sample_steps

    The second term is the initial rate that each neuron of a rate network that sends changes may send. A layer
    that is never updated is an input, whose number of neurons is not known.

    Raises:
        ConfigError: naming `source` and the place.
    """
    free = {
        name
        for phase in counts.phases.values()
        for name, c in phase.layers.items()
        if c.neuron_updates
    }
    for name, phase in counts.phases.items():
        place = f"{source}: phases.{name}"
        _check_time(phase, place)
        for layer in free & set(phase.layers):
            sent, updates = phase.layers[layer].spikes, phase.layers[layer].neuron_updates
            initial = updates * counts.samples // max(phase.sample_steps, 1)
            if sent > (updates + initial) * spikes_per_update:
                raise ConfigError(
                    f"{place}.layers.{layer}.spikes must be at most those of its {updates} neuron updates, got "
                    f"{sent}; where neurons send several spikes a step, give 'spikes_per_update' beside the counts"
                )
    steps = sum(phase.sample_steps for phase in counts.phases.values())
    if 0 < steps < counts.samples:
        raise ConfigError(
            f"{source}: phases must have sample_steps of samples x time steps, at least {counts.samples} "
            f"together, got {steps}"
        )


def _check_time(phase: PhaseCounts, place: str) -> None:
    """Spikes and updates take time steps."""
    for layer, counted in phase.layers.items():
        for key in ("spikes", "neuron_updates", "trace_updates"):
            if getattr(counted, key) and not phase.sample_steps:
                raise ConfigError(
                    f"{place}.layers.{layer}.{key} must be 0 in a phase whose sample_steps are 0, got "
                    f"{getattr(counted, key)}"
                )
