"""From run folders and energy reports to a comparison of systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from eqspike.core.errors import ConfigError, RunError
from eqspike.energy import Conditions
from eqspike.experiment.estimating import read_run
from eqspike.reports.comparison import ComparedSystem, SystemComparison, build_comparison
from eqspike.reports.comparison_document import write_comparison
from eqspike.reports.inputs import load_chips, write_comparison_inputs
from eqspike.reports.sources import FILES, ReportSource, is_report, read_source
from eqspike.training import adding_to

DEFAULT_CHIPS = ("loihi1", "odin")
"""Chips of a comparison in which neither the caller nor a report names any."""

Figures = Mapping[str, Mapping[str, str]]


def compare_systems(
    paths: Sequence[Path],
    chips: tuple[str, ...] = (),
    *,
    conditions: Conditions | None = None,
    figures: Figures | None = None,
) -> tuple[SystemComparison, tuple[str, ...], Figures]:
    """Compare runs and reports; all are priced anew, with the same profiles and conditions.

    Args:
        paths: run folders, folders of energy reports, or their `inputs.json` or `energy.json`, or files of counts;
            at least two.
        chips: library names or paths of profiles; by default those of the reports, else `DEFAULT_CHIPS`.
        conditions: by default those of the reports, which must then agree.
        figures: the user's own, by chip; those of the reports are added, where the chip is among `chips`.

    Returns:
        The comparison, and the chips and figures it was made with.

    Raises:
        RunError: for a path that is neither, or a run without counts.
        ConfigError: for a wrong report, unknown chips, or conditions or figures of reports that disagree.
    """
    systems: list[ComparedSystem] = []
    reports: list[ReportSource] = []
    for path, label in zip(paths, labels(paths), strict=True):
        if not (path / "config.yaml").is_file() and is_report(path):
            reports.append(read_source(path, label))
            systems.append(reports[-1].system)
        elif path.is_dir():
            systems.append(_of_run(path, label))
        else:
            raise RunError(
                f"{path}: is neither a run folder nor an energy report; name a run, a report's folder, its "
                "inputs.json or energy.json, or a file of counts"
            )
    named = tuple(dict.fromkeys(chip for report in reports for chip in report.chips))
    names = chips or named or DEFAULT_CHIPS
    used = load_chips(names, {})
    merged = _figures(reports, figures or {}, {chip.name for chip in used})
    given = conditions or _conditions(reports)
    return build_comparison(systems, load_chips(names, merged), given), names, merged


def write_compared(
    comparison: SystemComparison, chips: tuple[str, ...], figures: Figures, out: Path
) -> tuple[Path, ...]:
    """Write what `compare_systems` gave into the folder `out`, all or none; returns the comparison's files."""
    with adding_to(out):
        paths = write_comparison(comparison, out)
        write_comparison_inputs(comparison, chips, out, figures)
    return paths


def labels(paths: Sequence[Path]) -> tuple[str, ...]:
    """Names of systems: the ends of their paths, as long as it takes to tell them apart."""
    folders = [
        (path.parent if path.name in FILES else path.with_suffix("")).absolute()
        if path.suffix == ".json"
        else path.absolute()
        for path in paths
    ]
    for length in range(1, max((len(folder.parts) for folder in folders), default=1)):
        names = ["/".join(folder.parts[-length:]) for folder in folders]
        if len(set(names)) == len(set(folders)):
            break
    return tuple(names)


def _of_run(path: Path, label: str) -> ComparedSystem:
    run = read_run(path)
    unpriced = ""
    if run.provenance.get("messages") == "values":
        unpriced = (
            "its neurons send rates at every step. A rate is multiplied with a weight, and profiles price the "
            "addition of a weight when a spike arrives."
        )
    return ComparedSystem(label, run.provenance, run.training, run.inference, run.weights, unpriced)


def _conditions(reports: Sequence[ReportSource]) -> Conditions:
    """Conditions of the reports, if they agree."""
    found = [report.conditions for report in reports]
    if any(each != found[0] for each in found):
        shown = "; ".join(f"{r.system.label}: {r.conditions.to_json() or 'none'}" for r in reports)
        raise ConfigError(
            f"the reports were made under different conditions ({shown}); say which hold for all, such as "
            "with --step-time"
        )
    return found[0] if found else Conditions()


def _figures(reports: Sequence[ReportSource], given: Figures, chips: set[str]) -> Figures:
    """The caller's figures, and those of the reports where he gives none."""
    merged: dict[str, dict[str, str]] = {chip: dict(figures) for chip, figures in given.items()}
    found: dict[tuple[str, str], str] = {}
    for report in reports:
        for chip, figures in report.figures.items():
            for name, amount in figures.items() if chip in chips else ():
                if name in given.get(chip, {}):
                    continue
                if found.setdefault((chip, name), amount) != amount:
                    raise ConfigError(
                        f"the reports give {chip}.{name} as {found[chip, name]} and as {amount}; say which "
                        f"holds for all with --figure {chip}.{name}=AMOUNT"
                    )
                merged.setdefault(chip, {})[name] = amount
    return merged
