"""The composition root: names and YAML files become objects here, and nowhere else."""

from eqspike.experiment.configuration import Configuration, load_configuration, resolve
from eqspike.experiment.model import Model, load_model, read_model
from eqspike.experiment.sessions import ENGINES, Engine, open_session

__all__ = [
    "ENGINES",
    "Configuration",
    "Engine",
    "Model",
    "load_configuration",
    "load_model",
    "open_session",
    "read_model",
    "resolve",
]
