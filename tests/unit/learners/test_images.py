"""How images become a learner's inputs: padding, channels, and what is drawn of a presentation."""

from __future__ import annotations

import numpy as np
import pytest

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.learners.augmentation import Augmentation
from eqspike.learners.images import ImageReader


def reader(**described: object) -> ImageReader:
    section = Section(described, "model")
    found = ImageReader.read(section)
    section.close()
    return found


def levels(samples: int, size: int, seed: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).integers(0, 256, (samples, size)).astype(np.uint8)


def keys(samples: int, seed: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).integers(0, 2**63, samples).astype(np.uint64)


def test_padding_is_black_before_the_normalisation() -> None:
    found = reader(image=[4, 4], padding=2, mean=0.25, deviation=0.5)(levels(3, 16))
    assert found.shape == (3, 1, 8, 8)
    np.testing.assert_allclose(found[:, :, :2], -0.5)
    np.testing.assert_allclose(
        found[:, 0, 2, 2], (levels(3, 16)[:, 0] / 255 - 0.25) / 0.5, rtol=1e-6
    )


def test_each_channel_has_its_mean_and_deviation() -> None:
    mean, deviation, images = [0.1, 0.2, 0.3], [0.5, 1.0, 2.0], levels(4, 27)
    found = reader(image=[3, 3, 3], mean=mean, deviation=deviation)(images)
    for channel in range(3):
        plain = images.reshape(4, 3, 3, 3)[:, channel] / 255
        wanted = (plain - mean[channel]) / deviation[channel]
        np.testing.assert_allclose(found[:, channel], wanted, atol=1e-6)


@pytest.mark.parametrize("border", ["zero", "edge"])
@pytest.mark.parametrize("flip", [True, False])
def test_an_augmented_image_is_a_window_of_the_image_or_its_mirror(border: str, flip: bool) -> None:
    images, samples = levels(200, 30).reshape(200, 1, 5, 6), 200
    found = Augmentation(flip, 1, border)(images, keys(samples))
    mode = "constant" if border == "zero" else "edge"
    seen = set()
    for image, one in zip(images[:, 0], found[:, 0], strict=True):
        for turned in (False, True) if flip else (False,):
            wide = np.pad(image[:, ::-1] if turned else image, 1, mode=mode)  # type: ignore[call-overload]
            places = [(turned, r, c) for r in range(3) for c in range(3)]
            here = [p for p in places if (wide[p[1] : p[1] + 5, p[2] : p[2] + 6] == one).all()]
            seen.update(here[:1])
            if here:
                break
        else:
            pytest.fail("no window of the image")
    assert len(seen) == (18 if flip else 9)


def test_what_is_drawn_is_of_the_presentation_alone() -> None:
    """The same image under the same key is the same, in any batch; another key mostly changes it."""
    of = reader(image=[6, 6], padding=1, augmentation={"flip": True, "crop": 2})
    images, drawn = levels(50, 36), keys(50)
    whole = of.augmented(images, drawn)
    apart = [of.augmented(images[n : n + 1], drawn[n : n + 1])[0] for n in range(50)]
    np.testing.assert_array_equal(whole, apart)
    other = of.augmented(images, keys(50, seed=1))
    assert (whole != other).reshape(50, -1).any(1).mean() > 0.8


def test_flips_are_half_of_all_and_shifts_are_uniform() -> None:
    ramp = np.arange(7, dtype=np.uint8)[None, None, None].repeat(7, 2).repeat(20_000, 0)
    flipped = Augmentation(flip=True)(ramp, keys(20_000))[:, 0, 0, 0] == 6
    assert abs(flipped.mean() - 0.5) < 0.02
    shifted = Augmentation(crop=1, border="edge")(ramp, keys(20_000))[:, 0, 0, 3]
    assert np.abs(np.bincount(shifted, minlength=7)[2:5] / 20_000 - 1 / 3).max() < 0.02


def test_predictions_are_not_augmented() -> None:
    of, images = reader(image=[4, 4], augmentation={"crop": 1}), levels(8, 16)
    np.testing.assert_array_equal(of(images), reader(image=[4, 4])(images))
    plain = reader(image=[4, 4], augmentation=None)
    np.testing.assert_array_equal(of(images), plain.augmented(images, keys(8)))


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ({"mean": [0.1, 0.2]}, "a list of 3 numbers"),
        ({"deviation": [0.1, 0.2, 0]}, "3 numbers above 0"),
        ({"augmentation": {}}, "1 or more where flip is false"),
        ({"augmentation": {"flip": True, "border": "mirror"}}, "one of zero, edge"),
        ({"augmentation": {"crop": 1, "rotate": 3}}, "rotate is not a known key"),
    ],
)
def test_wrong_keys_are_refused(described: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        reader(image=[3, 4, 4], **described)
