"""From a run folder, or a file of counts, to an energy report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqspike import library
from eqspike.core.activity import LayerActivity
from eqspike.core.counts import EventCounts
from eqspike.core.errors import RunError
from eqspike.core.yaml_text import read_yaml
from eqspike.energy import Conditions
from eqspike.energy.counts_file import read_counts_file
from eqspike.experiment.agreement import flat
from eqspike.experiment.configuration import Configuration, load_configuration
from eqspike.experiment.families import Subject, family
from eqspike.reports import EnergyReport, build_report, write_report
from eqspike.reports.differing import SETTINGS
from eqspike.reports.inputs import load_chips, write_inputs
from eqspike.training import RunFolder, adding_to


def estimate_run(
    out: Path,
    chips: tuple[str, ...],
    *,
    conditions: Conditions | None = None,
    figures: Mapping[str, Mapping[str, str]] | None = None,
    samples_per_second: float = 1.0,
) -> EnergyReport:
    """Energy of a run on chips.

    Args:
        out: the run's folder; at least one epoch must be complete.
        chips: library names or paths of profiles, each once.
        conditions: how the chips are operated.
        figures: the user's own, by chip and name of the figure.
        samples_per_second: rate of training for the years to wear-out.

    Raises:
        RunError: if there is no run or it has no counts.
        ConfigError: for an unknown chip or a wrong figure.
    """
    profiles = load_chips(chips, figures or {})
    run = read_run(out)
    return build_report(
        chips=profiles,
        provenance=run.provenance,
        training=run.training,
        inference=run.inference,
        conditions=conditions,
        weights=run.weights,
        samples_per_second=samples_per_second,
        activity=run.activity,
    )


def estimate_counts(
    path: Path,
    chips: tuple[str, ...],
    *,
    conditions: Conditions | None = None,
    figures: Mapping[str, Mapping[str, str]] | None = None,
    samples_per_second: float = 1.0,
) -> EnergyReport:
    """Energy of events that were counted elsewhere; arguments as for `estimate_run`.

    Args:
        path: file of schema `eqspike-counts-file-1` or `eqspike-counts-1`, described in docs/counting.md.

    Raises:
        ConfigError: if the file breaks its schema, for an unknown chip or a wrong figure.
    """
    counted = read_counts_file(path)
    return build_report(
        chips=load_chips(chips, figures or {}),
        provenance=counted.provenance,
        training=counted.training,
        inference=counted.inference,
        conditions=conditions,
        weights=counted.weights,
        samples_per_second=samples_per_second,
    )


def write_estimate(
    report: EnergyReport, chips: tuple[str, ...], out: Path,
    figures: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[Path, ...]:  # fmt: skip
    """Write a report and what it was made from into the folder `out`, all or none; returns the report's files.

    Args:
        chips, figures: those that the report was made with.
    """
    with adding_to(out):
        paths = write_report(report, out)
        write_inputs(report, chips, out, figures or {})
    return paths


@dataclass(frozen=True)
class CountedRun:
    """What an estimate needs of a run.

    Attributes:
        provenance: what the counts are counts of.
        training, inference: the counts.
        weights: numbers of weights, by the names under which writes are counted.
        activity: spikes of the last evaluation by neuron, by layer; empty if unknown.
    """

    provenance: dict[str, Any]
    training: EventCounts
    inference: EventCounts
    weights: dict[str, int]
    activity: dict[str, LayerActivity]


def read_run(out: Path) -> CountedRun:
    """Read what an estimate needs of the run in `out`.

    Raises:
        RunError: if there is no run or it has no counts.
    """
    folder = RunFolder.open(out)
    configuration = load_configuration(folder.config_path)
    training, inference = folder.counts()
    subject = configuration.model.subject
    return CountedRun(
        _provenance(folder, configuration),
        training,
        inference,
        family(subject).weights(subject),
        folder.activity(),
    )


def _messages(subject: Subject) -> dict[str, str]:
    """What synapses are sent, where it is no spikes: rates, changes of them, or turned bits."""
    sent = family(subject).messages(subject)
    return {"messages": sent} if sent else {}


def chip_names(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the profiles asked for; `all` stands for the whole library, repetitions are dropped."""
    return library.names("chips") if "all" in wanted else tuple(dict.fromkeys(wanted))


def _provenance(folder: RunFolder, configuration: Configuration) -> dict[str, Any]:
    """What the counts are counts of; nothing that differs between equal runs but the machine's versions."""
    metrics = folder.metrics()
    if not metrics:
        raise RunError(f"{folder.path}: no epoch has been completed yet; nothing to estimate")
    return {
        "model": configuration.model.name,
        "title": configuration.model.title,
        "task": configuration.task,
        "engine": configuration.engine,
        "seed": configuration.seed,
        "epochs": len(metrics),
        "accuracy": metrics[-1].get("test_accuracy"),
        **_messages(configuration.model.subject),
        **_memory(configuration.model.description.get("memory", {"kind": "ideal"})),
        "configuration_sha256": configuration.digest,
        SETTINGS: flat(read_yaml(configuration.as_yaml(), "configuration")),
        **_changes(folder),
        "environment": folder.environment(),
    }


def _changes(folder: RunFolder) -> dict[str, list[str]]:
    """Files that were changed since the run wrote them, which the caller accepts."""
    changed = folder.changed_files()
    return {"changed_since_the_run": list(changed)} if changed else {}


def _memory(description: Mapping[str, Any]) -> dict[str, Any]:
    """Kind of the weights' memory; bits and rounding where they are part of its description."""
    names = {"weight_bits": "bits", "weight_rounding": "rounding"}
    known = {name: description[key] for name, key in names.items() if key in description}
    return {"weight_memory": description["kind"], **known}
