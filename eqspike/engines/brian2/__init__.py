"""The reference engine: the same system as Brian2 equations, equal to the fast engine spike for spike."""

from eqspike.core.errors import missing_package

try:
    from eqspike.engines.brian2.pairs import summed_change
    from eqspike.engines.brian2.rates import Brian2RateSession
    from eqspike.engines.brian2.script import write_script
    from eqspike.engines.brian2.session import Brian2Session
    from eqspike.engines.brian2.targets import read_target
except ImportError as error:
    if error.name != "brian2":
        raise
    raise missing_package("brian2", "brian2", "engine 'brian2'") from error

__all__ = ["Brian2RateSession", "Brian2Session", "read_target", "summed_change", "write_script"]
