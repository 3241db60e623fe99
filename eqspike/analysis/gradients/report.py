"""What every gradient check says: plain data, tables for people, a verdict by a stated criterion, and figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eqspike.analysis.gradients.spikes import Similarities, Similarity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A title, a header and rows of text."""

    title: str
    header: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class GradientReport:
    """A gradient check in every form it is said in.

    Attributes:
        findings: plain JSON data, without `holds` and `failures`.
        tables: what people read.
        criterion: by which the check is judged.
        failures: what does not hold, in words; empty if the check holds.
        success: what is said then.
        figures: what draws each one, by file name.
    """

    findings: Mapping[str, Any]
    tables: tuple[Table, ...]
    criterion: str
    failures: tuple[str, ...]
    success: str = "The check holds"
    figures: Mapping[str, Callable[[], Figure]] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    @property
    def data(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"holds": self.holds, "failures": list(self.failures), **self.findings}

    @property
    def verdict(self) -> str:
        """Whether the check holds, by which criterion, and what failed."""
        failed = "The check does NOT hold: " + "; ".join(self.failures)
        return f"{failed if self.failures else self.success} ({self.criterion})."

    def markdown(self, title: str) -> str:
        """Tables and verdict as a Markdown document."""
        lines = [f"# {title}", ""]
        for table in self.tables:
            lines += [f"{table.title}:", "", _markdown_row(table.header)]
            lines += [_markdown_row(("---",) * len(table.header))]
            lines += [*(_markdown_row(row) for row in table.rows), ""]
        return "\n".join([*lines, self.verdict, ""])


def by_measure(similarities: Similarities) -> dict[str, Mapping[str, float]]:
    """Cosine, relative error and size, each by name."""
    return {
        measure: {name: getattr(value, measure) for name, value in similarities.items()}
        for measure in ("cosine", "relative_error", "size")
    }


def own_table(title: str, similarities: Similarities) -> Table:
    """Cosine, relative error and size of each coupling and bias."""
    rows = ((name, *measures(value)) for name, value in similarities.items())
    return Table(title, ("coupling", "cosine", "relative error", "size"), tuple(rows))


def measures(similarity: Similarity) -> Row:
    """Cosine, relative error and size as text."""
    return (
        f"{similarity.cosine:.4f}",
        f"{similarity.relative_error:.3f}",
        f"{similarity.size:.3f}",
    )


def _markdown_row(cells: Row) -> str:
    return "| " + " | ".join(cells) + " |"
