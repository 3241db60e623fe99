"""Counts of everything a chip would do, by phase, layer and coupling.

Definitions (also in docs/counting.md):

* spike: one neuron firing in one time step; an input layer's spikes are the input events.
* synaptic operation: delivery of one spike through one stored synapse. *Effective*: of a non-zero weight.
* neuron update: one free neuron advanced by one time step, whether or not it received a spike.
* trace update: one low-pass trace of one neuron advanced by one time step.
* rule evaluation: one evaluation of the local rule at one synapse, caused by one pre- or postsynaptic spike in
  a phase that learns.
* candidate write: a non-zero weight change asked of the memory. *Applied*: one that changed the stored code.

Rate neurons do not spike; they send a rate through every synapse at every step, and each is a synaptic operation.

All counts are whole numbers summed over samples; additive over samples and phases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.core.named import Named

SCHEMA = "eqspike-counts-1"

FILE_SCHEMA = "eqspike-counts-file-1"
"""Of a file that holds counts of inference and of training."""


@dataclass(frozen=True)
class LayerCounts:
    """Events of one layer in one phase."""

    spikes: int = 0
    neuron_updates: int = 0
    trace_updates: int = 0


@dataclass(frozen=True)
class CouplingCounts:
    """Events of one directed coupling in one phase."""

    synaptic_operations: int = 0
    effective_synaptic_operations: int = 0


@dataclass(frozen=True)
class PlasticityCounts:
    """Learning events of one undirected coupling (or of the biases of a layer) in one phase.

    A bidirectional coupling is one weight here; a chip that stores both directions writes it twice, which
    the energy model accounts for with `copies`.
    """

    rule_evaluations: int = 0
    candidate_writes: int = 0
    applied_writes: int = 0


@dataclass(frozen=True)
class PhaseCounts:
    """Events of one phase, summed over `sample_steps` (samples x time steps)."""

    sample_steps: int = 0
    layers: Mapping[str, LayerCounts] = field(default_factory=dict)
    couplings: Mapping[str, CouplingCounts] = field(default_factory=dict)
    plasticity: Mapping[str, PlasticityCounts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A name that is not there is answered by those that are."""
        object.__setattr__(self, "layers", Named(self.layers, "layer"))
        object.__setattr__(self, "couplings", Named(self.couplings, "coupling"))
        object.__setattr__(self, "plasticity", Named(self.plasticity, "learning coupling"))

    def __add__(self, other: PhaseCounts) -> PhaseCounts:
        return PhaseCounts(
            self.sample_steps + other.sample_steps,
            _merge(self.layers, other.layers),
            _merge(self.couplings, other.couplings),
            _merge(self.plasticity, other.plasticity),
        )


@dataclass(frozen=True)
class EventCounts:
    """Events of `samples` presentations, by phase (`free`, `nudged`, `update`)."""

    samples: int = 0
    phases: Mapping[str, PhaseCounts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A name that is not there is answered by those that are."""
        object.__setattr__(self, "phases", Named(self.phases, "phase"))

    def __add__(self, other: EventCounts) -> EventCounts:
        phases = dict(self.phases)
        for name, phase in other.phases.items():
            phases[name] = phases[name] + phase if name in phases else phase
        return EventCounts(self.samples + other.samples, phases)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; `from_json` reads it back."""
        return {
            "schema": SCHEMA,
            "samples": self.samples,
            "phases": {
                name: {
                    "sample_steps": phase.sample_steps,
                    "layers": _plain(phase.layers),
                    "couplings": _plain(phase.couplings),
                    "plasticity": _plain(phase.plasticity),
                }
                for name, phase in self.phases.items()
            },
        }

    @staticmethod
    def from_json(data: Any, source: str = "counts") -> EventCounts:
        """Read what `to_json` wrote.

        Raises:
            ConfigError: if the data do not follow the schema, naming `source` and the place.
        """
        if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
            got = data.get("schema") if isinstance(data, Mapping) else type(data).__name__
            raise ConfigError(f"{source}: schema must be '{SCHEMA}', got {got!r}")
        section = Section(data, source)
        section.choice("schema", (SCHEMA,))
        samples = section.integer("samples", low=0)
        phases = section.section("phases")
        section.close()
        names = phases.keys()
        return EventCounts(samples, {name: _phase(phases.section(name)) for name in names})


def spiking(phase: PhaseCounts, layer: str) -> bool:
    """Whether a layer is free and of neurons that spike. Those of a rate network send without spikes."""
    counts = phase.layers[layer]
    sent = (c for name, c in phase.couplings.items() if name.split("->")[0] == layer)
    silent = not any(coupling.synaptic_operations for coupling in sent)
    return counts.neuron_updates > 0 and (counts.spikes > 0 or silent)


Record = TypeVar("Record", LayerCounts, CouplingCounts, PlasticityCounts)


def _merge(left: Mapping[str, Record], right: Mapping[str, Record]) -> dict[str, Record]:
    merged = dict(left)
    for name, record in right.items():
        mine = merged.get(name)
        if mine is None:
            merged[name] = record
        else:
            merged[name] = replace(
                mine,
                **{f.name: getattr(mine, f.name) + getattr(record, f.name) for f in fields(mine)},
            )
    return merged


def _plain(records: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    return {
        name: {f.name: getattr(record, f.name) for f in fields(record)}
        for name, record in records.items()
    }


def _phase(section: Section) -> PhaseCounts:
    phase = PhaseCounts(
        section.integer("sample_steps", low=0),
        _records(LayerCounts, section, "layers"),
        _records(CouplingCounts, section, "couplings"),
        _records(PlasticityCounts, section, "plasticity"),
    )
    section.close()
    return phase


def _records(kind: type[Record], phase: Section, key: str) -> dict[str, Record]:
    records = phase.section(key)
    names = records.keys()
    return {name: _record(kind, records.section(name)) for name in names}


def _record(kind: type[Record], section: Section) -> Record:
    record = kind(**{f.name: section.integer(f.name, low=0) for f in fields(kind)})
    section.close()
    return record
