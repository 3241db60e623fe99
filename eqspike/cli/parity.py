"""`eqspike parity`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.cli.printing import print_json
from eqspike.core.errors import ConfigError
from eqspike.experiment.learnt import INTEGERS, TOLERANCE
from eqspike.experiment.parity import Difference, Parity, compare_run

_STATES = {"spikes": "potential", "messages": "state"}


def parity(options: argparse.Namespace) -> int:
    """Compare two engines on a run; status 1 where they differ."""
    names = tuple(options.engines.split(","))
    if len(names) != 2 or names[0] == names[1]:
        raise ConfigError(
            f"--engines must be two different engines such as fast,brian2, got '{options.engines}'"
        )
    result = compare_run(Path(options.run), (names[0], names[1]), options.samples)
    if options.json:
        print_json(result.to_json())
    else:
        _print(result)
    return 0 if result.holds else 1


def _print(result: Parity) -> None:
    first, second = result.engines
    arithmetic = " and ".join(dict.fromkeys(result.arithmetic))
    print(f"{first} and {second}, {result.samples} samples, all phases, {arithmetic}")
    lines = [
        (f"{result.kind} of free layers", str(result.events)),
        (f"differing {result.kind}", str(result.differing_events)),
        _state_line(result),
        ("largest weight error", _weight_text(result)),
        ("event counts", "equal" if result.counts_equal else "differ"),
        *(
            (f"time of {engine}", f"{seconds:.1f} s")
            for engine, seconds in zip(result.engines, result.seconds, strict=True)
        ),
    ]
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        print(f"  {name:<{width}}  {text}")
    if result.first_difference is not None:
        _print_difference(result, result.first_difference)
    print("equal" if result.holds else "not equal")


def _state_line(result: Parity) -> tuple[str, str]:
    name = _STATES[result.kind]
    if result.max_state_difference is None:
        return f"largest {name} error", "not compared: one engine computes in integers"
    if result.arithmetic == (INTEGERS, INTEGERS):
        return f"differing {name}s", f"{result.differing_states} of {result.states}"
    allowed = f" (allowed {TOLERANCE:g})" if result.kind == "messages" else ""
    return f"largest {name} error", f"{result.max_state_difference:.3g}{allowed}"


def _weight_text(result: Parity) -> str:
    if result.max_weight_error is None:
        return "not compared: an engine does not learn this system"
    return f"{result.max_weight_error:.3g} (allowed {TOLERANCE:g})"


def _print_difference(result: Parity, place: Difference) -> None:
    print(
        f"first difference: sample {place.sample}, step {place.step} ({place.phase} phase), "
        f"layer {place.layer}, neuron {place.neuron}"
    )
    event = result.kind.removesuffix("s")
    for number, engine in enumerate(result.engines):
        states = ", ".join(f"{name} {both[number]!r}" for name, both in place.states.items())
        print(f"  {engine}: {event if place.events[number] else f'no {event}'}, {states}")
