"""Descriptions and overrides: one clear error before any work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from eqspike import library
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.experiment import load_configuration, load_model, open_session, read_model, resolve
from eqspike.experiment.agreement import Wanted, check_wanted
from eqspike.experiment.families import family
from eqspike.experiment.runs import start
from eqspike.tasks import load_task


@pytest.mark.parametrize("name", library.names("models"))
def test_every_library_model_can_be_read_and_opened(name: str) -> None:
    """Descriptions of the library are valid and say their source in the first line."""
    path = library.find("models", name)
    assert re.match(r"# [A-Z][^\n]* (and|et al\.) ?", path.read_text()), "authors first"
    subject, fits = load_model(name).subject, family(load_model(name).subject).fit_to
    assert any(
        not fits(subject, load_task(task)) for task in ("digits", "mnist", "scp1", "cifar10-jpeg")
    )


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("rule.betta=0.1", "did you mean 'beta'"),
        ("rule.beta=0", "above 0"),
        ("rule.beta=.nan", "finite"),
        ("rule.beta='1e-1'", "without quotation marks"),
        ("rule.beta=yes", "number"),
        ("rule.tau_fast=50", "greater than tau_fast"),
        ("rule.readout_steps=100000", "at most"),
        ("layers=[64, 10]", "three sizes"),
        ("layers=[64, 3.5, 10]", "whole numbers"),
        ("layers=7", "list"),
        ("neuron.kind=sigma", "did you mean 'sigma-delta'"),
        ("neuron={}", "kind is required"),
        ("encoder.max_rate=2", "at most 1"),
        ("memory.kind=fixed", "bits is required"),
        ("training.learning_rates=[0.1]", "list of 2 numbers"),
        (
            "training.learning_rates.2=0.1",
            "'learning_rates' has 2 values, numbered from 0, got '2'",
        ),
        ("training.learning_rates.first=0.1", "numbered from 0, got 'first'"),
        ("training.learning_rates.0.1=0.1", "no section '0'"),
        ("training.batch_size=0", "at least 1"),
        ("rule.beta_sign=sometimes", "one of random, positive, alternating"),
        ("rules.beta=1", "no section 'rules'"),
        ("beta", "must look like"),
        ("rule.beta=[", "not valid YAML"),
    ],
)
def test_wrong_settings_are_refused_with_the_rule(override: str, said: str) -> None:
    """Each message says what is wrong and, where it can, what to do."""
    with pytest.raises(ConfigError, match=said.replace("(", r"\(")):
        resolve("eqspike-digits", "digits", overrides=(override,))


@pytest.mark.parametrize(
    "overrides",
    [
        ("rule.beta=0.3", "rule={kind: eqspike, beta: 0.4}"),
        ("layers.1=20", "layers=[64, 30, 10]"),
    ],
)
def test_a_change_that_another_undoes_is_refused(overrides: tuple[str, ...]) -> None:
    """In this order nothing would be left of the first; the whole before a part of it is no contradiction."""
    with pytest.raises(ConfigError, match="would be replaced by"):
        resolve("eqspike-digits", "digits", overrides=overrides)
    resolve("eqspike-digits", "digits", overrides=("layers=[64, 30, 10]", "layers.1=20"))
    resolve("eqspike-digits", "digits", overrides=("layers.1=20", "layers=[64, 20, 10]"))


def test_one_value_of_a_list_is_set_by_its_number() -> None:
    override = "training.learning_rates.0=0.7"
    configuration = resolve("eqspike-digits", "digits", overrides=(override,))
    assert configuration.model.system.learning_rates == (0.7, 0.1)
    assert resolve("eqspike-digits", "digits").model.system.learning_rates == (0.2, 0.1)
    check_wanted(configuration, Wanted(overrides=(override,)), Path("run"))
    with pytest.raises(ConfigError, match=r"learning_rates.1 is 0.7 instead of 0.1"):
        check_wanted(
            configuration, Wanted(overrides=("training.learning_rates.1=0.7",)), Path("run")
        )


def test_an_online_rule_may_be_handed_many_samples_at_a_time() -> None:
    """They are presented one after the other; see `tests/conformance/test_fast_online.py`."""
    configuration = resolve("eqspike-digits", "digits", overrides=("rule.update=online",))
    assert configuration.model.system.rule.online
    assert configuration.model.batch_size > 1


def test_a_configuration_survives_its_file(tmp_path: Path) -> None:
    """Reading config.yaml gives the configuration that wrote it."""
    configuration = resolve(
        "eqspike-digits", "digits", seed=7, limit=5, overrides=("rule.beta=0.25",)
    )
    path = tmp_path / "config.yaml"
    path.write_text(configuration.as_yaml())
    assert load_configuration(path) == configuration
    assert yaml.safe_load(path.read_text())["model"]["rule"]["beta"] == 0.25


def test_a_model_of_ones_own_is_read_from_its_path(tmp_path: Path) -> None:
    """MODEL may be a YAML file."""
    path = tmp_path / "mine.yaml"
    path.write_text(
        library.find("models", "eqspike-digits").read_text().replace("64, 32", "64, 16")
    )
    assert resolve(str(path), "digits").model.system.network.layers[1].size == 16


def test_a_task_that_does_not_fit_is_refused_before_the_folder_is_made(tmp_path: Path) -> None:
    """Sizes of model and task are compared first."""
    with pytest.raises(UnsupportedError, match=r"784 inputs .* 64 pixels"):
        start(resolve("eqspike-100", "digits"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_unknown_engine_is_refused() -> None:
    """The message lists the engines there are."""
    with pytest.raises(UnsupportedError, match="one of fast"):
        open_session(load_model("eqspike-digits").system, engine="fats")


def test_a_description_that_is_no_mapping_is_refused() -> None:
    """YAML can be anything."""
    with pytest.raises(ConfigError, match="must be a mapping"):
        read_model(["layers"], "mine.yaml", "mine")
