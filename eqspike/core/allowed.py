"""What values a key may have, as data: readers judge by it, messages and schemas are worded from it."""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Allowed:
    """The values that a reader takes for one key.

    Attributes:
        kind: `number`, `integer`, `flag`, `text`, `choice`, `numbers`, `integers`, `texts`, `shapes`, `section`,
            `sections`, or `any`.
        low, high, above: bounds of numbers, `above` itself excluded; of each item of a list.
        options: of a choice; meanings: one line for each of them, where there is one to say.
        length: exact number of items of a list; least: smallest number of items.
    """

    kind: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    options: tuple[str, ...] = ()
    length: int | None = None
    least: int | None = None
    meanings: tuple[str, ...] = ()

    def holds(self, value: float) -> bool:
        """Whether a number is finite and within the bounds."""
        # The first comparison refuses NaN, infinities and whole numbers no float can hold.
        return (
            abs(value) <= sys.float_info.max
            and (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
        )

    def __str__(self) -> str:
        if self.kind == "choice":
            return "one of " + ", ".join(self.options)
        number = "" if self.length is None else f"{self.length} "
        least = f"{'one' if self.least == 1 else self.least} or more " if self.least else ""
        words = {
            "number": "a finite number",
            "integer": "a whole number",
            "flag": "true or false",
            "text": "a text",
            "numbers": f"a list of {number}numbers",
            "integers": f"a list of {number}{least}whole numbers",
            "texts": f"a list of {least}texts",
            "shapes": "a list of whole numbers",
            "section": "a mapping of names to values",
            "sections": "a list of mappings",
        }
        tail = ", or of lists of three" if self.kind == "shapes" else ""
        return words.get(self.kind, "a value") + self._range() + tail

    def _range(self) -> str:
        bounds = (("above", self.above), ("at least", self.low), ("at most", self.high))
        parts = [f"{word} {_plain(bound)}" for word, bound in bounds if bound is not None]
        return " " + " and ".join(parts) if parts else ""


def _plain(number: float) -> str:
    return f"{number:,.0f}" if 1e5 <= number < 1e12 else f"{number:g}"


FLAG = Allowed("flag")
TEXT = Allowed("text")
SECTION = Allowed("section")
SECTIONS = Allowed("sections")
ANY = Allowed("any")
