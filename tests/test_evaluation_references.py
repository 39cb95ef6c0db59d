"""What FID and KID are read against."""

from dataclasses import replace

import pytest
import torch

from vae.collapse import collapse_references
from vae.evaluation.distances import extract, fid
from vae.evaluation.references import noise_images, real_images, references
from vae.features import accuracy, train_classifier

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def classifier(digits):
    return train_classifier(digits, epochs=10, seed=0, device=CPU)


def values(digits, classifier, count=382, seed=0):
    table = references(digits, classifier, classifier, count, seed, CPU)
    assert list(table.columns) == ["dataset", "reference", "value"]
    assert set(table.dataset) == {"digits"}
    return table.set_index("reference").value.to_dict()


def test_the_floor_compares_equally_many_training_and_test_images(digits, classifier):
    sides = (digits.unit(split)[:300] for split in ("train", "test"))
    expected = fid(*(extract(classifier, x, digits.levels) for x in sides))
    assert values(digits, classifier, 300)["fid_floor"] == expected > 1e-3


def test_noise_is_far_above_the_floor(digits, classifier):
    found = values(digits, classifier)
    assert found["fid_noise"] > 20 * found["fid_floor"]


def test_kid_of_real_images_is_small(digits, classifier):
    """Beside the squared scale of the kernel, it is nothing: both sides are alike."""
    x = extract(classifier, digits.unit("test"), digits.levels)
    scale = (x.square().sum(1) / x.shape[1] + 1).pow(3).mean()
    assert abs(values(digits, classifier)["kid_floor"]) < 0.01 * scale


def test_the_rest_is_stated(digits, classifier):
    found = values(digits, classifier, 300)
    assert found["fid_images"] == 300
    assert found["feature_count"] == 39
    assert found["classifier_accuracy"] == accuracy(classifier, digits)


def test_collapse_is_predicted_from_all_training_images(digits, classifier):
    found = values(digits, classifier, 300)
    expected = collapse_references(digits.unit("train").numpy())
    assert {name: found[name] for name in expected} == expected


def test_other_features_have_other_names(digits, classifier, monkeypatch):
    names = set(values(digits, classifier))
    monkeypatch.setattr(classifier, "metric_prefix", "inception_")
    others = set(values(digits, classifier))
    assert names - others == {"fid_floor", "fid_noise", "kid_floor"}
    assert others - names == {f"inception_{name}" for name in names - others}


def test_noise_is_uniform_of_the_datasets_shape(digits):
    x = noise_images(digits, 500, 0)
    assert x.shape == (500, 1, 8, 8)
    assert x.mean() == pytest.approx(0.5, abs=0.01)
    assert x.var() == pytest.approx(1 / 12, rel=0.03)
    assert torch.equal(x, noise_images(digits, 500, 0))
    assert not torch.equal(x, noise_images(digits, 500, 1))


def test_training_images_are_binarised_as_test_images_are(digits):
    binary = {k: (x > 8).to(torch.uint8) for k, x in digits.images.items()}
    dynamic = replace(digits, levels=2, images={**binary, "train": digits.images["train"]})
    assert dynamic.binarised_on_use
    x = real_images(dynamic, "train", 1000, 0)
    assert set(x.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(x.mean(0), digits.unit("train")[:1000].mean(0), atol=0.06, rtol=0)
    assert torch.equal(real_images(digits, "train", 9, 0), digits.unit("train")[:9])
    assert torch.equal(real_images(dynamic, "test", 9, 0), dynamic.unit("test")[:9])
