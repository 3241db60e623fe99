"""What the sources send, and which form a system takes: no Lava needed."""

from __future__ import annotations

import numpy as np
import pytest

from eqspike.chips.loihi import LoihiNudge
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.neurons import CurrentBased
from eqspike.engines.lava import open_lava
from eqspike.engines.lava.schedule import input_lines, teacher_lines
from eqspike.testing import samples, small_system

FREE, NUDGED, OUTPUTS = 3, 4, 2


@pytest.mark.parametrize("random_sign", [True, False])
def test_teacher_lines(random_sign: bool) -> None:
    """By hand: two samples, the second with negative beta; half the target rate, started at half."""
    nudge = LoihiNudge(2, 0, 0.5, random_sign)
    signs = np.array([1, -1 if random_sign else 1])
    lines = teacher_lines(nudge, OUTPUTS, np.array([1, 0]), signs, FREE, NUDGED)
    train, gate, nothing = [0, 0, 0, 1, 0, 1, 0], [0, 0, 0, 1, 1, 1, 1], [0] * 7
    if random_sign:
        expected = [
            nothing + nothing,
            train + nothing,
            gate + nothing,
            nothing + train,
            nothing + nothing,
            nothing + gate,
        ]
    else:
        expected = [nothing + train, train + nothing, gate + gate]
    assert lines.tolist() == expected
    assert lines.dtype == np.uint8


@pytest.mark.parametrize("encoder", ["integrate-and-fire", "poisson"])
def test_input_lines(encoder: str) -> None:
    """The free phase alone has the same spikes as the whole presentation: draws depend on their place only."""
    system = small_system(neuron=CurrentBased(), encoder=encoder)
    images, _, keys = samples(system, 2)
    whole = system.rule.free_steps + system.rule.nudged_steps
    lines = input_lines(system, images, keys, whole)
    short = input_lines(system, images, keys, 5)
    assert lines.shape == (images.shape[1], 2 * whole)
    assert lines.any()
    for n in range(2):
        sent = system.encoder.encode(images[n], whole, int(keys[n]))
        np.testing.assert_array_equal(lines[:, n * whole : (n + 1) * whole], sent.T)
        np.testing.assert_array_equal(short[:, n * 5 : (n + 1) * 5], sent[:5].T)


@pytest.mark.parametrize(
    ("options", "neuron", "encoder", "message"),
    [
        (("stock",), None, "poisson", "does not run neuron.kind sigma-delta"),
        (("fused", "fixed_pt"), None, "poisson", "does not run neuron.kind sigma-delta"),
        (
            ("stock",),
            CurrentBased(),
            "constant-current",
            "does not run encoder.kind constant-current",
        ),
        (("fast",), CurrentBased(), "poisson", "'lava:fast' is unknown; use lava, lava:stock"),
    ],
)
def test_what_cannot_be_is_refused_before_lava_is_started(
    options: tuple[str, ...], neuron: CurrentBased | None, encoder: str, message: str
) -> None:
    system = small_system(neuron=neuron, encoder=encoder) if neuron else small_system()
    with pytest.raises(UnsupportedError, match=message):
        open_lava(system, 0, *options)


def test_the_choice_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only where nobody asked for it."""
    opened = []
    for name in ("FusedSession", "LavaSession"):
        monkeypatch.setattr(
            f"eqspike.engines.lava.choice.{name}",
            lambda system, seed, *rest, name=name: opened.append((name, seed, *rest)),
        )
    open_lava(small_system(), 3)
    told = capsys.readouterr().err
    assert told.startswith(
        "eqspike: lava: fused process in float64, for stock processes do not run neuron"
    )
    assert len(told.splitlines()) == 1
    open_lava(small_system(), 3, "fused")
    open_lava(small_system(neuron=CurrentBased()), 4)
    open_lava(small_system(neuron=CurrentBased()), 5, "fused")
    open_lava(small_system(neuron=CurrentBased()), 6, "fused", "floating_pt")
    assert capsys.readouterr().err == ""
    assert opened == [
        ("FusedSession", 3, "floating_pt"),
        ("FusedSession", 3, "floating_pt"),
        ("LavaSession", 4),
        ("FusedSession", 5, "fixed_pt"),
        ("FusedSession", 6, "floating_pt"),
    ]


def test_learning_in_integers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By both forms, without starting Lava; images are checked too."""
    monkeypatch.setattr("eqspike.engines.lava.session.Child", lambda patience_s: None)
    system = small_system(neuron=CurrentBased())
    images, labels, keys = samples(system, 1)
    session = open_lava(system, 0)
    with pytest.raises(UnsupportedError, match=r"does not learn with memory\.kind ideal"):
        session.fit(images, labels, keys, 1.0, 0)
    with pytest.raises(ConfigError, match="images must be uint8"):
        session.scores(images[:, 1:], keys)
