"""Names of the files that parent and child hand over to each other, in a folder that only the two share."""

from __future__ import annotations

PROGRESS = "progress.npy"
"""(1,) steps or messages done; any change is a sign of life."""

LOG = "worker.log"
"""What the child and Lava's processes print."""

NETWORK, SENT, TAUGHT = "network.pickle", "sent.npy", "taught.npy"
"""For the stock graph: the integers, and the spikes of the input and of the teacher (lines, steps)."""

RULES, LEARNT = "rules.pickle", "learnt.npz"
"""For the learning graph: the rule of each coupling; and the weights it ends with."""


def recorded(layer: str) -> dict[str, str]:
    """What is recorded of a layer of the stock graph: (rows, neurons) by kind."""
    return {kind: f"{kind}-{layer}.npy" for kind in ("spikes", "current", "potential")}


SYSTEM, INBOX, OUTBOX, START = "system.pickle", "inbox.npy", "outbox.npy", "start.npy"
"""For the fused process: the system; messages and results, one a row; the step of the first row."""

WEIGHTS, RASTER, COUNTS, ERROR = "weights.npz", "raster.npz", "counts.json", "error.json"
SCORES = "scores.npy"
"""What the fused process writes, or for weights also reads, when a message asks for it."""

RATES, LEVELS, WORDS = "rates.pickle", "levels.npy", "words.npy"
"""For rate-based networks: the `RateForm`; levels (samples, pixels); teacher's words, one row a nudged phase."""


SIGNS, BIASES = "signs.npy", "biases.npz"
"""For rate-based networks that learn: signs of beta, (samples, 1); biases after learning, by layer."""


def relearnt(coupling: str) -> str:
    """What a coupling has learnt."""
    return f"relearnt-{coupling}.npz"


def probed(layer: str) -> dict[str, str]:
    """What is recorded of a layer of rates: (steps, neurons) by kind."""
    return {kind: f"{kind}-{layer}.npy" for kind in ("messages", "state", "sent")}
