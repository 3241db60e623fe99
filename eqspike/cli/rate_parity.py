"""What `eqspike parity` prints of networks of rates."""

from __future__ import annotations

from eqspike.experiment.learnt import INTEGERS, TOLERANCE
from eqspike.experiment.rate_parity import RateParity


def print_rate_parity(result: RateParity) -> None:
    """For people."""
    first, second = result.engines
    arithmetic = " and ".join(dict.fromkeys(result.arithmetic))
    print(f"{first} and {second}, {result.samples} samples, all phases, {arithmetic}")
    print(f"  states of free layers     {result.values}")
    print(f"  {_difference_text(result)}")
    print(f"  messages of free layers   {result.messages}")
    print(f"  differing messages        {result.differing_messages}")
    if result.max_weight_error is None:
        print("  largest weight error      not compared: an engine does not learn this system")
    else:
        print(f"  largest weight error      {result.max_weight_error:.3g} (allowed {TOLERANCE:g})")
    print(f"  event counts              {'equal' if result.counts_equal else 'differ'}")
    width = max(17, *(len(engine) for engine in result.engines))
    for engine, seconds in zip(result.engines, result.seconds, strict=True):
        print(f"  time of {engine:<{width}} {seconds:.1f} s")
    place = result.first_difference
    if place is not None:
        print(
            f"first difference: sample {place.sample}, step {place.step}, layer {place.layer}, "
            f"neuron {place.neuron}"
        )
        for engine, value, sent in zip(result.engines, place.values, place.sent, strict=True):
            print(f"  {engine}: state {value!r}, last sent {sent!r}")
    print("equal" if result.holds else "not equal")


def _difference_text(result: RateParity) -> str:
    if result.max_difference is None:
        return "largest difference        not compared: one engine computes in integers"
    if result.arithmetic == (INTEGERS, INTEGERS):
        return f"differing states          {result.differing_values}"
    return f"largest difference        {result.max_difference:.3g} (allowed {TOLERANCE:g})"
