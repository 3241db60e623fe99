"""From a run to a chip, to other tools, and to joules."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from numpy.typing import ArrayLike

from eqspike.api.given import Run, folder_of, name_of, optional_path, path_of, whole
from eqspike.energy import Conditions
from eqspike.engines.lava.ports import LavaGraph
from eqspike.experiment.comparing import compare_systems, write_compared
from eqspike.experiment.deploying import CALIBRATION_SAMPLES, Written
from eqspike.experiment.deploying import deploy_run as write_deployment
from eqspike.experiment.estimating import (
    chip_names,
    estimate_counts,
    write_estimate,
)
from eqspike.experiment.estimating import estimate_run as estimate_of_run
from eqspike.experiment.exporting import export_brian2 as write_brian2_script
from eqspike.experiment.exporting import export_nir as write_nir_file
from eqspike.experiment.foreign import ForeignDeployment
from eqspike.experiment.foreign import deploy_nir as write_foreign
from eqspike.experiment.lava_graphs import lava_graph_of
from eqspike.experiment.plugins import plugins as using
from eqspike.reports import EnergyReport, SystemComparison

Figures = Mapping[str, Mapping[str, str]]
"""Figures of one's own by chip and name, such as `{"loihi2": {"synaptic_operation": "5pJ"}}`."""

Paths = str | os.PathLike[str] | None


def deploy_run(
    run: Run, chip: str = "loihi1", *, samples: int = CALIBRATION_SAMPLES,
    limit: int | None = None, out: Paths = None, plugins: Sequence[str | Path] = (),
) -> Written:  # fmt: skip
    """Round a run to a chip's integers, check the chip's limits, evaluate, and write what it is loaded with.

    Args:
        chip: a profile of Loihi, by library name or path.
        samples: training samples that decide the scale; limit: only the first samples of the test set.
        out: folder of the files, by default `deployment` in the run's folder.

    Returns:
        The deployment (accuracy in floats and in integers, mapping to cores, rounding errors) and its files.

    Raises:
        UnsupportedError: for a system that cannot be rounded, or a limit of the chip that is exceeded.
    """
    whole("samples", samples)
    whole("limit", limit)
    with using(*plugins):
        return write_deployment(
            folder_of(run),
            name_of("chip", chip),
            out=optional_path("out", out),
            limit=limit,
            samples=samples,
        )


def deploy_nir(
    path: str | os.PathLike[str], spikes: ArrayLike, chip: str = "loihi1", *, step_ms: float,
    labels: ArrayLike | None = None, lava: bool = False, out: Paths = None,
) -> ForeignDeployment:  # fmt: skip
    """Round a feedforward spiking network of another tool to Loihi's integers, run it and count its events.

    Args:
        path: NIR file with dense layers of IF, LIF or CubaLIF neurons, as snnTorch or Norse write it.
        spikes: of the inputs, (samples, steps, inputs), 0 or 1; they also decide the scale of the integers.
        chip: a profile of Loihi, by library name or path.
        step_ms: milliseconds of the time step that it was trained with (snnTorch: 0.1).
        labels: (samples,) classes, for the accuracy in floats and in integers.
        lava: whether to run the same in Lava's own processes and count the spikes that differ.
        out: folder of the chip's files and of `counts.json`, which `estimate_run` prices.

    Returns:
        Integers, spikes of every layer, rates, accuracy, cores and event counts.

    Raises:
        UnsupportedError: for a graph that Loihi's integers cannot be, by the name of the node.
        DataError: for a damaged file, or arrays that do not fit.
    """
    return write_foreign(
        path_of("path", path), spikes, name_of("chip", chip), step_seconds=step_ms / 1000, labels=labels,
        lava=lava, out=optional_path("out", out),
    )  # fmt: skip


def lava_graph(
    run: Run, *, deployment: Paths = None, plugins: Sequence[str | Path] = ()
) -> LavaGraph:
    """The network of a run as Lava processes that your own processes feed and listen to.

    Lava is imported into this process, and forks it when the graph runs; Lava itself wants it so.

    Args:
        deployment: folder that `deploy_run` wrote, whose integers are taken; by default the run's weights are
            rounded as the engine `fast-int` rounds them.

    Returns:
        Processes by name, the ports of the input and of the outputs, and the steps of a presentation.

    Raises:
        UnsupportedError: for a system that Loihi's neurons or spikes cannot carry.
        MissingPackageError: if Lava is not installed.
    """
    folder = optional_path("deployment", deployment)
    with using(*plugins):
        return lava_graph_of(folder_of(run), folder)


def export_nir(
    run: Run, *, out: Paths = None, form: str = "population", step_ms: float = 1.0,
    plugins: Sequence[str | Path] = (),
) -> Path:  # fmt: skip
    """Write a run's network as a file of the Neuromorphic Intermediate Representation.

    Args:
        out: folder of the file, by default `nir` in the run's folder.
        form: `population` or `layers`; see docs/nir.md.
        step_ms: milliseconds that a time step stands for.

    Raises:
        UnsupportedError: for a neuron that NIR cannot express.
    """
    with using(*plugins):
        (path,) = write_nir_file(folder_of(run), optional_path("out", out), form, step_ms)
    return path


def export_brian2(
    run: Run, *, sample: int = 0, out: Paths = None, plugins: Sequence[str | Path] = ()
) -> list[Path]:
    """Write a stand-alone Brian2 script of one test sample with a run's weights.

    Args:
        sample: index of the test sample; out: folder of the files, by default `brian2` in the run's folder.

    Returns:
        The files.
    """
    whole("sample", sample, 0)
    with using(*plugins):
        return write_brian2_script(folder_of(run), optional_path("out", out), sample)


def estimate_run(
    source: Run, chips: Sequence[str] = ("all",), *, out: Paths = None,
    conditions: Conditions | None = None, figures: Figures | None = None,
    samples_per_second: float = 1.0, plugins: Sequence[str | Path] = (),
) -> EnergyReport:  # fmt: skip
    """Energy of a run, or of events counted elsewhere, on chips.

    Args:
        source: a run, or a file of counts (docs/counting.md).
        chips: library names or paths of profiles; `all` stands for the whole library.
        out: a folder that the report is written to, as JSON, Markdown and a page.
        conditions: step time, cores, hops and share of time in use.
        figures: your own, which replace those of the profile.
        samples_per_second: rate of training, for the years to wear-out.

    Returns:
        The report: per chip the energy of an inference, a training sample and the whole training, as intervals.
    """
    path, names = folder_of(source), _chips(chips)
    folder = optional_path("out", out)
    with using(*plugins):
        made = (estimate_counts if path.is_file() else estimate_of_run)(
            path, names, conditions=conditions, figures=figures,
            samples_per_second=samples_per_second,
        )  # fmt: skip
        if folder:
            write_estimate(made, names, folder, figures)
        return made


def compare(
    sources: Sequence[Run], chips: Sequence[str] = (), *, out: Paths = None,
    conditions: Conditions | None = None, figures: Figures | None = None,
    plugins: Sequence[str | Path] = (),
) -> SystemComparison:  # fmt: skip
    """Put runs and energy reports beside each other, priced on the same chips.

    Args:
        sources: at least two run folders, report folders or files of counts.
        chips: by default those of the reports, else loihi1 and odin.
        out: a folder that the comparison is written to.
        conditions, figures: as for `estimate_run`.
    """
    folder = optional_path("out", out)
    with using(*plugins):
        comparison, names, merged = compare_systems(
            [folder_of(source) for source in sources], _chips(chips) if chips else (),
            conditions=conditions, figures=figures,
        )  # fmt: skip
        if folder:
            write_compared(comparison, names, merged, folder)
        return comparison


def _chips(chips: Sequence[str]) -> tuple[str, ...]:
    given = (chips,) if isinstance(chips, str) else chips
    return chip_names(tuple(name_of("chips", chip) for chip in given))
