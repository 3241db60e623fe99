"""Every error eqspike raises on purpose.

    EqspikeError
    ├── ConfigError        a model, task, chip or run description is wrong
    │   └── KeyRefused     one key of it is, at a known place
    ├── DataError          a data file is missing, damaged or not what it claims to be
    ├── UnsupportedError   a combination that the mathematics or an engine refuses
    ├── RunError           a run folder cannot be created, read or continued
    ├── ActivityError      the simulated activity is not finite or has run away
    ├── ConvergenceError   a relaxation did not reach its fixed point
    ├── EngineError        the process an engine works in stopped, hung or failed
    │   └── ProcessGoneError   one of several that train together is gone
    ├── MissingPackageError  an optional package is needed and not installed
    └── UnknownNameError   a result holds nothing of that name; a KeyError too

A message says where, the rule, the value received and what to do.
"""

from __future__ import annotations


class EqspikeError(Exception):
    """Base of all errors meant for the user; the command line prints them without a traceback."""


class ConfigError(EqspikeError):
    """A description (YAML file or command-line override) breaks a rule."""


class KeyRefused(ConfigError):
    """One key of a description is missing, unknown or has a wrong value.

    Attributes:
        path: of the mapping, such as `layers[0]`, empty for the whole; key: in that mapping.
            empty if the mapping itself is wrong.
        unknown: whether nobody asks for it.
        instead: the key that is given in its place, misspelt.
    """

    def __init__(
        self, text: str, path: str, key: str, unknown: bool = False, instead: str = ""
    ) -> None:
        super().__init__(text)
        self.path, self.key, self.unknown, self.instead = path, key, unknown, instead


class DataError(EqspikeError):
    """A data file is missing, truncated, mislabelled or altered."""


class UnsupportedError(EqspikeError):
    """A combination of network, rule, memory and engine that cannot work, refused before any work."""


class RunError(EqspikeError):
    """A run folder cannot be created, read or continued."""


class ActivityError(EqspikeError):
    """Activity or weights became non-finite, or every neuron saturated."""


class ConvergenceError(EqspikeError):
    """A relaxation did not reach its fixed point in the steps allowed."""


class EngineError(EqspikeError):
    """The process an engine works in stopped, hung or failed."""


class ProcessGoneError(EngineError):
    """One of the processes that train a run together is gone."""


class MissingPackageError(EqspikeError):
    """An optional package is needed for what was asked."""


class UnknownNameError(EqspikeError, KeyError):
    """A result holds nothing of that name."""

    __str__ = Exception.__str__  # a KeyError would show its text in quotation marks


def missing_package(package: str, extra: str, purpose: str) -> MissingPackageError:
    """Error for an optional package that is not installed, with the command that installs it."""
    return MissingPackageError(
        f"{purpose} needs the package '{package}', which is not installed; "
        f"install it with: pip install {package}; in a checkout: pip install -c constraints.txt -e '.[{extra}]'"
    )
