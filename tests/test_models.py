import json
import math
import shutil
from dataclasses import replace

import pytest
import torch
from every_likelihood import DENSITIES, mean_tolerance
from safetensors.torch import save_file
from torch import Tensor, nn

from vae import models
from vae.configuration.sweep import SCALE_READINGS, Cell, Likelihood, Network, Sweep
from vae.distributions import DiagonalGaussian, PointMass
from vae.files import note, write_json, write_text
from vae.models import VAE, Encoder, TrainedSweep, as_kind, build_model, initial_model, load_model
from vae.objectives import rate

LEVELS = 17
SHAPES = [(1, 8, 8), (3, 8, 8), (1, 28, 28), (3, 28, 28), (1, 32, 32), (3, 32, 32)]
NETWORKS = [Network("mlp", (16, 8)), Network("conv", (4, 6)), Network("linear", ())]


def grey_images(*shape: int) -> Tensor:
    k = torch.randint(0, LEVELS, shape, generator=torch.Generator().manual_seed(0))
    return k / (LEVELS - 1)


def make_model(sweep: Sweep, shape: tuple[int, int, int], seed: int = 0) -> VAE:
    mean_image = torch.linspace(0, 1, math.prod(shape)).reshape(shape)
    return initial_model(sweep, mean_image, LEVELS, torch.Generator().manual_seed(seed))


# The encoder's scale


def inverse_softplus(y: Tensor) -> Tensor:
    return y + torch.log(-torch.expm1(-y))


RAW = {
    "variance": inverse_softplus,
    "standard_deviation": lambda v: inverse_softplus(v.sqrt()),
    "log_variance": torch.log,
    "log_standard_deviation": lambda v: 0.5 * v.log(),
    "precision": lambda v: inverse_softplus(1 / v),
}


def posterior(reading: str, mean: Tensor, raw: Tensor) -> DiagonalGaussian:
    return Encoder(nn.Identity(), reading)(torch.cat([mean, raw], dim=-1))


@pytest.mark.parametrize("reading", SCALE_READINGS)
def test_scale_readings_describe_the_same_distribution(reading):
    variance = torch.logspace(-8, 4, 25, dtype=torch.float64)[None]
    mean = torch.linspace(-3, 3, 25, dtype=torch.float64)[None]
    q = posterior(reading, mean, RAW[reading](variance))
    expected = torch.distributions.Normal(mean, variance.sqrt())
    prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    z = mean + variance.sqrt()
    torch.testing.assert_close(q.variance, variance, rtol=1e-6, atol=0)
    torch.testing.assert_close(q.std, variance.sqrt(), rtol=1e-6, atol=0)
    torch.testing.assert_close(q.log_prob(z), expected.log_prob(z).sum(-1), rtol=1e-6, atol=0)
    kl = torch.distributions.kl_divergence(expected, prior)
    torch.testing.assert_close(q.kl_per_dimension(), kl, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("reading", SCALE_READINGS)
@pytest.mark.parametrize("value", [-1e3, -100.0, -20.0, -15.0, 0.0, 15.0, 20.0, 100.0, 1e3])
def test_scale_is_positive_and_has_finite_gradients_at_extremes(reading, value):
    raw = torch.full((1, 3), value, requires_grad=True)
    q = posterior(reading, torch.zeros(1, 3), raw)
    z = q.rsample(torch.ones(1, 3))
    (rate(q) + z.square().sum() + q.log_prob(z)).sum().backward()
    assert (q.std > 0).all()
    assert rate(q).isfinite().all()
    assert q.log_prob(z).isfinite().all()
    assert raw.grad.isfinite().all()


@pytest.mark.parametrize("reading", SCALE_READINGS)
def test_scale_is_smooth_and_monotone_in_the_raw_value(reading):
    raw = torch.linspace(-20, 20, 4001, dtype=torch.float64)[None].requires_grad_()
    log_variance = posterior(reading, torch.zeros_like(raw), raw).log_variance
    steps = log_variance.diff() * (-1 if reading == "precision" else 1)
    inside = log_variance[:, 1:].abs() < 30
    assert (steps[inside] > 0).all()
    assert steps.abs().max() < 0.021


# Encoder and decoder together


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n.name)
@pytest.mark.parametrize("latent_dim", [1, 7])
def test_every_network_takes_every_image_and_latent_size(make_sweep, shape, network, latent_dim):
    model = make_model(make_sweep(network=network, latent_dim=latent_dim), shape)
    x = grey_images(2, *shape)
    distortion, rate = model(x, torch.randn(2, latent_dim))
    assert distortion.shape == rate.shape == (2,)
    assert model.encode(x).mean.shape == model.encode(x).std.shape == (2, latent_dim)
    assert model.decode(torch.randn(5, 2, latent_dim)).mean.shape == (5, 2, *shape)


@pytest.mark.parametrize("likelihood", DENSITIES, ids=lambda one: one.slug)
@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n.name)
@pytest.mark.parametrize("channels", [1, 3])
def test_decoder_starts_at_the_training_mean(make_sweep, likelihood, network, channels):
    model = make_model(make_sweep(network=network, likelihood=likelihood), (channels, 8, 8))
    expected = torch.linspace(0, 1, channels * 64).reshape(channels, 8, 8)
    mean = model.decode(torch.zeros(3)).mean
    torch.testing.assert_close(mean, expected, atol=mean_tolerance(likelihood), rtol=0)


@pytest.mark.parametrize("likelihood", DENSITIES, ids=lambda one: one.slug)
@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n.name)
@pytest.mark.parametrize("channels", [1, 3])
def test_gradients_reach_every_parameter(make_sweep, likelihood, network, channels):
    sweep = make_sweep(network=network, likelihood=likelihood)
    model = make_model(sweep, (channels, 8, 8))
    noise = torch.randn(40, 3, generator=torch.Generator().manual_seed(2))
    distortion, rate = model(grey_images(40, channels, 8, 8), noise)
    (distortion + rate).mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


@pytest.mark.parametrize("likelihood", DENSITIES, ids=lambda one: one.slug)
def test_a_few_steps_lower_the_objective(make_sweep, likelihood):
    model = make_model(make_sweep(likelihood=likelihood), (1, 8, 8))
    x, noise = grey_images(40, 1, 8, 8), torch.zeros(40, 3)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    objectives = []
    for _ in range(20):
        optimiser.zero_grad()
        objective = sum(model(x, noise)).mean()
        objective.backward()
        optimiser.step()
        objectives.append(objective.item())
    assert objectives[-1] < objectives[0]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n.name)
def test_terms_of_an_image_do_not_depend_on_its_batch(make_sweep, network):
    model = make_model(make_sweep(network=network), (1, 8, 8))
    x, noise = grey_images(5, 1, 8, 8), torch.randn(5, 3)
    whole, part = model(x, noise), model(x[3:4], noise[3:4])
    for a, b in zip(whole, part, strict=True):
        torch.testing.assert_close(a[3:4], b)


@pytest.mark.parametrize("count", [1, 999, 1000, 2001])
def test_any_number_of_images_and_codes(make_sweep, monkeypatch, count):
    for name in ("AT_ONCE", "LEAST_CODES"):
        monkeypatch.setattr(models, name, 500)
    monkeypatch.setattr(models, "DECODED_FLOATS", 1)
    model, x = make_model(make_sweep(), (1, 8, 8)), grey_images(count, 1, 8, 8)
    q, z = model.encode_all(x), torch.randn(2, count, 3)
    assert not q.mean.requires_grad
    torch.testing.assert_close(q.mean, model.encode(x).mean.detach())
    torch.testing.assert_close(q.log_variance, model.encode(x).log_variance.detach())
    mean = model.decode_all(z[0], lambda p: p.mean)
    torch.testing.assert_close(mean, model.decode(z[0]).mean.detach())
    log_prob = model.decode_all(z, lambda p, x: p.log_prob(x).sum(0), x)
    torch.testing.assert_close(log_prob, model.decode(z).log_prob(x).sum(0).detach())


def test_an_autoencoder_encodes_all_images_to_points(make_sweep):
    autoencoder = as_kind(make_model(make_sweep(), (1, 8, 8)), "ae")
    codes, x = autoencoder.encode_all(grey_images(5, 1, 8, 8)), grey_images(5, 1, 8, 8)
    assert isinstance(codes, PointMass)
    torch.testing.assert_close(codes.mean, autoencoder.encoder(x).mean.detach())


def test_noise_moves_the_code(make_sweep):
    model = make_model(make_sweep(), (1, 8, 8))
    x = grey_images(5, 1, 8, 8)
    (a, rate), (b, same) = (model(x, torch.full((5, 3), v)) for v in (0.0, 2.0))
    assert (a != b).all()
    assert torch.equal(rate, same)


def test_codes_with_more_batch_dimensions_decode_alike(make_sweep):
    model = make_model(make_sweep(), (1, 8, 8))
    z = torch.randn(4, 5, 3)
    one_by_one = torch.stack([model.decode(part).mean for part in z])
    torch.testing.assert_close(model.decode(z).mean, one_by_one)


def test_weights_come_from_the_generator_alone(make_sweep):
    a, b, c = (make_model(make_sweep(), (1, 8, 8), seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert any(not torch.equal(a[name], c[name]) for name in a)


@pytest.mark.parametrize(
    ("shape", "hidden"), [((1, 8, 8), (2, 2, 2, 2)), ((1, 28, 28), (2, 2, 2))]
)
def test_conv_on_a_size_it_cannot_halve(make_sweep, input_error, shape, hidden):
    sweep = make_sweep(network=Network("conv", hidden))
    with input_error("networks.conv.hidden", sweep.dataset, f"{shape[1]}x{shape[2]}"):
        build_model(sweep, torch.zeros(shape), LEVELS)


# Loading


@pytest.fixture
def saved(make_sweep, tmp_path):
    """A sweep's folder as training leaves it, and the models whose weights are in it."""
    sweep = make_sweep(likelihood=Likelihood("gaussian_learned_sigma"))
    models = {cell: make_model(sweep, (1, 8, 8), seed) for seed, cell in enumerate(sweep.cells)}
    states = [model.state_dict() for model in models.values()]
    stacked = {name: torch.stack([state[name] for state in states]) for name in states[0]}
    stacked["decoder.likelihood.log_sigma"] = torch.linspace(-2, 0, len(models))
    save_file(stacked, tmp_path / "weights.safetensors")
    for i, model in enumerate(models.values()):
        model.decoder.likelihood.log_sigma.data = stacked["decoder.likelihood.log_sigma"][i]
    cells = [
        {"model": c.model, "beta": c.beta, "seed": c.seed, "status": "trained"} for c in models
    ]
    cells[-1]["status"] = "diverged"
    record = {"sweep": sweep.to_dict(), "levels": LEVELS, "shape": [1, 8, 8], "cells": cells}
    write_json(tmp_path / "sweep.json", record)
    return tmp_path, models


def assert_same(loaded: VAE, model: VAE) -> None:
    x, z = grey_images(4, 1, 8, 8), torch.linspace(-2, 2, 12).reshape(4, 3)
    torch.testing.assert_close(loaded.encode(x).mean, model.encode(x).mean)
    torch.testing.assert_close(loaded.decode(z).log_prob(x), model.decode(z).log_prob(x))


def test_every_cell_comes_back_as_it_was(saved):
    directory, models = saved
    sweep = TrainedSweep(directory)
    assert tuple(sweep.cells) == tuple(models) == sweep.sweep.cells
    for cell, model in models.items():
        assert_same(sweep.model(cell), model)


def test_load_model_by_beta_and_seed(saved):
    directory, models = saved
    assert_same(load_model(directory, beta=0.5, seed=1), models[Cell("vae", 0.5, 1)])
    assert_same(load_model(str(directory)), models[Cell("vae", 1.0, 0)])
    assert_same(load_model(directory, beta=1, seed=1), models[Cell("vae", 1.0, 1)])


def test_load_model_of_an_autoencoder(saved):
    directory, models = saved
    loaded = load_model(directory, model="ae", beta=7.0, seed=1)
    assert_same(loaded, models[Cell("ae", 0.0, 1)])
    assert isinstance(loaded.encode(grey_images(1, 1, 8, 8)), PointMass)
    assert isinstance(load_model(directory).encode(grey_images(1, 1, 8, 8)), DiagonalGaussian)


def test_loaded_model_is_for_evaluation(saved):
    loaded = load_model(saved[0])
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())


def test_diverged_cells_are_known(saved):
    directory, models = saved
    sweep = TrainedSweep(directory)
    assert [sweep.diverged(cell) for cell in models] == [False] * (len(models) - 1) + [True]


@pytest.mark.parametrize("choice", [{"beta": 3.0}, {"seed": 9}, {"model": "ae", "seed": 9}])
def test_missing_cell_is_named_beside_those_that_exist(saved, input_error, choice):
    wanted = Cell(**({"model": "vae", "beta": 1.0, "seed": 0} | choice))
    with input_error(saved[0], wanted.slug, "vae_beta_0.5_seed_1", "ae_seed_0"):
        load_model(saved[0], **choice)


def test_missing_directory(tmp_path, input_error):
    with input_error(tmp_path / "none"):
        load_model(tmp_path / "none")


def test_damaged_record(saved, input_error):
    write_text(saved[0] / "sweep.json", "{")
    with input_error(saved[0] / "sweep.json"):
        load_model(saved[0])


def test_missing_weights(saved, input_error):
    (saved[0] / "weights.safetensors").unlink()
    with input_error(saved[0]):
        load_model(saved[0])


# Integrity


@pytest.fixture
def copied(trained, tmp_path):
    """The trained sweep in a folder that may be damaged."""
    shutil.copytree(trained.directory, tmp_path / "copy")
    return tmp_path / "copy"


def flip_last_bit(path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def test_a_copy_is_as_good(copied, trained):
    assert set(TrainedSweep(copied).cells) == set(trained.cells)


@pytest.mark.parametrize("with_note", [True, False])
def test_a_flipped_bit_in_the_weights_is_noticed(copied, input_error, with_note):
    weights = copied / "weights.safetensors"
    flip_last_bit(weights)
    if not with_note:  # the record has the digest too
        note(weights).unlink()
    with input_error(weights):
        TrainedSweep(copied)


@pytest.mark.parametrize(
    "content", [b"", b"garbage" * 20, b"\xff" * 100, b"{}"], ids=["empty", "text", "bytes", "json"]
)
@pytest.mark.parametrize("name", ["weights.safetensors", "sweep.json"])
def test_files_of_another_kind(copied, input_error, name, content):
    note(copied / name).unlink()
    (copied / name).write_bytes(content)
    with input_error(copied / name):
        TrainedSweep(copied)


def test_weights_of_another_training(copied, input_error):
    save_file({"a": torch.zeros(6)}, copied / "weights.safetensors")
    note(copied / "weights.safetensors").unlink()
    with input_error(copied / "weights.safetensors", "record"):
        TrainedSweep(copied)


def test_a_record_whose_cells_are_not_those_of_its_sweep(copied, input_error):
    record = json.loads((copied / "sweep.json").read_text())
    write_json(copied / "sweep.json", record | {"cells": record["cells"][:-1]})
    with input_error("sweep.json", "cells"):
        TrainedSweep(copied)


def test_the_wrong_dataset_is_refused_by_name_and_digest(trained, digits, input_error):
    trained.expect(digits)
    with input_error("digits_static", "digits"):
        trained.expect(replace(digits, name="digits_static"))
    digests = dict.fromkeys(("train", "validation", "test"), "0123456789abcdef")
    with input_error("01234567", digits.provenance["sha256"]["test"][:8]):
        trained.expect(replace(digits, provenance={"sha256": digests}))
