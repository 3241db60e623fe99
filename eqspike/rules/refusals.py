"""Networks that the mathematics of a reading forbids, whatever runs them."""

from __future__ import annotations

from eqspike.core.errors import UnsupportedError
from eqspike.core.rates import Dynamics, Feedback
from eqspike.rules.protocol import Rule
from eqspike.rules.readings import EndContrast, EndField, of_receiver, writes_steps


def refuse_network(rule: Rule, feedback: Feedback, dynamics: Dynamics) -> None:
    """Refuse networks that a rule of rates says nothing about.

    Raises:
        UnsupportedError: for weights, an order of updates or a form of nudged phases that its reading forbids, or
            two nudged phases of a rule that writes at every step.
    """
    if writes_steps(rule.reading):
        _refuse_continual(rule, dynamics)
    if isinstance(rule.reading, EndField) and not dynamics.of_differences:
        raise UnsupportedError(
            f"rule '{rule.kind}' needs dynamics.form difference, got {dynamics.form}: the transposed couplings "
            "carry differences from the free state, and no states; set dynamics.form to difference"
        )
    if of_receiver(rule.reading) and not feedback.separate:
        use = "ep" if isinstance(rule.reading, EndField) else "c-ep"
        raise UnsupportedError(
            f"rule '{rule.kind}' needs feedback.kind separate, got tied: it asks another change of each "
            f"direction; use rule.kind {use}"
        )
    if of_receiver(rule.reading) or not feedback.separate:
        return
    reason = "it changes one weight by the product of both states"
    if isinstance(rule.reading, EndContrast):
        reason = (
            "its one contrast for both directions is a gradient only where one function of the states drives them "
            "all"
        )
    raise UnsupportedError(
        f"rule '{rule.kind}' needs feedback.kind tied, got separate: {reason}; use rule.kind a-ep or c-vf"
    )


def _refuse_continual(rule: Rule, dynamics: Dynamics) -> None:
    if dynamics.of_differences:
        raise UnsupportedError(
            f"rule '{rule.kind}' needs dynamics.form two-states, got difference: it writes while it is nudged, "
            "and with other weights there is another free state to take differences from; use rule.kind ep"
        )
    if len(rule.phases) > 2:
        raise UnsupportedError(
            f"rule '{rule.kind}' needs beta_sign positive or random, got both: it writes while it is nudged, so a "
            "second nudged phase would start from other weights than the first; use random"
        )
    if dynamics.updates != "synchronous":
        raise UnsupportedError(
            f"rule '{rule.kind}' needs dynamics.updates synchronous, got {dynamics.updates}: it writes after each "
            "step of all layers together"
        )
