"""Comparison of systems: ratios, contents, refusals, stability, and pages nothing from outside can break."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from eqspike.chips import ChipProfile
from eqspike.core.counts import CouplingCounts, EventCounts, LayerCounts, PhaseCounts
from eqspike.core.errors import ConfigError
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy import Conditions, estimate
from eqspike.reports import (
    ComparedSystem,
    SystemComparison,
    build_comparison,
    comparison_json,
    write_comparison,
)
from eqspike.reports.comparison import energy_ratio, events_per_sample
from eqspike.reports.comparison_document import ratio_words
from eqspike.reports.inputs import load_chips, read_comparison_inputs, write_comparison_inputs

MakeChip = Callable[..., ChipProfile]
HOSTILE = "<script>alert(1)</script>\"'`|\n# x [a](b) {{ 7 * 191 }}"


def free_counts(spikes: int, operations: int, samples: int = 1) -> EventCounts:
    layers = {"hidden": LayerCounts(spikes, 0, 0)}
    couplings = {"input->hidden": CouplingCounts(operations, operations)}
    return EventCounts(samples, {"free": PhaseCounts(10, layers, couplings)})


@pytest.fixture
def comparison(
    make_chip: MakeChip, training: EventCounts, inference: EventCounts
) -> SystemComparison:
    first = ComparedSystem("one", {"task": "t", "accuracy": 0.9}, training, inference, {"a-b": 10})
    second = ComparedSystem(
        "two", {"task": "t", "weight_memory": "fixed", "weight_bits": 4}, None, inference
    )
    third = ComparedSystem("rates", {"task": "u"}, training, inference, {}, "it sends rates.")
    chips = (make_chip("chip"), make_chip("board", kind="processor", spike=None))
    return build_comparison([first, second, third], chips)


def test_hops_are_of_the_layers_of_each_system(make_chip: MakeChip) -> None:
    """Systems share conditions and need not share layers; a layer that none of them has is refused."""
    counts = free_counts(8, 16)
    phase = counts.phases["free"]
    other = replace(phase, layers={"second": LayerCounts(3)}, couplings={})
    systems = [
        ComparedSystem("one", {}, None, counts),
        ComparedSystem("two", {}, None, EventCounts(1, {"free": other})),
    ]
    chip = make_chip()
    found = build_comparison(systems, [chip], Conditions(hops_per_spike={"hidden": 2.0}))
    hops = [
        energy.inference.energy(category="hops") for energy in found.energies[0] if energy.inference
    ]
    assert [h.typical > 0 for h in hops if h is not None] == [True, False]
    with pytest.raises(ConfigError, match=r"layer 'hiden': .+ did you mean 'hidden'"):
        build_comparison(systems, [chip], Conditions(hops_per_spike={"hiden": 2.0}))


class TestRatio:
    def test_equal_systems_cost_the_same_whatever_the_figures(
        self, make_chip: MakeChip, training: EventCounts
    ) -> None:
        one = estimate(training, make_chip())
        assert energy_ratio(one, one) == Interval(1.0, 1.0, 1.0)

    def test_samples_do_not_matter(self, make_chip: MakeChip) -> None:
        one = estimate(free_counts(8, 16, samples=2), make_chip())
        other = estimate(free_counts(2, 4), make_chip())
        assert energy_ratio(one, other) == Interval(2.0, 2.0, 2.0)

    def test_interval_is_that_of_all_corners(
        self, make_chip: MakeChip, figure: Callable[..., Quantity]
    ) -> None:
        """Spikes cost 1 to 10, operations 2 to 3: a ratio that all figures moved together would miss."""
        chip = make_chip(spike=figure(1.0, 5.0, 10.0), synaptic_operation=figure(2.0, 2.5, 3.0))
        one, other = free_counts(4, 1), free_counts(1, 4)
        found = energy_ratio(estimate(one, chip), estimate(other, chip))
        corners = [(4 * s + o) / (s + 4 * o) for s, o in product((1.0, 10.0), (2.0, 3.0))]
        assert found == Interval(min(corners), 22.5 / 15.0, max(corners))
        together = [(4 * s + o) / (s + 4 * o) for s, o in ((1.0, 2.0), (10.0, 3.0))]
        assert min(corners) < min(together)
        assert max(together) < max(corners)

    def test_nothing_in_the_first_system_has_no_ratio(self, make_chip: MakeChip) -> None:
        one, none = free_counts(1, 1), free_counts(0, 0)
        assert energy_ratio(estimate(one, make_chip()), estimate(none, make_chip())) is None

    def test_words_of_a_ratio(self) -> None:
        assert ratio_words(Interval(1.0, 1.0, 1.0)) == "×\u00a01"
        assert ratio_words(Interval(0.8, 0.84, 0.9123)) == "×\u00a00.84 (0.8 – 0.912)"


class TestContents:
    def test_json_has_events_energies_and_ratios(
        self, comparison: SystemComparison, inference: EventCounts
    ) -> None:
        data = json.loads(json.dumps(comparison_json(comparison)))
        assert data["schema"] == "eqspike-comparison-1"
        assert data["first"] == "one"
        assert list(data["systems"]) == ["one", "two", "rates"]
        one, two = data["systems"]["one"], data["systems"]["two"]
        assert one["accuracy"] == 0.9
        assert one["events_per_sample"]["inference"] == events_per_sample(inference)
        # 30 + 8 + 6 operations of two samples, and 5 + 3 + 2 weight writes.
        assert one["events_per_sample"]["inference"]["synaptic operations"] == 22.0
        assert one["events_per_sample"]["training"]["weight writes"] == 5.0
        assert two["events_per_sample"]["training"] is None
        assert two["chips"]["chip"]["training_sample_j"] is None
        assert one["chips"]["chip"]["inference_j"]["low"] == 154.0
        assert two["chips"]["chip"]["inference_to_first"] == {
            "low": 1.0,
            "typical": 1.0,
            "high": 1.0,
        }
        assert "spikes" in one["chips"]["board"]["not_modelled"]
        assert "spikes" not in one["chips"]["chip"]["not_modelled"]

    def test_a_system_of_rates_has_events_but_no_price(self, comparison: SystemComparison) -> None:
        rates = comparison_json(comparison)["systems"]["rates"]
        assert rates["unpriced"] == "it sends rates."
        assert rates["events_per_sample"]["training"]["weight writes"] == 5.0
        assert rates["chips"]["chip"]["inference_j"] is None

    def test_pages_show_the_numbers(self, comparison: SystemComparison, tmp_path: Path) -> None:
        paths = write_comparison(comparison, tmp_path)
        assert [path.name for path in paths] == [
            "comparison.json",
            "comparison.md",
            "comparison.html",
        ]
        for path in paths[1:]:
            shown = path.read_text(encoding="utf-8").replace("\u00a0", " ")
            for text in (
                "90.00 %",
                "4 bits",
                "154 J – 161 MJ",
                "× 1",
                "it sends rates.",
                "different tasks (t, u)",
                "never a peer",
                "not given",
            ):
                assert text in shown, (path.name, text)

    def test_pages_are_made_again_from_stored_inputs(
        self, training: EventCounts, inference: EventCounts, tmp_path: Path
    ) -> None:
        """The same bytes."""
        systems = [
            ComparedSystem(name, {"model": name}, training, inference, {"a-b": 3}, reason)
            for name, reason in (("a", ""), ("b", "why"))
        ]
        figures = {"loihi2": {"synaptic_operation": "1/2/4pJ"}}
        made = build_comparison(systems, load_chips(["loihi1", "loihi2"], figures))
        paths = write_comparison(made, tmp_path / "a")
        inputs = write_comparison_inputs(made, ("loihi1", "loihi2"), tmp_path / "a", figures)
        again = write_comparison(read_comparison_inputs(inputs), tmp_path / "b")
        assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]


class TestRefusals:
    def test_one_system(self, comparison: SystemComparison) -> None:
        with pytest.raises(ConfigError, match="at least two systems, got 1"):
            build_comparison(comparison.systems[:1], comparison.chips)

    def test_a_label_twice(self, comparison: SystemComparison) -> None:
        first = comparison.systems[0]
        with pytest.raises(ConfigError, match="'one' is given more than once"):
            build_comparison([first, first], comparison.chips)

    def test_a_system_without_counts(self, comparison: SystemComparison) -> None:
        empty = replace(comparison.systems[1], inference=None)
        with pytest.raises(ConfigError, match="'two' has counts neither"):
            build_comparison([comparison.systems[0], empty], comparison.chips)

    def test_no_chip(self, comparison: SystemComparison) -> None:
        with pytest.raises(ConfigError, match="at least one chip"):
            build_comparison(comparison.systems, [])

    @pytest.mark.parametrize("text", ["", "[]", '{"schema": "eqspike-comparison-inputs-1"}'])
    def test_wrong_inputs(self, text: str, tmp_path: Path) -> None:
        (tmp_path / "inputs.json").write_text(text)
        with pytest.raises(ConfigError, match=r"inputs\.json"):
            read_comparison_inputs(tmp_path / "inputs.json")


def test_hostile_texts_stay_texts(
    make_chip: MakeChip, training: EventCounts, tmp_path: Path, check_rows: Callable[[str], None]
) -> None:
    """Every text that can come from outside, on both pages."""
    systems = [
        ComparedSystem(
            HOSTILE + end,
            {"task": HOSTILE, HOSTILE: HOSTILE, "weight_memory": HOSTILE},
            training,
            None,
            {},
            reason,
        )
        for end, reason in (("1", ""), ("2", HOSTILE))
    ]
    chip = make_chip(HOSTILE, title=HOSTILE, includes=(HOSTILE,), digest=HOSTILE, spike=None)
    _, markdown, html = (
        path.read_text(encoding="utf-8")
        for path in write_comparison(build_comparison(systems, [chip]), tmp_path)
    )
    for page in (markdown, html):
        assert "<script" not in page
        assert "1337" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;`|" in html
    assert not re.search(r"^# x", markdown, re.MULTILINE)
    assert "](b)" not in markdown.replace("\\]", "")
    check_rows(markdown)
