"""`eqspike parity`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from eqspike.cli.printing import print_json
from eqspike.cli.rate_parity import print_rate_parity
from eqspike.core.errors import ConfigError
from eqspike.experiment.learnt import TOLERANCE
from eqspike.experiment.parity import Difference, Parity, compare_run
from eqspike.experiment.rate_parity import RateParity


def parity(options: argparse.Namespace) -> int:
    """Compare two engines on a run; status 1 where they differ."""
    names = tuple(options.engines.split(","))
    if len(names) != 2 or names[0] == names[1]:
        raise ConfigError(
            f"--engines must be two different engines such as fast,brian2, got '{options.engines}'"
        )
    result = compare_run(Path(options.run), (names[0], names[1]), options.samples)
    if options.json:
        print_json({**asdict(result), "equal": result.holds})
    elif isinstance(result, RateParity):
        print_rate_parity(result)
    else:
        _print(result)
    return 0 if result.holds else 1


def _print(result: Parity) -> None:
    first, second = result.engines
    arithmetic = " and ".join(dict.fromkeys(result.arithmetic))
    print(f"{first} and {second}, {result.samples} samples, both phases, {arithmetic}")
    print(f"  spikes of free layers     {result.spikes}")
    print(f"  differing spikes          {result.differing_spikes}")
    print(f"  largest potential error   {_potential_text(result)}")
    print(f"  largest weight error      {_weight_text(result)}")
    print(f"  event counts              {'equal' if result.counts_equal else 'differ'}")
    width = max(17, *(len(engine) for engine in result.engines))
    for engine, seconds in zip(result.engines, result.seconds, strict=True):
        print(f"  time of {engine:<{width}} {seconds:.1f} s")
    if result.first_difference is not None:
        _print_difference(result.engines, result.first_difference)
    print("equal" if result.holds else "not equal")


def _potential_text(result: Parity) -> str:
    if result.max_potential_difference is None:
        return "not compared: one engine computes in integers"
    return f"{result.max_potential_difference:.3g}"


def _weight_text(result: Parity) -> str:
    if result.max_weight_error is None:
        return "not compared: an engine does not learn this system"
    return f"{result.max_weight_error:.3g} (allowed {TOLERANCE:g})"


def _print_difference(engines: tuple[str, str], place: Difference) -> None:
    print(
        f"first difference: sample {place.sample}, step {place.step} ({place.phase} phase), "
        f"layer {place.layer}, neuron {place.neuron}"
    )
    for engine, spike, potential in zip(engines, place.spikes, place.potentials, strict=True):
        print(f"  {engine}: {'spike' if spike else 'no spike'}, membrane potential {potential!r}")
