"""What the neurons of a rate-based network send to each other.

`values`: each neuron its rate v, at every step. `changes`: each neuron what its rate has moved by since it was
last sent, q, once that is more than a threshold; receivers add up what arrives. Step t of all layers:

    d = a + b (+ nudge)          a: drive added up so far, b: bias
    s <- update(d)               v: the rate of state s
    |v - q| > threshold          message m = v - q; then q <- v
    a of each receiver += W m    before step t + 1, with W as it was when the message was sent

A sample begins with a = q = 0. Then the clamped input sends its rates, once, and free neurons whose initial rate
is not 0 send that, whatever the threshold. Where layers are updated in turn, messages of the first half arrive
before the second. Where a phase starts again from the end of the free one, a, s and q are put back.

In difference form (`core.rates`) each neuron sends what its delta has moved by, above a threshold of its own, and
receivers add that up beside the drive of the free phase, which stays:

    delta <- change(a + b, x (+ nudge))          x: differences' drive added up so far, 0 when the phase begins
    |delta - e| > threshold of differences       message m = delta - e; then e <- delta
    x of each receiver += m x (weight of the transposed coupling)

What a free phase has left unsent, up to a threshold, is then not sent in a nudged one. Rules take q and q + e.

Rules take q of both sides. The read-out is v, what an output would send were its threshold 0.

With threshold 0 and weights held, rates are those of `values`. Weights that move do not move the drive that they
have brought already: under a continual rule, the input's stays what it was when it was sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from eqspike.core.config import Section

KINDS = ("values", "changes")


@dataclass(frozen=True)
class Messages:
    """Which messages neurons send.

    Attributes:
        kind: `values` or `changes`.
        threshold: largest change of a rate that is not sent, 0 to 1; 0 for `values`.
        nudged_threshold: the same of a difference, in nudged phases of difference form; None: `threshold`.
    """

    kind: str
    threshold: float = 0.0
    nudged_threshold: float | None = None

    @property
    def threshold_of_differences(self) -> float:
        """Largest change of a difference that is not sent."""
        return self.threshold if self.nudged_threshold is None else self.nudged_threshold

    @property
    def of_changes(self) -> bool:
        """Whether only changes are sent."""
        return self.kind == "changes"

    @staticmethod
    def read(section: Section) -> Messages:
        """Read a model's `messages` section."""
        messages = Messages(
            section.choice("kind", KINDS, "values"),
            section.number("threshold", 0.0, low=0, high=1),
            section.number("nudged_threshold", low=0, high=1)
            if section.has("nudged_threshold")
            else None,
        )
        if messages.threshold and not messages.of_changes:
            raise section.error(
                "threshold", "0 where messages.kind is values", "set messages.kind to changes"
            )
        if messages.nudged_threshold is not None and not messages.of_changes:
            raise section.error(
                "nudged_threshold",
                "left out where messages.kind is values",
                "set messages.kind to changes",
            )
        section.close()
        return messages


VALUES = Messages("values")
"""Every rate at every step."""
