"""The network of a run as Lava processes with open ports."""

from __future__ import annotations

from pathlib import Path

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.rounding import represented
from eqspike.engines.integers.loihi import refuse_odd_weights, round_system, stored_weights
from eqspike.engines.lava.ports import LavaGraph, open_graph
from eqspike.engines.offers import refuse_unlike
from eqspike.experiment.configuration import load_configuration
from eqspike.experiment.deploying import load_deployment
from eqspike.systems import System
from eqspike.systems.weights import check_arrays, expected_shapes
from eqspike.training import RunFolder


def lava_graph_of(run: Path, deployment: Path | None = None) -> LavaGraph:
    """The network of a run in Loihi's integers, as Lava processes.

    Args:
        run: the run's folder.
        deployment: folder of a deployment of this run, whose integers are taken; by default its weights are
            rounded as the engines `fast-int` and `lava` round them.

    Raises:
        RunError: if there is no run or deployment, or no epoch has been completed.
        ConfigError: if the deployment is of another network.
        UnsupportedError: for a system that Loihi's neurons or spikes cannot carry.
        MissingPackageError: if Lava is not installed.
    """
    folder = RunFolder.open(run)
    configuration = load_configuration(folder.config_path)
    system = configuration.model.spiking_system("the graph of Lava processes")
    refuse_unlike(system, "lava:stock")
    network = _rounded(system, folder) if deployment is None else _deployed(system, deployment)
    if not system.rule.online:
        refuse_odd_weights(network)
    rule = system.rule
    return open_graph(network, rule.free_steps, rule.readout_steps, plastic=rule.online)


def _rounded(system: System, folder: RunFolder) -> LoihiNetwork:
    network, _ = round_system(system, stored_weights(system, folder.weights()))
    return network


def _deployed(system: System, deployment: Path) -> LoihiNetwork:
    network = load_deployment(deployment)
    check_arrays(represented(network), expected_shapes(system))
    return network
