"""A rate-based network inside Brian2."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from brian2 import ms, volt
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.phases import by_step, total_steps
from eqspike.core.trace import Trace, rate_trace
from eqspike.engines.brian2.preferences import engine_at_work
from eqspike.engines.brian2.rates.changes import write_contrast
from eqspike.engines.brian2.rates.circuit import STEP_MS, build_rate_circuit
from eqspike.engines.brian2.rates.conductor import Conductor, Lesson
from eqspike.engines.brian2.targets import NUMPY, Target, require
from eqspike.engines.offers import refuse_unlike
from eqspike.engines.tally import RateTally, asked_writes, event_counts
from eqspike.rules.readings import EndContrast, width, writes_steps
from eqspike.systems import RateSystem
from eqspike.systems.checks import check_images, check_labels
from eqspike.systems.weights import (
    backward_name,
    check_arrays,
    initial_rate_weights,
    kept_beside,
    nudge_strengths,
    rate_shapes,
)


class Brian2RateSession:
    """A trained or untrained rate-based network whose neurons send changes, in float64. A context manager.

    Samples follow each other in time, so a continual rule learns from one sample at a time. Rule `ep` writes once
    a batch, outside Brian2.

    Args:
        system: what to simulate.
        seed: initial weights are drawn from it.
        target: `numpy` or `cython`.

    Raises:
        UnsupportedError: for a combination this engine refuses.
        MissingPackageError: if the target needs what this machine does not have.
    """

    def __init__(self, system: RateSystem, seed: int = 0, target: Target = NUMPY) -> None:
        refuse_unlike(system, f"brian2:{target.name}")
        require(target)
        self.system, self._target = system, target
        self._conductor = Conductor(system)
        with engine_at_work(target):
            self._circuit = build_rate_circuit(system, self._conductor.act)
            self._circuit.network.store("start")
        self._conductor.circuit = self._circuit
        self._tally = RateTally()
        self._stored: Arrays = {}
        self.load(initial_rate_weights(system, seed))

    def __enter__(self) -> Brian2RateSession:
        return self

    def __exit__(self, *exception: Any) -> None:
        """Nothing is kept."""

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from one batch; see `core.learner.Session`.

        Raises:
            UnsupportedError: for more than one sample under a continual rule.
        """
        self._check(images, labels)
        phases, samples = self.system.rule.phases, len(images)
        if writes_steps(self.system.rule.reading) and samples > 1:
            raise UnsupportedError(
                f"engine 'brian2' learns by rule '{self.system.rule.kind}' from one sample at a time, got a batch "
                f"of {samples}; set training.batch_size to 1"
            )
        self._tally.begin(samples, phases[0].steps, learning=True)
        for phase in phases[1:]:
            self._tally.add_steps(phase.kind, samples * phase.steps)
        lesson = self._lesson(
            images, labels, keys, rate_factor if writes_steps(self.system.rule.reading) else 0
        )
        values, sent, held = self._run(lesson)
        self._count(images, sent)
        if writes_steps(self.system.rule.reading):
            self._read_weights()
            moved = [self._moved(sent[layer][0]) for layer in self._layers()]
            self._add_asked(images, moved, {})
        else:
            self._write(images, sent, lesson, rate_factor, write_key)
        return self._read_out(values, held)

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """v of the outputs at the end of the free phase, means over replicas: (samples, classes)."""
        del keys
        check_images(images, self.system.network.input.size)
        self._tally.begin(len(images), self.system.rule.phases[0].steps, learning=False)
        values, sent, held = self._run(Lesson(images / 255))
        self._count(images, sent)
        return self._read_out(values, held)

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Present a batch through all phases with weights held; nothing is counted."""
        self._check(images, labels)
        values, sent, _ = self._run(self._lesson(images, labels, keys, 0))
        return rate_trace(
            {name: array[:, 1:] for name, array in values.items()},
            {name: array[:, 1:] for name, array in sent.items()},
            {name: self._senders(array)[:, 1:].astype(float) for name, array in sent.items()},
        )

    def weights(self) -> Arrays:
        """Copies of the stored weights and biases by name, and of what the memory keeps beside them."""
        return {name: array.copy() for name, array in self._stored.items()}

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases; weights are brought to what the memory can hold.

        What the memory keeps beside them starts anew where it is not given.

        Raises:
            ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
        """
        kept = kept_beside(self.system, weights)
        given = {name: array for name, array in weights.items() if name not in kept}
        check_arrays(given, rate_shapes(self.system))
        stored = {name: np.array(array, np.float64) for name, array in (given | kept).items()}
        for index, coupling in enumerate(self.system.network.couplings):
            stored[coupling.name] = self.system.memory.store(stored[coupling.name], index)
        self._stored = stored

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        counts = event_counts(self.system, self._tally)
        self._tally.clear()
        return counts

    def _run(self, lesson: Lesson) -> tuple[Arrays, Arrays, NDArray[np.float64]]:
        """Present a lesson: v and q by free layer, s of the outputs, (samples, 1 + steps, neurons)."""
        circuit, samples = self._circuit, len(lesson.inputs)
        network = self.system.network
        if not samples:
            period = self._conductor.period
            nothing = {
                layer.name: np.zeros((0, period, layer.size)) for layer in network.free_layers
            }
            return nothing, dict(nothing), nothing[network.output.name]
        with engine_at_work(self._target):
            circuit.network.restore("start")
            self._conductor.begin(lesson)
            period = self._conductor.period
            self._write_weights()
            circuit.network.run(samples * period * STEP_MS * ms, namespace={})

        def recorded(name: str, kind: str) -> NDArray[np.float64]:
            return np.array(getattr(circuit.monitors[name], kind)).T.reshape(samples, period, -1)

        values, sent = (
            {name: recorded(name, kind) for name in self._layers()} for kind in ("v", "q")
        )
        return values, sent, recorded(network.output.name, "s")

    def _write_weights(self) -> None:
        for coupling in self.system.network.couplings:
            ways = self._circuit.synapses[coupling.name]
            ways[0].w = self._stored[coupling.name].ravel() * volt
            if len(ways) > 1:
                ways[1].w = self._downwards(coupling.name).ravel() * volt
        for layer in self.system.network.free_layers:
            self._circuit.groups[layer.name].bias = self._stored[f"{layer.name}.bias"] * volt

    def _downwards(self, name: str) -> NDArray[np.float64]:
        """Weights from the upper layer to the lower, (post, pre)."""
        if not self.system.feedback.separate:
            return self._stored[name].T
        coupling = next(c for c in self.system.network.couplings if c.name == name)
        return self._stored[backward_name(coupling)]

    def _read_weights(self) -> None:
        """What a continual rule has left in Brian2."""
        for coupling in self.system.network.couplings:
            ways = self._circuit.synapses[coupling.name]
            self._stored[coupling.name] = np.array(ways[0].w).reshape(coupling.shape)
            if len(ways) > 1 and self.system.feedback.separate:
                shape = coupling.shape[::-1]
                self._stored[backward_name(coupling)] = np.array(ways[1].w).reshape(shape)
        for layer in self.system.network.free_layers:
            self._stored[f"{layer.name}.bias"] = np.array(self._circuit.groups[layer.name].bias)

    def _lesson(self, images: Images, labels: Labels, keys: Keys, rate_factor: float) -> Lesson:
        """The lesson of a batch; a continual rule learns unless `rate_factor` is 0."""
        system, beta = self.system, self.system.rule.beta
        betas, paces = nudge_strengths(system.rule, keys), {}
        for index, coupling in enumerate(system.network.couplings):
            paces[coupling.name] = rate_factor * system.learning_rates[index] / beta
            paces[f"{coupling.post.name}.bias"] = rate_factor * system.rates_of_biases[index] / beta
        learns = writes_steps(system.rule.reading) and rate_factor != 0
        return Lesson(images / 255, system.targets(labels), betas, paces if learns else None)

    def _write(
        self, images: Images, sent: Arrays, lesson: Lesson, rate_factor: float, write_key: int
    ) -> None:
        """One write of the batch, by rule `ep`."""
        rule, reading = self.system.rule, cast(EndContrast, self.system.rule.reading)
        places = {phase.name: place for place, phase in enumerate(rule.phases)}
        at = [places[name] for name in (reading.first, reading.second)]
        inputs = {self.system.network.input.name: lesson.inputs}
        ends = tuple(
            {n: q[:, total_steps(rule.phases[: place + 1])] for n, q in sent.items()} | inputs
            for place in at
        )
        betas = cast(NDArray[np.float64], lesson.betas)
        scale = rate_factor / (rule.beta * len(images) * abs(width(reading, rule.phases)))
        signs = np.sign(betas[:, at[0]] - betas[:, at[1]])
        known = write_contrast(
            self.system, self._stored, (ends[0], ends[1]), signs, scale, write_key
        )
        moved = [
            (ends[0][name] != ends[1][name]).any(0).sum(keepdims=True) for name in self._layers()
        ]
        self._add_asked(images, moved, known)

    def _add_asked(self, images: Images, moved: list[Any], known: dict[str, Any]) -> None:
        asked = asked_writes(self.system, int(np.count_nonzero(images.any(0))), moved)
        for name, writes in {**asked, **known}.items():
            self._tally.add_writes(name, writes)

    def _moved(self, sent: NDArray[np.float64]) -> NDArray[np.int64]:
        """Neurons of a layer whose q moved, in each nudged step of a sample's q (1 + steps, neurons)."""
        steps = np.diff(sent, axis=0)[self.system.rule.phases[0].steps :]
        return np.asarray(np.count_nonzero(steps, axis=1))

    def _count(self, images: Images, sent: Arrays) -> None:
        """Messages of a run, with the weights it began with."""
        effective = []
        for coupling in self.system.network.couplings:
            ways = [self._stored[coupling.name]]
            if coupling.bidirectional:
                ways.append(self._downwards(coupling.name))
            effective.append([np.count_nonzero(way, axis=1) for way in ways])
        phases = self.system.rule.phases
        kinds = np.array(["free", *by_step(phases, [phase.kind for phase in phases])])
        for kind in ("free", "nudged"):
            of_input = np.count_nonzero(images, axis=0) * (kind == "free")
            messages = []
            for name in self._layers():
                senders = self._senders(sent[name])
                messages.append(senders[:, kinds[: senders.shape[1]] == kind].sum((0, 1)))
            self._tally.add_messages(self.system, kind, [of_input, *messages], effective)

    def _senders(self, sent: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Who sent in each step: q of (samples, 1 + steps, neurons) moves when, and only when, it is sent.

        A phase may start from the end of the free one.
        """
        phases = self.system.rule.phases
        before = np.concatenate([np.zeros_like(sent[:, :1]), sent[:, :-1]], axis=1)
        for number, phase in enumerate(phases):
            begins = 1 + total_steps(phases[:number])
            if phase.start == "free end" and begins < sent.shape[1]:
                before[:, begins] = sent[:, phases[0].steps]
        return np.asarray(sent != before)

    def _read_out(self, values: Arrays, held: NDArray[np.float64]) -> NDArray[np.float64]:
        free_steps = self.system.rule.phases[0].steps
        outputs = values[self.system.network.output.name]
        return self.system.scores(outputs[:, free_steps], held[:, free_steps])

    def _layers(self) -> list[str]:
        return [layer.name for layer in self.system.network.free_layers]

    def _check(self, images: Images, labels: Labels) -> None:
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.classes)
