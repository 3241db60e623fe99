"""The learning rule of a deployed run, as text."""

from __future__ import annotations

from eqspike.core.errors import UnsupportedError
from eqspike.engines.integers.loihi_learning import loihi_rules, refuse_unlearnable
from eqspike.systems import System


def learning_rule_text(system: System) -> str:
    """The local rule, its traces and the phase it acts in, as lines of text."""
    rule = system.rule
    traces = [
        f"{trace.name} += (S - {trace.name}) / {trace.tau:g}     per step; S = 1 where the neuron spikes"
        for trace in rule.local_rule.traces
    ]
    sign = {
        "random": "its sign drawn for each sample",
        "alternating": "its sign alternating from sample to sample",
        "positive": "positive",
    }[rule.beta_sign]
    return "\n".join(
        [
            rule.local_rule.as_text(),
            *traces,
            f"beta = {rule.beta:g}, {sign}",
            f"acts in the {rule.nudged_steps} steps of the nudged phase, after {rule.free_steps} free steps",
            "learning rates: "
            + ", ".join(
                f"{coupling.name} {rate:g}"
                for coupling, rate in zip(
                    system.network.couplings, system.learning_rates, strict=True
                )
            ),
            *_on_the_chip(system),
            "",
        ]
    )


def _on_the_chip(system: System) -> list[str]:
    """The same as the chip's learning engine is given it, if it can learn the system."""
    try:
        refuse_unlearnable(system, "fast-int")
    except UnsupportedError:
        return []
    lines = ["", "on the chip's learning engine, in Lava's notation:"]
    rules = loihi_rules(system, 1.0)
    for coupling, rule in zip(system.network.couplings, rules, strict=True):
        lines += ["", f"{coupling.name}", f"  dw = {rule.weight_text}", f"  dt = {rule.tag_text}"]
        for index, trace in enumerate(rule.traces, start=1):
            lines.append(f"  x{index}, y{index}: impulse {trace.impulse}, tau {trace.tau:.4f}")
        lines.append(f"  t starts at {rule.gate.tags[0]}")
    if len(rules) > 1:
        lines += ["", "transposed copies of weights: with x and y exchanged"]
    return lines
