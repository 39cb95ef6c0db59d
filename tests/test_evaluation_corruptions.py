"""FID of real images that get worse and worse."""

import pytest
import torch

from vae.evaluation.corruptions import CORRUPTIONS, blur, corruption_table, crop, noise
from vae.evaluation.references import references
from vae.features import train_classifier
from vae.reporting.findings import fid_check

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def classifier(digits):
    return train_classifier(digits, epochs=10, seed=0, device=CPU)


@pytest.fixture(scope="module")
def table(digits, classifier):
    return corruption_table(digits, classifier, 382, 0, CPU)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_fid_rises_with_every_step(table, name):
    values = table[table.corruption == name].fid.to_numpy()
    assert len(values) == len(CORRUPTIONS[name][1]) + 1
    assert (values[1:] > values[:-1]).all()
    assert values[-1] > 10 * values[0]


@pytest.mark.parametrize("seed", [1, 2])
def test_it_rises_with_other_classifiers_and_noise(digits, seed):
    classifier = train_classifier(digits, epochs=5, seed=seed, device=CPU)
    assert "rises" in fid_check(corruption_table(digits, classifier, 382, seed, CPU))


def test_without_corruption_it_is_the_floor(table, digits, classifier):
    rows = references(digits, classifier, classifier, 382, 0, CPU).set_index("reference").value
    assert (table[table.strength == 0].fid == rows["fid_floor"]).all()


def test_the_columns_and_their_prefix(digits, classifier, table, monkeypatch):
    assert list(table.columns) == ["dataset", "corruption", "strength", "fid"]
    assert set(table.dataset) == {"digits"}
    monkeypatch.setattr(classifier, "metric_prefix", "inception_")
    other = corruption_table(digits, classifier, 50, 0, CPU)
    assert list(other.columns) == ["dataset", "corruption", "strength", "inception_fid"]
    assert "rises" in fid_check(other)


def test_a_fall_is_reported_by_name(table):
    spoiled = table.copy()
    spoiled.loc[spoiled.corruption == "blur", "fid"] = [1.0, 3.0, 2.0, 4.0, 5.0]
    assert "blur" in fid_check(spoiled)
    assert "crop" not in fid_check(spoiled)


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize("side", [8, 28])
def test_each_step_changes_the_images_more(name, side):
    x = torch.rand(20, 1, side, side, generator=torch.Generator().manual_seed(0))
    corrupt, strengths = CORRUPTIONS[name]
    assert torch.equal(corrupt(x, 0.0, 0), x)
    changes = [float((corrupt(x, s, 0) - x).square().mean()) for s in strengths]
    assert changes == sorted(set(changes))
    assert corrupt(x, strengths[0], 0).shape == x.shape


def test_blur_keeps_the_mean_and_scales_with_the_image():
    x = torch.zeros(1, 1, 28, 28)
    x[..., 14, 14] = 1
    y = blur(x, 0.1, 0)[0, 0]
    columns = torch.arange(28) - 14.0
    assert y.sum() == pytest.approx(1, abs=1e-4)
    assert (y.sum(0) * columns.square()).sum().sqrt() == pytest.approx(2.8, rel=0.02)


def test_noise_has_the_stated_deviation_and_the_same_pattern_at_every_strength():
    x = torch.full((100, 1, 8, 8), 0.5)
    weak, strong = (noise(x, s, 0) - x for s in (0.1, 0.4))
    assert weak.std() == pytest.approx(0.1, rel=0.03)
    torch.testing.assert_close(4 * weak, strong)
    assert not torch.equal(noise(x, 0.1, 1), noise(x, 0.1, 0))


def test_crop_keeps_the_centre_and_nothing_else():
    x = torch.ones(2, 3, 8, 8)
    y = crop(x, 0.25, 0)
    assert torch.equal(y[..., 2:6, 2:6], x[..., 2:6, 2:6])
    assert y.sum() == 2 * 3 * 4 * 4
