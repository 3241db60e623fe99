"""One tree of errors meant for the user."""

from __future__ import annotations

import pytest

from eqspike.core import errors


@pytest.mark.parametrize(
    "name",
    [
        "ConfigError",
        "DataError",
        "UnsupportedError",
        "RunError",
        "ActivityError",
        "MissingPackageError",
        "UnknownNameError",
    ],
)
def test_all_errors_have_one_base_and_are_drawn(name: str) -> None:
    """Catching the base catches all; the module's drawing shows each."""
    assert issubclass(getattr(errors, name), errors.EqspikeError)
    assert name in (errors.__doc__ or "")


def test_a_missing_package_comes_with_its_command() -> None:
    """The message can be pasted into a shell."""
    error = errors.missing_package("brian2", "brian2", "the Brian2 engine")
    assert isinstance(error, errors.MissingPackageError)
    assert "the Brian2 engine needs the package 'brian2'" in str(error)
    assert (
        "pip install brian2; in a checkout: pip install -c constraints.txt -e '.[brian2]'"
        in str(error)
    )
