"""The reference engine: the same system as Brian2 equations, equal to the fast engine spike for spike."""

import sys

from eqspike.core.errors import missing_package

# As it is imported, Brian2 writes the command line into a file in UTF-8; words that are no text end it.
_words = sys.argv
sys.argv = [word.encode("utf-8", "replace").decode("utf-8") for word in _words]
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
finally:
    sys.argv = _words

__all__ = ["Brian2RateSession", "Brian2Session", "read_target", "summed_change", "write_script"]
