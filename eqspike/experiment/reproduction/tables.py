"""A paper's table as data: the runs and measurements that give it again, and what the paper says, with sources.

One YAML file of `tables/`, read strictly. A published figure or claim names one of the file's sources, and a
source says what of it was read: what is only recalled has no place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eqspike import library
from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.core.yaml_text import write_yaml
from eqspike.experiment.reproduction.measures import MEASURES
from eqspike.experiment.reproduction.measuring import Measure
from eqspike.experiment.sweep import Axis, Point, grid

READ = ("abstract", "text", "page", "code", "own run of the code")
"""What of a source was read."""


@dataclass(frozen=True)
class Source:
    """What a figure was read in: its full citation, and one of `READ`."""

    citation: str
    read: str


@dataclass(frozen=True)
class Claim:
    """What a paper says in words, and the key of its source."""

    text: str
    source: str


@dataclass(frozen=True)
class Published:
    """A paper's figure.

    Attributes:
        accuracy, deviation: test accuracy and its standard deviation, in percent; the latter None if not given.
        source: key of the table's sources.
        note: how its experiment differs from the row's, or empty.
    """

    accuracy: float
    deviation: float | None
    source: str
    note: str


@dataclass(frozen=True)
class Question:
    """Whether one row is more accurate than another, seed by seed.

    Attributes:
        text: as a sentence; row, than: names of rows.
        within: percentage points; then the question is whether they are at most so far apart.
    """

    text: str
    row: str
    than: str
    within: float | None


@dataclass(frozen=True)
class Pace:
    """Samples a second on one core, to plan by; where a machine differs, a budget is met less well.

    Attributes:
        train, test: with and without learning.
    """

    train: float
    test: float


@dataclass(frozen=True)
class Row:
    """A line of the table: one model on one task, with several seeds.

    Attributes:
        name: for people.
        model, task: library names or paths; a row of a measurement alone has neither.
        settings: changes to the model.
        seeds: at least one.
        epochs: of the whole training; None: the model's.
        pace: to plan by; seconds: processor time of the measures of one seed, likewise.
        least: training samples below which a run tells nothing, so that rather seeds are left out.
        published: the paper's figure, if one was read.
        measures: taken of each run once it is trained, by name.
        trained: whether the model is trained; else measures are of its initial weights.
    """

    name: str
    model: str | None
    task: str | None
    settings: Mapping[str, Any]
    seeds: tuple[int, ...]
    epochs: int | None = None
    pace: Pace = Pace(1000.0, 1000.0)
    seconds: float = 0.0
    least: int = 1
    published: Published | None = None
    measures: Mapping[str, Measure] = field(default_factory=dict)
    trained: bool = True

    @property
    def overrides(self) -> tuple[str, ...]:
        """Its settings as `key=value` texts."""
        return Point(self.settings).overrides


@dataclass(frozen=True)
class PaperTable:
    """All of a table.

    Attributes:
        name: in the library; title, about: for people.
        sources: by key; claims: what the papers say in words.
        rows, questions: in order.
    """

    name: str
    title: str
    about: str
    sources: Mapping[str, Source]
    claims: tuple[Claim, ...]
    rows: tuple[Row, ...]
    questions: tuple[Question, ...] = ()


def load_table(name: str) -> PaperTable:
    """Read a table of the library, or a YAML file of one's own.

    Raises:
        ConfigError: if there is no such table, or it breaks a rule; names file and key.
    """
    path = library.find("tables", name)
    section = Section(library.load_yaml(path), str(path))
    sources = _read_sources(section.section("sources", {}))
    claims = tuple(_read_claim(each, sources) for each in section.sections("claims", ()))
    rows = [row for each in section.sections("rows") for row in _read_rows(each, sources)]
    names = [row.name for row in rows]
    for row in rows:
        if names.count(row.name) > 1:
            raise ConfigError(
                f"{path}: rows: '{row.name}' is there twice; give each row a name of its own"
            )
    if not rows:
        raise section.error("rows", "at least one row")
    questions = tuple(_read_question(each, names) for each in section.sections("questions", ()))
    title, about = section.text("title"), section.text("about", "").strip()
    section.close()
    return PaperTable(path.stem, title, about, sources, claims, tuple(rows), questions)


def _read_sources(section: Section) -> dict[str, Source]:
    found = {}
    for key in section.keys():  # noqa: SIM118
        own = section.section(key)
        found[key] = Source(own.text("citation").strip(), own.choice("read", READ))
        own.close()
    return found


def _read_claim(section: Section, sources: Mapping[str, Source]) -> Claim:
    claim = Claim(section.text("text").strip(), _read_source(section, sources))
    section.close()
    return claim


def _read_question(section: Section, rows: Sequence[str]) -> Question:
    question = Question(
        section.text("text").strip(), section.choice("row", rows), section.choice("than", rows),
        section.number("within_points", low=0, high=100) if section.has("within_points") else None,
    )  # fmt: skip
    section.close()
    return question


def _read_source(section: Section, sources: Mapping[str, Source]) -> str:
    if not sources:
        raise section.error("source", "one of the file's sources", "there are none: add 'sources'")
    return section.choice("source", tuple(sources))


def _read_rows(section: Section, sources: Mapping[str, Source]) -> Iterator[Row]:
    """The rows of one entry: one for each combination of the values that it varies."""
    measures = _read_measures(section)
    model = section.text("model") if section.has("model") else None
    task = section.text("task") if model is not None else None
    if model is None and not measures:
        raise section.error("model", "a model, or 'measures' be given")
    axes = _read_axes(section) if section.has("vary") else ()
    named = section.text("name") if section.has("name") else model or next(iter(measures))
    settings = section.mapping("set") if section.has("set") else {}
    published = _read_published(section, sources) if section.has("published") else None
    if published and axes:
        raise section.error("published", "given for one row: without 'vary'")
    row = Row(
        named, model, task, settings, section.integers("seeds", low=0, high=2**31),
        section.optional_integer("epochs", low=1),
        _read_pace(section.section("pace", {})),
        section.number("seconds", 0.0, low=0),
        section.integer("least", 1, low=1),
        published, measures, section.flag("train", model is not None),
    )  # fmt: skip
    section.close()
    for point in grid(axes):
        yield _with(row, point)


def _with(row: Row, point: Point) -> Row:
    texts = (write_yaml(value, one_line=True) for value in point.settings.values())
    name = ": ".join((row.name, ", ".join(texts))) if point.settings else row.name
    return replace(row, name=name, settings={**row.settings, **point.settings})


def _read_axes(section: Section) -> tuple[Axis, ...]:
    axes = []
    for key, values in section.mapping("vary").items():
        if not isinstance(values, list) or not values:
            raise section.error("vary", f"a mapping of settings to lists of values, also '{key}'")
        axes.append(Axis(key, tuple(values)))
    return tuple(axes)


def _read_pace(section: Section) -> Pace:
    pace = Pace(section.number("train", 1000.0, above=0), section.number("test", 1000.0, above=0))
    section.close()
    return pace


def _read_published(section: Section, sources: Mapping[str, Source]) -> Published:
    own = section.section("published")
    deviation = own.number("deviation_percent", low=0) if own.has("deviation_percent") else None
    accuracy = own.number("accuracy_percent", low=0, high=100)
    published = Published(accuracy, deviation, _read_source(own, sources), own.text("note", ""))
    own.close()
    return published


def _read_measures(section: Section) -> dict[str, Measure]:
    if not section.has("measures"):
        return {}
    own, found = section.section("measures"), {}
    for key in own.keys():  # noqa: SIM118
        if key not in MEASURES:
            raise ConfigError(
                f"{own.where(key)}: a measure is one of {', '.join(MEASURES)}, got '{key}'"
            )
        settings = own.section(key)
        found[key] = MEASURES[key].read(settings)
        settings.close()
    return found
