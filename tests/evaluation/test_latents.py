"""Active units and divergences of models whose codes are known."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from every_likelihood import module_of
from torch import Tensor, nn

from vae.data.datasets import spaced
from vae.evaluation.cells import Estimate
from vae.evaluation.latents import (
    ablation_change,
    code_statistics,
    evaluate,
    latent_dimensions,
    marginal_kl_lower,
    measure_latents,
    reconstruction_variance,
)
from vae.evaluation.likelihood import evaluate as evaluate_likelihood
from vae.models import VAE, Autoencoder, Decoder, Encoder

CPU = torch.device("cpu")
SPLITS = ("train", "validation")
STANDARD_DEVIATIONS = torch.tensor([1.0, 0.5, 0.105, 0.095, 0.0])  # 0.1 is the threshold
LOG_VARIANCES = torch.tensor([-3.0, -1.0, 0.0, 0.0, 0.0])


class KnownCodes(nn.Module):
    """Posterior means proportional to the image's one pixel; posterior variances constant."""

    def forward(self, x: Tensor) -> Tensor:
        mean = x.flatten(1) * STANDARD_DEVIATIONS + 3.0
        return torch.cat([mean, LOG_VARIANCES.expand_as(mean)], 1)


def known(kind: type[VAE] = VAE) -> VAE:
    decoder = nn.Sequential(nn.Linear(5, 1, bias=False), nn.Unflatten(1, (1, 1, 1)))
    return kind(
        Encoder(KnownCodes(), "log_variance"),
        Decoder(decoder, module_of("bernoulli", (1, 1, 1)), torch.full((1, 1, 1), 0.5)),
        latent_dim=5,
    )


def measured(model: VAE, x: Tensor) -> dict[str, Estimate]:
    return measure_latents(model, x, latent_dimensions(model, x, seed=0), seed=0)


@pytest.fixture
def pixels() -> Tensor:
    """2,300 images of one pixel with mean 0 and variance 1: more than two batches."""
    x = torch.randn(2300, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return ((x - x.mean()) / x.std()).float().view(-1, 1, 1, 1)


@pytest.mark.parametrize("kind", [VAE, Autoencoder])
def test_units_are_active_whose_mean_varies(pixels, kind):
    assert measured(known(kind), pixels)["active_units"].value == 3


def test_a_constant_code_has_no_active_units(pixels):
    assert measured(known(), torch.zeros_like(pixels))["active_units"].value == 0


def test_statistics_per_dimension(pixels):
    statistics = code_statistics(known(), pixels)
    expected = STANDARD_DEVIATIONS.double()
    torch.testing.assert_close(statistics["mean"], torch.full((5,), 3.0).double())
    torch.testing.assert_close(statistics["variance"], expected.square(), rtol=1e-4, atol=1e-9)
    x = pixels.flatten(1).double().numpy()
    means = x * expected.numpy() + 3.0
    log_variance = LOG_VARIANCES.double().numpy()
    kl = 0.5 * (means**2 + np.exp(log_variance) - 1 - log_variance).mean(0)
    np.testing.assert_allclose(statistics["kl"], kl, rtol=1e-5)


@pytest.fixture(scope="module")
def found(trained, digits):
    return evaluate(trained, digits, CPU, seed=0)


def test_divergences_of_the_dimensions_sum_to_the_rate(trained, digits, found):
    dimensions = found.tables["dimensions"]
    sums = dimensions.query("model == 'vae'").groupby(["beta", "seed"])["kl"].sum().astype(float)
    table = evaluate_likelihood(trained, digits, CPU, 1, 0, seed=0).table
    rates = table.query("metric == 'rate'").set_index(["beta", "seed"])["value"]
    assert len(sums) == 4
    np.testing.assert_allclose(sums, rates.loc[sums.index], rtol=1e-5)


def test_the_table_of_dimensions_has_every_dimension_of_every_cell(trained, found):
    dimensions = found.tables["dimensions"]
    counts = dimensions.groupby(["model", "beta", "seed"])["dimension"].agg(list)
    assert len(counts) == len(trained.cells)
    assert all(indices == [0, 1, 2] for indices in counts)
    assert dimensions.query("model == 'ae'")["kl"].isna().all()
    assert dimensions.query("model == 'vae'")["kl"].notna().all()


def test_active_units_are_counted_on_all_test_images_and_those_alone(trained, digits, found):
    metrics, _, tables = found
    x = digits.images["test"].float() / 16
    for cell in trained.cells:
        means = trained.model(cell).encoder.network(x)[:, :3].double()
        chosen = f"model == '{cell.model}' and beta == {cell.beta} and seed == {cell.seed}"
        value = metrics.query(f"{chosen} and metric == 'active_units'")["value"].item()
        assert value == (means.var(0) > 0.01).sum().item()
        variances = tables["dimensions"].query(chosen)["variance"]
        np.testing.assert_allclose(variances, means.var(0), rtol=1e-4)


def test_training_images_matter_only_where_something_is_fitted_on_them(trained, digits, found):
    noise = {split: torch.randint_like(digits.images[split], 17) for split in SPLITS}
    dataset = replace(digits, images={**digits.images, **noise})
    other = evaluate(trained, dataset, CPU, seed=0)
    assert found.tables["dimensions"].equals(other.tables["dimensions"])
    a, b = found.table, other.table
    fitted = {"probe_accuracy", "probe_accuracy_10_labels", "knn_accuracy", "marginal_kl_lower"}
    assert set(a.metric[(a.value != b.value) & a.value.notna()]) == fitted


def linear(encode: list[float], log_variance: list[float], decode: list[float]) -> VAE:
    """Images of one pixel x; z_j ~ N(a_j x, v_j); p(x|z) = N(b·z, 1)."""
    d = len(encode)
    encoder = nn.Linear(1, 2 * d)
    encoder.weight.data = torch.tensor([*encode, *[0.0] * d])[:, None]
    encoder.bias.data = torch.tensor([*[0.0] * d, *log_variance])
    decoder = nn.Linear(d, 1, bias=False)
    decoder.weight.data = torch.tensor([decode])
    model = VAE(
        Encoder(nn.Sequential(nn.Flatten(), encoder), "log_variance"),
        Decoder(
            nn.Sequential(decoder, nn.Unflatten(1, (1, 1, 1))),
            module_of("gaussian_fixed_sigma_1", (1, 1, 1)),
            torch.zeros(1, 1, 1),
        ),
        latent_dim=d,
    )
    return model.requires_grad_(False)


def ablated(model: VAE, x: Tensor, active: list[bool]) -> Tensor:
    return ablation_change(model, x, model.encode_all(x).double(), torch.tensor(active), seed=0)


def test_ablating_a_dimension_that_is_the_prior_changes_nothing(pixels):
    model = linear([0.9, 0.0], [-2.0, 0.0], [1.0, 1.0])
    assert torch.equal(ablated(model, pixels, [True, False]), torch.zeros(2300))


def test_ablating_a_dimension_that_is_not_decoded_changes_nothing(pixels):
    model = linear([0.9, 0.5], [-2.0, -1.0], [1.0, 0.0])
    assert ablated(model, pixels, [True, False]).abs().max() < 1e-5


def test_ablating_an_active_dimension_costs_what_it_should(pixels):
    a, v, b = 0.9, np.exp(-2.0), 0.8
    change = ablated(linear([a], [-2.0], [b]), pixels, [False])
    # E(x - b z)² / 2 with z ~ N(0, 1) instead of N(a x, v), where x has variance 1
    exact = 0.5 * ((1 + b**2) - ((1 - a * b) ** 2 + b**2 * v))
    assert change.mean().item() == pytest.approx(exact, abs=4 * change.std().item() / 2300**0.5)


def test_the_change_by_ablation_is_that_of_the_inactive_dimensions(pixels):
    model = linear([0.9, 0.05], [-2.0, -1.0], [1.0, 1.0])  # the second has variance 0.0025
    estimate = measured(model, pixels)["ablation_change"]
    change = ablated(model, spaced(pixels), [True, False])
    assert estimate.value == pytest.approx(change.mean().item())
    assert estimate.value > 10 * estimate.se > 0


@pytest.mark.parametrize("b", [0.5, 1.0, 0.0])
def test_variance_kept_by_linear_reconstructions(pixels, b):
    share = reconstruction_variance(linear([1.0], [0.0], [b]), pixels, pixels.view(-1, 1))
    assert share == pytest.approx(b**2, rel=1e-5)


@pytest.mark.parametrize(
    ("encode", "decode", "collapsed"),
    [(1.0, 0.5, 0), (1.0, 0.11, 0), (1.0, 0.09, 1), (0.09, 1.0, 1), (0.0, 1.0, 1), (1.0, 0.0, 1)],
)
def test_collapsed_without_active_units_or_with_all_images_alike(
    pixels, encode, decode, collapsed
):
    metrics = measured(linear([encode], [-4.0], [decode]), pixels)
    assert metrics["collapsed"].value == collapsed


def test_metrics_of_a_collapsed_posterior(pixels):
    metrics = measured(linear([0.0, 0.0], [0.0, 0.0], [0.0, 0.0]), pixels)
    assert metrics["mutual_information"].value == pytest.approx(0, abs=1e-12)
    assert metrics["marginal_kl"].value == pytest.approx(0, abs=1e-12)
    assert metrics["mutual_information_saturated"].value == 0
    assert metrics["dimensions_unlike_prior"].value == 0
    assert metrics["ablation_change"].value == 0


def test_metrics_of_codes_without_noise(pixels):
    metrics = measured(linear([1.0, 5.0], [-30.0, -30.0], [0.5, 0.0]), pixels)
    assert metrics["mutual_information_ceiling"].value == pytest.approx(np.log(2000))
    assert metrics["mutual_information"].value == pytest.approx(np.log(2000), abs=1e-3)
    assert metrics["mutual_information_saturated"].value == 1
    assert metrics["dimensions_unlike_prior"].value == 0.5  # 5 x is too wide, x is N(0, 1)


def test_an_autoencoder_has_only_the_metrics_that_need_no_prior(pixels):
    metrics = measured(known(Autoencoder), pixels)
    assert set(metrics) == {"active_units", "reconstruction_variance", "collapsed"}


def test_dimensions_of_the_aggregate_posterior(pixels):
    table = latent_dimensions(known(), pixels, seed=0)
    codes = np.exp(LOG_VARIANCES.numpy()) + STANDARD_DEVIATIONS.numpy() ** 2
    np.testing.assert_allclose(table.aggregate_mean, 3.0, atol=0.1)
    np.testing.assert_allclose(table.aggregate_variance, codes, rtol=0.12)
    assert (table.ks_statistic > 0.8).all()  # three standard deviations off
    assert (table.ks_p_value < 1e-9).all()


def test_dimensions_of_an_autoencoder_are_compared_with_no_prior(pixels):
    table = latent_dimensions(known(Autoencoder), pixels, seed=0)
    np.testing.assert_allclose(table.aggregate_variance, table.variance, rtol=0.05, atol=1e-9)
    assert table[["kl", "ks_statistic", "ks_p_value"]].isna().all(axis=None)


def test_the_two_parts_sum_to_the_rate_of_trained_models(found):
    metrics, _, tables = found
    keys = ["beta", "seed"]
    rates = tables["dimensions"].query("model == 'vae'").groupby(keys)["kl"].sum().astype(float)
    wide = metrics.query("model == 'vae'").pivot(index=keys, columns="metric", values="value")
    np.testing.assert_allclose(wide.mutual_information + wide.marginal_kl, rates, atol=0.06)
    assert (wide.mutual_information <= np.log(382)).all()
    assert wide.mutual_information_ceiling.eq(np.log(382)).all()


def test_the_seed_decides_the_codes(trained, digits, found):
    again, other = (evaluate(trained, digits, CPU, seed) for seed in (0, 1))
    table = found.table
    assert table.equals(again.table)
    assert found.tables["dimensions"].equals(again.tables["dimensions"])
    different = table.value != other.table.value
    assert set(table.metric[different]) >= {"mutual_information", "marginal_kl"}


@pytest.mark.parametrize("spread", [0.3, 1.0, 2.0])
def test_the_marginal_divergence_lies_between_its_bounds(spread):
    """Codes N(spread x, 0.25) of x ~ N(0, 1): q(z) is the normal distribution with both."""
    x = torch.randn(3000, 1, 1, 1)
    model = linear([spread], [math.log(0.25)], [1.0])
    train, test = x.split(1500)
    variance = spread**2 + 0.25
    exact = 0.5 * (variance - 1 - math.log(variance))
    lower = marginal_kl_lower(model, train, test, 0)
    upper = measured(model, test)["marginal_kl"]
    assert exact - 0.05 - 3 * lower.se < lower.value < exact + 3 * lower.se
    assert exact - 3 * upper.se < upper.value


def test_nothing_is_known_to_be_wrong_with_codes_that_are_the_prior():
    x = torch.randn(2000, 1, 1, 1)
    model = linear([0.0], [0.0], [1.0])
    found = marginal_kl_lower(model, *x.split(1000), 0)
    assert found.value == 0 and found.se == 0
