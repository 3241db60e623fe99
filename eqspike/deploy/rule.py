"""The learning rule of a deployed run, as text."""

from __future__ import annotations

from eqspike.engines.protocol import System


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
            "",
        ]
    )
