"""Settings that make the library's learners small, on 8x8 digits: for tests of what all learners share."""

from __future__ import annotations

CONVOLUTIONAL = "{layers: [{size: 4, kernel: 3}, {size: 10, activation: linear}]}"
ENERGY = (
    "learner.image=[8, 8]",
    "learner.padding=0",
    "learner.free_steps=10",
    "learner.nudged_steps=4",
)
MODELS = {
    "metaplastic-bp-digits": ("learner.layers=[64, 24, 10]",),
    "backprop-512": (
        "learner.layers=[64, 24, 10]", "training.momentum=0.9", "training.schedule=linear",
    ),
    "dtp-mlp": (
        "learner.layers=[64, 24, 12, 10]", "learner.feedback.warm_up=2", "training.batch_size=32",
    ),
    "backprop-lenet": ("learner.image=[8, 8]", "training.batch_size=64"),
    "dtp-lenet": (
        "learner.image=[8, 8]", "learner.feedback.warm_up=2", "training.batch_size=64",
        "learner.feedback={kind: iterated, loss: l-drl, iterations: [1, 2, 1], noise: [0.2, 0.2, 0.1], "
        "rate: [0.001, 0.001, 0.01], warm_up: 2}",
    ),
    "norse-100": (
        "learner.layers=[64, 24, 10]", "learner.steps=20", "learner.encoder.kind=poisson",
        "training.batch_size=32",
    ),
    "dchn-quarter": (
        *ENERGY, f"learner.blocks=[{CONVOLUTIONAL}]", "training.learning_rates=[0.05, 0.05]",
    ),
    "ff-ebm-2": (
        "learner.image=[8, 8]", "learner.mean=0.3", "learner.deviation=0.3", "training.batch_size=32",
        "learner.augmentation={crop: 1, border: edge}", "training.learning_rate=0.01",
        "learner.blocks=[{feedforward: true, layers: [{size: 4, kernel: 3}, {size: 6, kernel: 3}]}, "
        "{feedforward: true, layers: [{size: 12}, {size: 8, activation: linear}]}]",
    ),
    "ep-resnet": (
        *ENERGY, "learner.mean=0.3", "learner.deviation=0.3", "training.batch_size=32",
        "learner.augmentation={flip: true, crop: 1}",
        "learner.blocks=[{layers: [{size: 4, kernel: 3}, {size: 4, kernel: 3, pooling: none}, "
        "{size: 6, kernel: 3}, {size: 10, activation: linear}], skips: [{lower: 0, upper: 2, kernel: 1}]}]",
    ),
    "hssm-linear": (
        "learner.channels=2", "learner.outputs=1", "learner.loss=squared-error", "learner.hidden=4",
        "learner.size=3", "learner.blocks=1",
    ),
}  # fmt: skip
"""What is set of each model, `KEY=VALUE`, by its name."""
