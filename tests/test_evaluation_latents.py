"""Active units and divergences of models whose codes are known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vae.evaluation.latents import code_statistics, evaluate, measure_latents
from vae.evaluation.likelihood import evaluate as evaluate_likelihood
from vae.likelihoods import BernoulliFamily
from vae.models import VAE, Autoencoder, Decoder, Encoder

CPU = torch.device("cpu")
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
        Decoder(decoder, BernoulliFamily(), torch.full((1, 1, 1), 0.5)),
        latent_dim=5,
    )


@pytest.fixture
def pixels() -> Tensor:
    """2,300 images of one pixel with mean 0 and variance 1: more than two batches."""
    x = torch.randn(2300, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return ((x - x.mean()) / x.std()).float().view(-1, 1, 1, 1)


@pytest.mark.parametrize("kind", [VAE, Autoencoder])
def test_units_are_active_whose_mean_varies(pixels, kind):
    assert measure_latents(known(kind), pixels)["active_units"].value == 3


def test_a_constant_code_has_no_active_units(pixels):
    assert measure_latents(known(), torch.zeros_like(pixels))["active_units"].value == 0


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


def test_divergences_of_the_dimensions_sum_to_the_rate(trained, digits):
    _, dimensions = evaluate(trained, digits, CPU)
    sums = dimensions.query("model == 'vae'").groupby(["beta", "seed"])["kl"].sum().astype(float)
    table = evaluate_likelihood(trained, digits, samples=1, images=0, seed=0, device=CPU)
    rates = table.query("metric == 'rate'").set_index(["beta", "seed"])["value"]
    assert len(sums) == 4
    np.testing.assert_allclose(sums, rates.loc[sums.index], rtol=1e-5)


def test_the_table_of_dimensions_has_every_dimension_of_every_cell(trained, digits):
    _, dimensions = evaluate(trained, digits, CPU)
    counts = dimensions.groupby(["model", "beta", "seed"])["dimension"].agg(list)
    assert len(counts) == len(trained.cells)
    assert all(indices == [0, 1, 2] for indices in counts)
    assert dimensions.query("model == 'ae'")["kl"].isna().all()
    assert dimensions.query("model == 'vae'")["kl"].notna().all()


def test_active_units_are_counted_on_all_test_images_and_those_alone(trained, digits):
    metrics, dimensions = evaluate(trained, digits, CPU)
    x = digits.images["test"].float() / 16
    for cell in trained.cells:
        means = trained.model(cell).encoder.network(x)[:, :3].double()
        chosen = f"model == '{cell.model}' and beta == {cell.beta} and seed == {cell.seed}"
        value = metrics.query(f"{chosen} and metric == 'active_units'")["value"].item()
        assert value == (means.var(0) > 0.01).sum().item()
        variances = dimensions.query(chosen)["variance"]
        np.testing.assert_allclose(variances, means.var(0), rtol=1e-4)


def test_other_splits_do_not_matter(trained, digits):
    blank = torch.zeros_like(digits.images["train"])
    dataset = replace(digits, images={**digits.images, "train": blank, "validation": blank})
    for a, b in zip(evaluate(trained, digits, CPU), evaluate(trained, dataset, CPU), strict=True):
        assert a.equals(b)
