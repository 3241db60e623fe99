"""From a NIR file of another tool and the spikes of its inputs to a deployment in Loihi's integers, counted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eqspike.chips.loihi.feedforward import Raster
from eqspike.core.counts import EventCounts
from eqspike.core.errors import DataError
from eqspike.core.files import check_writable, json_bytes, write_together
from eqspike.core.named import Named
from eqspike.counting import Connection, count_arrays, write_counts_file
from eqspike.deploy.contents import network_json
from eqspike.deploy.feedforward import Fitted, fit_to_loihi, float_rasters
from eqspike.deploy.mapping import CoreMapping, map_to_cores
from eqspike.engines.lava.block import lava_spikes
from eqspike.engines.lava.hardware_script import write_hardware_script
from eqspike.experiment.deploying import loihi_profile
from eqspike.tasks.npz import DAMAGE
from eqspike.training import adding_to
from eqspike.training.files import arrays_bytes

SCHEMA = "eqspike-foreign-deployment-1"


@dataclass(frozen=True, eq=False)
class ForeignDeployment:
    """A network of another tool in Loihi's integers.

    Attributes:
        name: of the NIR file; digest: its SHA-256; nodes: its nodes of neurons by layer.
        fitted: the integers, what rounding lost, and the spikes they gave.
        mapping: layers on cores.
        floats: spikes of each layer in float64, (samples, steps, neurons), with the chip's delays.
        counts: events of the integers, per phase `free`.
        labels: (samples,) classes, or None.
        lava_differing: spikes in which Lava's processes differ from the integers, None if it was not asked.
        files: what was written.
    """

    name: str
    digest: str
    nodes: Mapping[str, str]
    fitted: Fitted
    mapping: CoreMapping
    floats: Mapping[str, Raster]
    counts: EventCounts
    labels: NDArray[np.int64] | None
    lava_differing: int | None
    files: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        """A name that is not there is answered by those that are."""
        object.__setattr__(self, "nodes", Named(self.nodes, "layer"))
        object.__setattr__(self, "floats", Named(self.floats, "layer"))

    @property
    def samples(self) -> int:
        """Number of samples presented."""
        return len(next(iter(self.floats.values())))

    @property
    def accuracy(self) -> dict[str, float] | None:
        """In floats and in integers: the class is the output that spikes most. None without labels."""
        if self.labels is None:
            return None
        found = {"floats": self.floats["output"], "integers": self.fitted.rasters["output"]}
        return {
            name: float(np.mean(raster.sum(1, dtype=np.int64).argmax(1) == self.labels))
            for name, raster in found.items()
        }

    @property
    def rates(self) -> dict[str, dict[str, float]]:
        """Mean firing rate of each layer, spikes per neuron and step, in floats and in integers."""
        return {
            name: {
                "floats": float(raster.mean()),
                "integers": float(self.fitted.rasters[name].mean()),
            }
            for name, raster in self.floats.items()
        }

    def to_json(self) -> dict[str, Any]:
        """Everything but weights and spikes, as plain JSON data."""
        return {
            "schema": SCHEMA,
            "nir": {"name": self.name, "sha256": self.digest, "nodes": dict(self.nodes)},
            "samples": self.samples,
            "accuracy": self.accuracy,
            "rates": self.rates,
            "lava_differing_spikes": self.lava_differing,
            "network": network_json(self.fitted.network),
            "rounding": {name: asdict(found) for name, found in self.fitted.report.arrays.items()},
            "registers": {name: dict(met.fill) for name, met in self.fitted.extremes.items()},
            "cores": self.mapping.cores,
        }


def deploy_nir(
    path: Path, spikes: ArrayLike, chip: str, *, step_seconds: float, labels: ArrayLike | None = None,
    lava: bool = False, out: Path | None = None,
) -> ForeignDeployment:  # fmt: skip
    """Round a feedforward spiking network to Loihi's integers, run them, count their events, write what is loaded.

    Args:
        path: NIR file; what it may hold is said in `deploy.nir_feedforward`.
        spikes: of the inputs, (samples, steps, inputs), 0 or 1; they also decide the scale of the integers.
        chip: a profile of Loihi, by library name or path.
        step_seconds: the time step that the network was trained with.
        labels: (samples,) classes, for the accuracy.
        lava: whether Lava's own processes run the same, spike for spike.
        out: folder of `network.safetensors`, `deployment.json`, `loihi2.py` and `counts.json`.

    Raises:
        DataError: for a damaged file, or arrays that do not fit.
        UnsupportedError: for a graph that Loihi's integers cannot be, or a limit of the chip.
        MissingPackageError: if the package nir, or with `lava` Lava, is not installed.
    """
    from eqspike.deploy.nir_feedforward import read_feedforward

    if out is not None:
        check_writable(out, "deployment.json")
    profile = loihi_profile(chip)
    given = read_feedforward(path, step_seconds)
    sent, classes = _raster(spikes, given.input.size), _classes(labels, spikes)
    mapping = map_to_cores(given.network, profile)
    fitted = fit_to_loihi(given, sent)
    network = fitted.network
    connections = [
        Connection.dense(coupling.pre.name, coupling.post.name, stored.mantissas)
        for coupling, stored in zip(given.network.couplings, network.couplings, strict=True)
    ]
    counts = count_arrays({"input": sent, **fitted.rasters}, connections, inputs=["input"])
    differing = None
    if lava:
        found = lava_spikes(network, sent)
        differing = sum(int((found[name] != fitted.rasters[name]).sum()) for name in found)
    deployment = ForeignDeployment(
        path.name, hashlib.sha256(path.read_bytes()).hexdigest(),
        {each.layer.name: each.node for each in given.layers},
        fitted, mapping, float_rasters(given, sent), counts, classes, differing,
    )  # fmt: skip
    return deployment if out is None else _written(deployment, out)


def read_spikes(path: Path) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Spikes, and labels if there are some, of a file `.npz` with arrays `spikes` and `labels`, or of a `.npy`.

    Raises:
        DataError: if it is missing, damaged, or holds other arrays.
    """
    try:
        with open(path, "rb") as stream:
            found = np.load(stream, allow_pickle=False)
            if isinstance(found, np.ndarray):
                return found, None
            with found:
                labels = found["labels"] if "labels" in found.files else None
                return found["spikes"], labels
    except (OSError, KeyError, *DAMAGE) as error:
        raise DataError(
            f"{path}: must be a .npy of spikes (samples, steps, inputs), or a .npz with 'spikes' and if "
            f"known 'labels': {error}"
        ) from error


def _raster(spikes: ArrayLike, inputs: int) -> Raster:
    array = np.asarray(spikes)
    if array.ndim != 3 or array.shape[2] != inputs or not array.size:
        raise DataError(f"spikes must have shape (samples, steps, {inputs}), got {array.shape}")
    if not np.isin(array, (0, 1)).all():
        raise DataError("spikes must be 0 or 1: Loihi's inputs send one spike per step at most")
    return array.astype(np.uint8)


def _classes(labels: ArrayLike | None, spikes: ArrayLike) -> NDArray[np.int64] | None:
    if labels is None:
        return None
    array = np.asarray(labels)
    if array.dtype.kind not in "iu" or array.shape != (len(np.asarray(spikes)),):
        raise DataError(f"labels must be whole numbers, one for each sample, got {array.shape}")
    return array.astype(np.int64)


def _written(deployment: ForeignDeployment, out: Path) -> ForeignDeployment:
    """Write all files of a deployment, or none."""
    with adding_to(out):
        return _with_files(deployment, out)


def _with_files(deployment: ForeignDeployment, out: Path) -> ForeignDeployment:
    network, script = deployment.fitted.network, out / "loihi2.py"
    files = write_together(
        out,
        {
            "network.safetensors": arrays_bytes(dict(network.as_arrays())),
            "deployment.json": json_bytes(deployment.to_json()),
        },
    )
    write_hardware_script(network, script, deployment.name)
    counts = write_counts_file(
        out / "counts.json",
        inference=deployment.counts,
        provenance={
            "model": deployment.name,
            "nir_sha256": deployment.digest,
            "engine": "fast-int",
        },
    )
    return replace(deployment, files=(*files, script, script.with_suffix(".npz"), counts))
