"""Reconstructions and their error."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from every_likelihood import module_of
from torch import nn

from vae.configuration.sweep import Cell
from vae.evaluation.images import evaluate, measure_images, reconstructions
from vae.evaluation.spectra import mean_spectrum
from vae.models import VAE, Autoencoder, Decoder, Encoder

CPU = torch.device("cpu")
AUTOENCODER, VAE_CELL = Cell("ae", 0.0, 0), Cell("vae", 0.5, 0)


def autoencoder_by_hand(model, x: np.ndarray) -> np.ndarray:
    """The autoencoder's output in plain numpy: x -> relu -> code -> relu -> sigmoid."""
    w = {name: value.double().numpy() for name, value in model.state_dict().items()}
    e, d = "encoder.network.", "decoder.network."
    hidden = x.reshape(len(x), -1) @ w[f"{e}1.weight"].T + w[f"{e}1.bias"]
    code = (np.maximum(hidden, 0) @ w[f"{e}3.weight"].T + w[f"{e}3.bias"])[:, :3]
    hidden = np.maximum(code @ w[f"{d}0.weight"].T + w[f"{d}0.bias"], 0)
    logits = (hidden @ w[f"{d}2.weight"].T).reshape(x.shape) + w["decoder.bias"]
    return 1 / (1 + np.exp(-logits))


def identity(kind: type[VAE], log_variance: float) -> VAE:
    """Codes are the 64 pixels; decoding returns them."""
    encoder, decoder = nn.Linear(64, 128), nn.Linear(64, 64, bias=False)
    encoder.weight.data = torch.cat([torch.eye(64), torch.zeros(64, 64)])
    encoder.bias.data = torch.cat([torch.zeros(64), torch.full((64,), log_variance)])
    decoder.weight.data = torch.eye(64)
    decoder = nn.Sequential(decoder, nn.Unflatten(1, (1, 8, 8)))
    return kind(
        Encoder(nn.Sequential(nn.Flatten(), encoder), "log_variance"),
        Decoder(decoder, module_of("gaussian_fixed_sigma_0.1", (1, 8, 8)), torch.zeros(1, 8, 8)),
        latent_dim=64,
    )


@pytest.fixture
def unseen(digits):
    return digits.unit("test")


def test_an_autoencoder_reconstructs_without_noise(trained, unseen):
    model = trained.model(AUTOENCODER)
    first, second = (reconstructions(model, unseen, seed) for seed in (0, 1))
    assert torch.equal(first, second)
    by_hand = autoencoder_by_hand(model, unseen.double().numpy())
    np.testing.assert_allclose(first, by_hand, atol=1e-5)


def test_a_vae_reconstructs_from_a_sampled_code(trained, unseen):
    model = trained.model(VAE_CELL)
    first, again, other = (reconstructions(model, unseen, seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.allclose(first, model.decode(model.encode(unseen).mean).mean, atol=1e-3)


def test_the_codes_have_the_posterior_s_spread():
    x = torch.rand(2300, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    errors = reconstructions(identity(VAE, log_variance=-2.0), x, seed=0) - x
    assert errors.mean().item() == pytest.approx(0, abs=5e-3)
    assert errors.std().item() == pytest.approx(np.exp(-1.0), rel=0.01)
    assert not torch.allclose(errors[:1000], errors[1000:2000], atol=0.1)


@pytest.mark.parametrize("kind", [VAE, Autoencoder])
def test_an_identity_is_reconstructed_in_order(kind):
    x = torch.rand(2300, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(reconstructions(identity(kind, -30.0), x, seed=0), x)


def test_the_mean_code_spares_the_noise_of_the_sampled_one():
    """A decoder that returns its codes: the sampled code costs its variance, the mean nothing."""
    x = torch.rand(2300, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    metrics, _ = measure_images(identity(VAE, log_variance=-2.0), x, seed=0)
    assert metrics["mse_mean"].value == pytest.approx(0, abs=1e-12)
    assert metrics["mse"].value == pytest.approx(np.exp(-2.0), rel=0.02)


def test_an_autoencoder_has_one_code_and_one_error(trained, unseen):
    metrics, _ = measure_images(trained.model(AUTOENCODER), unseen, seed=0)
    assert metrics["mse_mean"].value == metrics["mse"].value > 0


@pytest.mark.parametrize("copies", [1, 3])  # three copies of 382 images exceed one batch of 1000
def test_mse_is_the_mean_over_all_pixels_of_all_test_images(trained, digits, copies):
    images = {**digits.images, "test": digits.images["test"].repeat(copies, 1, 1, 1)}
    table = evaluate(trained, replace(digits, images=images), CPU, seed=0).table
    x = images["test"].double().numpy() / 16
    for cell in (Cell("ae", 0.0, seed) for seed in (0, 1)):
        row = table.query(f"metric == 'mse' and model == 'ae' and seed == {cell.seed}").squeeze()
        per_image = ((autoencoder_by_hand(trained.model(cell), x) - x) ** 2).mean((1, 2, 3))
        assert row["value"] == pytest.approx(per_image.mean(), rel=1e-5)
        assert row["se"] == pytest.approx(per_image.std(ddof=1) / np.sqrt(382 * copies), rel=1e-5)


def test_every_cell_has_an_error_below_that_of_the_mean_image(trained, digits):
    table = evaluate(trained, digits, CPU, seed=0).table.query("metric == 'mse'")
    assert len(table) == len(trained.cells)
    baseline = (digits.unit("test") - digits.mean_image()).square().mean().item()
    assert (table["value"] < 1.02 * baseline).all()
    assert (table.query("model == 'ae'")["value"] < 0.8 * baseline).all()


def test_the_spectra_are_those_of_the_images_and_of_every_cell(trained, digits, unseen):
    spectra = evaluate(trained, digits, CPU, seed=0).tables["spectra"]
    assert spectra.groupby(["model", "beta", "seed"]).ngroups == 1 + len(trained.cells)
    for cell in (Cell("data", 0.0, 0), AUTOENCODER, VAE_CELL):
        rows = spectra.query(f"model == '{cell.model}' and beta == {cell.beta} and seed == 0")
        data = cell.model == "data"
        x = unseen if data else reconstructions(trained.model(cell), unseen, 0)
        np.testing.assert_allclose(rows.frequency, np.arange(5) / 8)
        np.testing.assert_allclose(rows.power, mean_spectrum(x).power)


@pytest.mark.parametrize("kind", [VAE, Autoencoder])
def test_an_identity_loses_no_energy(kind, unseen):
    metrics, spectrum = measure_images(identity(kind, -30.0), unseen, seed=0)
    assert metrics["high_frequency_energy"].value == pytest.approx(1, rel=1e-4)
    np.testing.assert_allclose(spectrum.power, mean_spectrum(unseen).power, rtol=1e-4)


def test_short_training_blurs(trained, digits):
    table = evaluate(trained, digits, CPU, seed=0).table
    rows = table.query("metric == 'high_frequency_energy'")
    assert len(rows) == len(trained.cells)
    assert rows.value.between(0.05, 0.95).all() and (rows.se < 0.05).all()
