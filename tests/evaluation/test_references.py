"""What metrics of samples and codes are read against."""

import pytest
import torch
from torch import Tensor

from vae.evaluation.cells import Estimate
from vae.evaluation.collapse import collapse_references
from vae.evaluation.distances import FeatureGaussian, extract, fid
from vae.evaluation.references import fid_of_many, noise_images, references
from vae.features.classifier import accuracy
from vae.features.pixels import fit_pixels

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def table(digits, classifier):
    spaces = [classifier, fit_pixels(digits, 0, CPU)]
    frame = references(digits, classifier, spaces, 0, [2, 10], 0, CPU)
    assert list(frame.columns) == ["dataset", "reference", "value", "sd"]
    assert set(frame.dataset) == {"digits"} and frame.reference.is_unique
    return frame.set_index("reference")


def test_the_floor_is_that_of_random_training_images_with_its_spread(table):
    floor, spread = table.loc["fid_floor"][["value", "sd"]]
    assert 0.02 * floor < spread < floor
    assert floor < table.value["fid_floor_training"]  # which has fewer images: 1,157 of 3,820
    assert table.value["fid_noise"] > 20 * floor


class Gaussians:
    """Real images whose features are standard normal, 382 of them for a test."""

    def __init__(self) -> None:
        self.stream = torch.Generator().manual_seed(0)
        self.gaussian = FeatureGaussian(self.draw(382))

    def draw(self, count: int) -> Tensor:
        return torch.randn(count, 38, generator=self.stream, dtype=torch.float64)

    def fid(self, features: Tensor) -> Estimate:
        return fid(features, self.gaussian)


def test_the_floor_is_what_a_perfect_model_scores_with_as_many_images_as_are_generated():
    space, count, repeats = Gaussians(), 3820, 20
    perfect = torch.tensor([space.fid(space.draw(count)).value for _ in range(repeats)])
    of_few = torch.tensor([fid_of_many(space, space.draw(1157), count) for _ in range(repeats)])
    assert of_few.mean().item() == pytest.approx(perfect.mean().item(), rel=0.03)
    assert space.fid(space.draw(382)).value > 1.5 * perfect.mean()
    features = space.draw(500)
    assert fid_of_many(space, features, 400) == space.fid(features[:400]).value


def test_kid_of_real_images_is_nothing_beside_its_kernel(table, digits, classifier):
    x = extract(classifier, digits.unit("test"), digits.levels)
    scale = (x.square().sum(1) / x.shape[1] + 1).pow(3).mean()
    assert abs(table.value["kid_floor"]) < 0.003 * scale


def test_real_images_are_faithful_diverse_and_no_copies(table):
    for prefix in ("", "pixels_"):
        found = table.value
        for name in ("precision", "recall", "coverage"):
            assert found[f"{prefix}{name}_real"] > 0.7
        assert 0.3 < found[f"{prefix}density_real"] < 1.15  # test images are of other writers
        assert abs(found[f"{prefix}data_copying_real"]) < 2
        assert found[f"{prefix}data_copying_copies"] < -5
        assert found[f"{prefix}authentic_share_copies"] == 0
        assert found[f"{prefix}authentic_share_real"] == pytest.approx(0.55, abs=0.15)


def test_codes_are_read_against_pixels_and_components_of_their_size(table):
    accuracies = table.value.filter(like="probe_accuracy")
    few, many = accuracies["probe_accuracy_pca_2"], accuracies["probe_accuracy_pca_10"]
    assert 0.1 < few < many < accuracies["probe_accuracy_pixels"] < 1
    assert accuracies["probe_accuracy_10_labels_pixels"] < accuracies["probe_accuracy_pixels"]
    assert table.value["knn_accuracy_pixels"] > 0.95


def test_the_rest_is_stated(table, digits, classifier):
    assert table.value["fid_images"] == 382
    assert table.value["fid_generated_images"] == 3820
    assert table.value["feature_count"] == 38
    assert table.value["classifier_accuracy"] == accuracy(classifier, digits)


def test_collapse_is_predicted_from_all_training_images(table, digits):
    expected = collapse_references(digits.unit("train").numpy())
    assert {name: table.value[name] for name in expected} == pytest.approx(expected)


def test_noise_is_uniform_of_the_datasets_shape(digits):
    x = noise_images(digits, 500, 0)
    assert x.shape == (500, 1, 8, 8)
    assert x.mean() == pytest.approx(0.5, abs=0.01)
    assert x.var() == pytest.approx(1 / 12, rel=0.03)
    assert torch.equal(x, noise_images(digits, 500, 0))
    assert not torch.equal(x, noise_images(digits, 500, 1))
