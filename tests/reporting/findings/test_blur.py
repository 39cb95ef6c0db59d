"""Blur: what decides what is said."""

import pandas as pd
import pytest
from synthetic_results import make_group

from vae.reporting.findings.blur import TASKS, Pair, against_autoencoder, sharpness

ONE = ("gaussian_learned_sigma",)


def test_the_autoencoder_is_blurry_already_or_not():
    assert sharpness(make_group(ONE)).already
    sharp = make_group(ONE, changes={"high_frequency_energy": {0.0: 1.2, 1.0: 0.5, 2.0: 0.3}})
    assert not sharpness(sharp).already
    assert sharpness(sharp).blurrier == ONE
    assert sharpness(make_group(ONE, autoencoder=False)).autoencoder is None


@pytest.mark.parametrize(
    ("vae", "who"),
    [
        ([1, 1, 1], "vae"),
        ([3, 3, 3], "autoencoder"),
        ([1, 3, 1], "neither"),
        ([1.9, 1.9, 0.1], "neither"),  # lower in every seed, which chance does in one of four
        ([1, 1], "neither"),
        ([], "neither"),
    ],
)
def test_who_is_better_must_be_so_by_the_interval_over_seeds(vae, who):
    values = pd.Series([2.0, 2, 2]), pd.Series(vae, dtype=float)
    assert Pair(ONE[0], "mse_mean", *values, beta=1.0).better == who
    mirrored = {"vae": "autoencoder", "autoencoder": "vae"}.get(who, who)
    assert Pair(ONE[0], "probe_accuracy", *values, beta=1.0).better == mirrored


def test_both_are_compared_at_the_posterior_mean():
    assert TASKS[0].metric == "mse_mean"
    changes = {"mse_mean": {0.0: 0.5, 1.0: 0.4, 2.0: 0.6}}
    found = against_autoencoder(make_group(ONE, changes=changes), TASKS[0])
    assert found.better("vae") == list(ONE)
    (pair,) = found.pairs
    assert (pair.autoencoder.mean(), pair.vae.mean(), pair.beta) == pytest.approx((0.5, 0.4, 1))
    assert against_autoencoder(make_group(ONE, autoencoder=False), TASKS[0]) is None
