"""From a run folder to a deployment for a chip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eqspike.chips import ChipProfile, load_profile
from eqspike.chips.loihi import LoihiNetwork
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.files import check_writable, json_bytes, write_together
from eqspike.core.journal import finish_renames
from eqspike.core.learner import Session
from eqspike.core.random_stream import Purpose
from eqspike.core.reading import read_object
from eqspike.core.stages import doing
from eqspike.deploy.calibration import Calibration, calibrate
from eqspike.deploy.contents import Deployment, Outcome, deployment_json, read_network
from eqspike.deploy.mapping import map_to_cores
from eqspike.deploy.rule import learning_rule_text
from eqspike.deploy.text import markdown
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.engines.integers.loihi import odd_coupling
from eqspike.engines.lava.hardware_script import Sample, write_hardware_script
from eqspike.engines.lava.schedule import input_lines
from eqspike.engines.learner import EngineLearner
from eqspike.engines.offers import refuse_unlike
from eqspike.experiment.configuration import Configuration, load_configuration
from eqspike.experiment.data import image_task
from eqspike.experiment.model import Model
from eqspike.experiment.sessions import open_session
from eqspike.systems import System
from eqspike.tasks import Curriculum, Metric, Split, Task
from eqspike.training import RunFolder, evaluate, mean_rates
from eqspike.training.evaluating import presentation_keys
from eqspike.training.files import arrays_bytes, read_arrays

CALIBRATION_SAMPLES = 1000

_NETWORK, _DESCRIPTION = "network.safetensors", "deployment.json"


@dataclass(frozen=True)
class Written:
    """A deployment and the files it was written to."""

    deployment: Deployment
    files: tuple[Path, ...]


def deploy_run(
    run: Path,
    chip: str,
    *,
    out: Path | None = None,
    limit: int | None = None,
    samples: int = CALIBRATION_SAMPLES,
) -> Written:
    """Round a run to a chip's integers, check its limits, evaluate, and write what the chip is loaded with.

    Args:
        run: the run's folder; out: folder of the files, by default `deployment` in it.
        chip: a profile of Loihi, by library name or path.
        limit: only the first samples of the test set; samples: training samples for calibration.

    Raises:
        RunError: if there is no run, or no epoch has been completed.
        ConfigError: for an unknown chip, or `samples` or `limit` out of range.
        UnsupportedError: for a chip or system that cannot be rounded, or a limit of the chip that is exceeded.
    """
    folder = RunFolder.open(run)
    out = out or folder.path / "deployment"
    check_writable(out, _NETWORK)
    configuration = load_configuration(folder.config_path)
    profile = loihi_profile(chip)
    system = _deployable(configuration.model, folder.path)
    mapping = map_to_cores(system.network, profile)
    weights = folder.weights()
    task = image_task(configuration)
    with doing("finding the scale"):
        calibration = _calibrated(configuration, system, weights, task, samples)
    test = _test_samples(task, limit)
    with doing("floats"), open_session(system, configuration.seed, "fast") as session:
        session.load(weights)
        floats = _judged(session, test, task.metric, configuration.seed)
    with doing("integers"), FastIntSession(system) as session:
        session.load_network(calibration.network)
        integers = _judged(session, test, task.metric, configuration.seed)
    origin = _provenance(configuration, folder)
    deployment = Deployment(profile, origin, calibration, mapping, len(test), floats, integers)
    with folder.adding(out):
        sample = _sample(system, calibration.network, test)
        return Written(deployment, _write(deployment, learning_rule_text(system), out, sample))


def _deployable(model: Model, run: Path) -> System:
    """The system of a run, if Loihi's integers can hold it.

    Raises:
        UnsupportedError: if not, with the reason and what to train instead.
    """
    try:
        system = model.spiking_system("deployment")
        refuse_unlike(system, "fast-int")
    except UnsupportedError as error:
        raise UnsupportedError(
            f"{run}: its model '{model.name}' cannot be deployed, for Loihi has another neuron; train one with "
            f"neuron.kind 'current-based', such as eqspike-100-loihi, and deploy that. The reason: {error}"
        ) from error
    return system


def load_deployment(folder: Path) -> LoihiNetwork:
    """The integers of a deployment, as `deploy_run` wrote them.

    Raises:
        RunError: if a file is missing or damaged; ConfigError: if the files do not belong together.
    """
    finish_renames(folder)
    data = read_object(folder / _DESCRIPTION)
    arrays, _ = read_arrays(folder / _NETWORK)
    return read_network(data.get("network", {}), arrays, str(folder))


def loihi_profile(chip: str) -> ChipProfile:
    """A profile of the first Loihi, by name or path.

    Raises:
        UnsupportedError: for another chip.
    """
    profile = load_profile(chip)
    if not profile.name.startswith("loihi1"):
        raise UnsupportedError(
            "deployments are in the integers of the first Loihi, "
            f"got chip '{profile.name}'; use loihi1, or a profile of your own whose file name begins with 'loihi1'"
        )
    return profile


def _calibrated(
    configuration: Configuration,
    system: System,
    weights: Any,
    task: Task | Curriculum,
    samples: int,
) -> Calibration:
    train = task.load("train")
    if not 1 <= samples <= len(train):
        raise ConfigError(
            f"--samples must be from 1 to {len(train)} (training set of {task.name}), got {samples}"
        )
    keys = presentation_keys(configuration.seed, Purpose.CALIBRATION, 0, samples)
    batch = train.images[:samples], train.labels[:samples], keys
    return calibrate(system, weights, batch)


def _test_samples(task: Task | Curriculum, limit: int | None) -> Split:
    test = task.load("test")
    return test if limit is None else test.limit(limit)


def _judged(session: Session, test: Split, metric: Metric, seed: int) -> Outcome:
    tested = evaluate(EngineLearner(session), test, metric, seed)
    return Outcome(tested.value, mean_rates(tested.counts))


def _provenance(configuration: Configuration, folder: RunFolder) -> dict[str, Any]:
    return {
        "model": configuration.model.name,
        "title": configuration.model.title,
        "task": configuration.task,
        "seed": configuration.seed,
        "epochs": len(folder.metrics()),
        "configuration_sha256": configuration.digest,
    }


def _sample(system: System, network: LoihiNetwork, test: Split) -> Sample:
    """The first test sample through the free phase."""
    images, labels, keys = test.images[:1], test.labels[:1], np.zeros(1, np.uint64)
    steps = system.rule.free_steps
    with FastIntSession(system) as session:
        session.load_network(network)
        spikes, _ = session.trace(images, labels, keys)
    lines = input_lines(system, images, keys, steps)
    return Sample(lines, int(labels[0]), spikes[system.network.output.name][0, :steps].T)


def _write(deployment: Deployment, rule: str, out: Path, sample: Sample) -> tuple[Path, ...]:
    files = {
        _NETWORK: arrays_bytes(dict(deployment.network.as_arrays())),
        _DESCRIPTION: json_bytes(deployment_json(deployment)),
        "learning_rule.txt": rule.encode(),
        "deployment.md": markdown(deployment).encode(),
    }
    return (*write_together(out, files), *_script(deployment, out, sample))


def _script(deployment: Deployment, out: Path, sample: Sample) -> tuple[Path, ...]:
    """A Lava script of the network, with its arrays; none for the odd weights that learning on the chip leaves."""
    if odd_coupling(deployment.network) is not None:
        return ()
    script = out / "loihi2.py"
    write_hardware_script(deployment.network, script, str(deployment.provenance["title"]), sample)
    return script, script.with_suffix(".npz")
