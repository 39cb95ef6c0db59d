"""Which images are measured, under which names, and that they depend on what they should."""

import numpy as np
import pytest
import torch
from every_likelihood import module_of
from torch import nn

from vae.configuration.sweep import Cell
from vae.data.datasets import spaced
from vae.evaluation import samples
from vae.evaluation.distances import FeatureGaussian, extract, fid
from vae.evaluation.real_images import training_images
from vae.evaluation.realism import Realism, generated_count
from vae.evaluation.samples import SampleMeasure, evaluate
from vae.features.pixels import fit_pixels
from vae.metrics import METRICS
from vae.models import VAE, Autoencoder, Decoder, Encoder
from vae.results.per_image import PerImage

CPU = torch.device("cpu")
AUTOENCODER, VAE_CELL = Cell("ae", 0.0, 0), Cell("vae", 0.5, 0)
NEIGHBOURHOODS = {"precision", "recall", "density", "coverage"}
COPIES = {"authentic_share", "data_copying"}


def identity(kind: type[VAE] = VAE) -> VAE:
    """Codes are the 64 pixels, all but noiseless; decoding returns them."""
    encoder, decoder = nn.Linear(64, 128), nn.Linear(64, 64, bias=False)
    encoder.weight.data = torch.cat([torch.eye(64), torch.zeros(64, 64)])
    encoder.bias.data = torch.cat([torch.zeros(64), torch.full((64,), -30.0)])
    decoder.weight.data = torch.eye(64)
    decoder = nn.Sequential(decoder, nn.Unflatten(1, (1, 8, 8)))
    return kind(
        Encoder(nn.Sequential(nn.Flatten(), encoder), "log_variance"),
        Decoder(decoder, module_of("gaussian_fixed_sigma_0.1", (1, 8, 8)), torch.zeros(1, 8, 8)),
        latent_dim=64,
    ).requires_grad_(False)


@pytest.fixture(scope="module")
def measured(trained, digits, classifier):
    spaces = [classifier, fit_pixels(digits, 0, CPU)]
    return evaluate(trained, digits, CPU, spaces, samples=800, seed=0)


def test_every_kind_of_cell_has_its_metrics_in_every_space(measured):
    table = measured.table
    shared = {"fid_reconstruction", "fid_gaussian", "fid_gmm"}
    shared |= {f"{name}_gmm" for name in NEIGHBOURHOODS}
    prior = {"fid_prior", "fid_prior_drawn", *COPIES, "kid_prior"}
    prior |= {f"{name}_prior" for name in NEIGHBOURHOODS}
    found = table.groupby("model")["metric"].agg(set)
    assert found["ae"] == shared | {f"pixels_{name}" for name in shared}
    assert found["vae"] - found["ae"] == prior | {f"pixels_{name}" for name in prior}
    assert set(table["metric"]) <= set(METRICS)
    errors = table[~table.metric.str.contains("data_copying")].se
    assert (errors[errors.notna()] >= 0).all() and errors.notna().all()


def test_test_images_have_values_where_the_metric_is_their_mean_to_first_order(measured):
    for metric in ("fid_prior", "fid_prior_drawn", "pixels_fid_prior", "coverage_prior"):
        row = measured.table[(measured.table.metric == metric) & (measured.table.beta == 0.5)]
        values = measured.per_image[PerImage.key(VAE_CELL, metric)]
        assert values.shape == (382,)
        assert values.mean() == pytest.approx(row[row.seed == 0].value.item(), rel=1e-4)


@pytest.mark.parametrize(
    ("test_images", "asked", "count"),
    [(397, 0, 3970), (397, 500, 500), (10_000, 0, 50_000), (80_000, 0, 80_000)],
)
def test_ten_times_the_test_images_are_generated_within_bounds(test_images, asked, count):
    assert generated_count(test_images, asked) == count


def test_values_depend_on_the_seeds_of_evaluation_and_model_alone(trained, digits, classifier):
    model = trained.model(VAE_CELL)

    def values(seed: int, cell: Cell = VAE_CELL) -> dict[str, float]:
        found = SampleMeasure(digits, [classifier], 300, seed, CPU)(model, cell)
        return {name: estimate.value for name, estimate in found.items()}

    first = values(0)
    assert first == values(0) == values(0, Cell("vae", 4.0, 0))
    for other in (values(1), values(0, Cell("vae", 0.5, 1))):
        for name in ("fid_prior", "fid_prior_drawn", "kid_prior", "fid_gaussian", "fid_gmm"):
            assert first[name] != other[name]


def test_fresh_draws_stay_within_the_stated_error(trained, digits, classifier):
    """The draw's share of the error, as the test images are the same: no more than all of it."""
    model = trained.model(VAE_CELL)
    measure = SampleMeasure(digits, [classifier], 0, 0, CPU)
    found = [measure(model, Cell("vae", 0.5, seed)) for seed in range(6)]
    for name in ("fid_prior", "fid_prior_drawn", "coverage_prior", "fid_gmm"):
        values = [f[name].value for f in found]
        assert np.std(values, ddof=1) < 1.5 * found[0][name].se, name


def test_images_are_expected_drawn_and_of_training_images(trained, digits, classifier):
    measure = SampleMeasure(digits, [classifier], 500, 0, CPU)
    images = dict(measure._images(trained.model(VAE_CELL), VAE_CELL))
    assert len(images["reconstruction"]) == len(digits.images["train"])
    assert {len(images[s]) for s in ("prior", "prior_drawn", "gaussian", "gmm")} == {500}
    drawn, expected = images["prior_drawn"], images["prior"]
    assert set(drawn.unique().tolist()) == {0.0, 1.0}  # of a Bernoulli likelihood
    torch.testing.assert_close(drawn.mean(), expected.mean(), atol=0.01, rtol=0)
    assert not torch.equal(images["gmm"], images["gaussian"])


@pytest.mark.parametrize("kind", [VAE, Autoencoder])
def test_a_perfect_reconstruction_is_as_far_as_other_real_images(
    digits, classifier, monkeypatch, kind
):
    monkeypatch.setattr(samples, "MIXTURE_COMPONENTS", 2)  # for speed: there are 64 dimensions
    cell = VAE_CELL if kind is VAE else AUTOENCODER
    metrics = SampleMeasure(digits, [classifier], 382, 0, CPU)(identity(kind), cell)
    sides = (extract(classifier, digits.unit(s), digits.levels) for s in ("train", "test"))
    real, test = sides
    floor = fid(real, FeatureGaussian(test)).value
    assert metrics["fid_reconstruction"].value == pytest.approx(floor, rel=1e-3)
    assert metrics["fid_gaussian"].value > 2 * floor


def test_training_images_are_spread_and_binarised_as_test_images_are(digits):
    from dataclasses import replace

    binary = {k: (x > 8).to(torch.uint8) for k, x in digits.images.items()}
    dynamic = replace(digits, levels=2, images={**binary, "train": digits.images["train"]})
    assert dynamic.binarised_on_use
    x = training_images(dynamic, 10_000, 0)
    assert set(x.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(x.mean(0), digits.unit("train").mean(0), atol=0.06, rtol=0)
    assert torch.equal(training_images(digits, 500, 0), spaced(digits.unit("train"), 500))


def test_copies_of_training_images_are_found_among_generated_ones(digits, classifier):
    train, test = digits.unit("train"), digits.unit("test")
    space = Realism(classifier, test, train, digits.levels, 0)
    copies = space.everything(space.extract(train))
    unseen = space.everything(space.extract(digits.unit("validation")))
    assert copies["data_copying"].value < -5 < -2 < unseen["data_copying"].value < 2
    assert copies["authentic_share"].value == 0 < 0.4 < unseen["authentic_share"].value < 0.7
    assert copies["coverage"].value > unseen["coverage"].value > 0.5


def test_ex_post_densities_beat_a_prior_that_the_codes_do_not_follow(
    digits, classifier, monkeypatch
):
    monkeypatch.setattr(samples, "MIXTURE_COMPONENTS", 4)  # for speed: there are 64 dimensions
    metrics = SampleMeasure(digits, [classifier], 382, 0, CPU)(identity(), VAE_CELL)
    assert metrics["fid_gmm"].value < metrics["fid_gaussian"].value < metrics["fid_prior"].value
