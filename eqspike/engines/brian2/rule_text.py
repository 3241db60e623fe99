"""A local rule as Brian2 text: the traces, and what a spike of either side does to a synapse."""

from __future__ import annotations

from eqspike.core.local_rule import LocalRule, Side, Trace

CHANGE = "change : 1/volt\n"
BIAS_CHANGE = "bias_change : 1/volt\n"
"""What a sample asks of a synapse, and of a bias, that is written at the end of the batch."""

TOTAL = "total : 1/volt\n"
BIAS_TOTAL = "bias_total : 1/volt\n"
"""What the samples before asked for: one sum a sample, as the fast engine has, so that samples that ask for
opposite changes cancel exactly in both."""

CHANGE_ONSET = "total += change\nchange = 0/volt"
BIAS_ONSET = "bias_total += bias_change\nbias_change = 0/volt"


def trace_state(rule: LocalRule) -> str:
    """Equations of the traces."""
    return "".join(f"{_of(trace)} : 1\n" for trace in rule.traces)


def trace_step(rule: LocalRule) -> str:
    """Statements that advance the traces by one time step, this step's spike included."""
    return "\n".join(
        f"{_of(trace)} += gain_{trace.name}*(spike - {_of(trace)})" for trace in rule.traces
    )


def nudge_text(rule: LocalRule) -> str:
    """Equation of the outputs' teaching signal: its strength is 0 where they are not nudged."""
    return f"nudge = beta(t)*(target(t, i) - {_of(rule.traces[rule.rate_trace])}) : volt\n"


def trace_onset(rule: LocalRule) -> str:
    """Statements that start a sample."""
    return "\n".join(f"{_of(trace)} = 0" for trace in rule.traces)


def on_spike(rule: LocalRule, spike: Side, amount: str = "") -> str:
    """Change of a synapse where the side `spike` fired: `on_pre` or `on_post` of the learning pathway.

    Args:
        rule: the rule; its products with a spike of the other side do not appear.
        spike: the side that fired.
        amount: variable that scales the change, for inputs that send a current instead of a spike.
    """
    factor = f"{amount}*" if amount else ""
    return f"change += {factor}gain(t)*({combination(rule, spike)})"


def bias_step(rule: LocalRule) -> str:
    """A bias learns as a synapse whose presynaptic side fires in every step."""
    return f"bias_change += gain(t)*({combination(rule, 'pre', of_synapse=False)})"


def rule_parameters(rule: LocalRule) -> dict[str, float]:
    """Names in the texts above and their values: trace gains per step and coefficients of the products."""
    values = {f"gain_{trace.name}": 1 / trace.tau for trace in rule.traces}
    sides: tuple[Side, ...] = ("pre", "post")
    for side in sides:
        for trace, coefficient in zip(rule.traces, rule.coefficients(side), strict=True):
            values[_name(side, trace.name)] = coefficient
    return values


def combination(rule: LocalRule, spike: Side, of_synapse: bool = True) -> str:
    """Sum of the traces of the other side, weighted by the rule's products."""
    other = "post" if spike == "pre" else "pre"
    used = {product.trace for product in rule.products if product.spike == spike}
    terms = [
        f"{_name(spike, trace.name)}*{_of(trace)}{'_' + other if of_synapse else ''}"
        for trace in rule.traces
        if trace.name in used
    ]
    return " + ".join(terms) or "0"


def _of(trace: Trace) -> str:
    """Name of a trace's variable, which no variable of a neuron has."""
    return f"trace_{trace.name}"


def _name(spike: Side, trace: str) -> str:
    return f"{trace}_at_{spike}"
