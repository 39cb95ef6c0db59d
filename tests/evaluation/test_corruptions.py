"""Which metric notices which fault of real images."""

import pytest
import torch

from vae.evaluation.corruptions import CORRUPTIONS, FAULTS, blur, corruption_table, crop, noise
from vae.features.classifier import train_classifier
from vae.features.pixels import fit_pixels

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def table(digits, classifier):
    return corruption_table(digits, [classifier, fit_pixels(digits, 0, CPU)], 0, CPU)


def values(table, fault: str, metric: str) -> list[float]:
    return table[table.corruption == fault][metric].tolist()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_fid_rises_with_every_step(table, name):
    found = values(table, name, "fid")
    assert len(found) == len(CORRUPTIONS[name][1]) + 1
    assert found == sorted(set(found))
    assert found[-1] > 3 * found[0]


@pytest.mark.parametrize("seed", [1, 2])
def test_it_rises_with_other_classifiers_and_noise(digits, seed):
    classifier = train_classifier(digits, epochs=5, seed=seed, device=CPU)
    table = corruption_table(digits, [classifier], seed, CPU)
    for name in CORRUPTIONS:
        assert values(table, name, "fid") == sorted(values(table, name, "fid"))


def test_all_begin_with_the_same_images(table):
    start = table[table.strength == 0].drop(columns=["kind", "corruption"])
    assert len(start) == len(CORRUPTIONS) + len(FAULTS)
    assert len(start.drop_duplicates()) == 1


@pytest.mark.parametrize("fault", ["dropped classes", "duplicates", "crowding"])
def test_missing_diversity_lowers_recall_and_coverage_and_not_precision(table, fault):
    for metric in ("recall", "coverage"):
        assert values(table, fault, metric)[-1] < values(table, fault, metric)[0] - 0.1
    assert min(values(table, fault, "precision")) > 0.85
    assert values(table, fault, "fid")[-1] > 3 * values(table, fault, "fid")[0]


def test_blurred_images_lose_precision_and_are_no_copies(table):
    assert values(table, "blur", "precision")[-1] < 0.5
    assert values(table, "blur", "data_copying")[-1] > 3


def test_only_the_metrics_of_memory_notice_memorised_images(table):
    copying, authentic = (
        values(table, "memorised", m) for m in ("data_copying", "authentic_share")
    )
    assert copying == sorted(copying, reverse=True) and copying[-1] < -5 < -3 < copying[0]
    assert authentic[-1] == 0 < 0.4 < authentic[0]
    coverage = values(table, "memorised", "coverage")
    assert min(coverage) > 0.85 * coverage[0]
    assert max(values(table, "memorised", "fid")) < 3


def test_the_columns_of_every_space(table):
    assert list(table.columns[:4]) == ["dataset", "kind", "corruption", "strength"]
    own = [c for c in table.columns[4:] if not c.startswith("pixels_")]
    assert list(table.columns[4:]) == own + [f"pixels_{c}" for c in own]
    kinds = table.groupby("kind").corruption.agg(set)
    assert kinds["image"] == set(CORRUPTIONS) and kinds["set"] == set(FAULTS)


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
