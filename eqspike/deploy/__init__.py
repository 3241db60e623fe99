"""From trained floats to what a chip is loaded with: scales, rounding, cores, and what it cost."""

from eqspike.deploy.calibration import Calibration, calibrate
from eqspike.deploy.contents import Deployment, deployment_json, read_network
from eqspike.deploy.mapping import CoreMapping, LayerMapping, map_to_cores
from eqspike.deploy.rule import learning_rule_text
from eqspike.deploy.text import markdown

__all__ = [
    "Calibration",
    "CoreMapping",
    "Deployment",
    "LayerMapping",
    "calibrate",
    "deployment_json",
    "learning_rule_text",
    "map_to_cores",
    "markdown",
    "read_network",
]
