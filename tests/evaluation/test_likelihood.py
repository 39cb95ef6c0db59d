"""Likelihood estimates against models whose log p(x) is known, and against sums by hand."""

import math
from dataclasses import replace

import pytest
import torch
from every_likelihood import module_of
from torch import Tensor, nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy_with_logits

from vae import models
from vae.configuration.sweep import Cell
from vae.distributions import DiagonalGaussian
from vae.evaluation import importance
from vae.evaluation.gaps import best_factorised, measured_elbo
from vae.evaluation.importance import (
    Mixture,
    importance_weights,
    local_weights,
    student_t,
)
from vae.evaluation.likelihood import (
    evaluate,
    evenly,
    exact_likelihood,
    gaps,
    probability_of_levels,
)
from vae.models import VAE, Decoder, Encoder
from vae.objectives import rate

CPU = torch.device("cpu")
VAE_CELL = Cell("vae", 1.0, 0)
SHAPE, PIXEL_COUNT, SIGMA = (1, 2, 3), 6, 0.5
LOADINGS = torch.tensor(  # W: orthogonal columns, so that the posterior is diagonal
    [[0.5, 0.3], [0.5, -0.3], [0.5, 0.3], [-0.5, 0.3], [0.0, 0.4], [0.0, 0.0]]
)
OFFSET = torch.tensor([0.2, 0.4, 0.6, 0.3, 0.1, 0.5])
CUTS = [1, 4 * PIXEL_COUNT, 3 * 10 * PIXEL_COUNT, 2**18]  # of decoding 10 images


def cut_after(monkeypatch: pytest.MonkeyPatch, decoded_floats: int) -> None:
    """Decode so many outputs at once, however few codes that are."""
    monkeypatch.setattr(models, "DECODED_FLOATS", decoded_floats)
    monkeypatch.setattr(models, "LEAST_CODES", 1)


class RecordingVAE(VAE):
    """Remembers every code that it decodes."""

    def decode(self, z: Tensor):
        self.__dict__.setdefault("decoded", []).append(z)
        return super().decode(z)


def posterior_variance() -> Tensor:
    return 1 / (1 + LOADINGS.square().sum(0) / SIGMA**2)


def linear_gaussian(shift: float = 0.0, scale: float = 1.0) -> RecordingVAE:
    """x = W z + b + σ ε; q(z|x) is the exact posterior, moved by ``shift`` and ``scale``d."""
    encoder, decoder = nn.Linear(PIXEL_COUNT, 4), nn.Linear(2, PIXEL_COUNT, bias=False)
    variance = posterior_variance()
    to_mean = variance[:, None] * LOADINGS.T / SIGMA**2
    log_variance = variance.log() + 2 * math.log(scale)
    encoder.weight.data = torch.cat([to_mean, torch.zeros_like(to_mean)])
    encoder.bias.data = torch.cat([shift - to_mean @ OFFSET, log_variance])
    decoder.weight.data = LOADINGS.clone()
    return RecordingVAE(
        Encoder(nn.Sequential(nn.Flatten(), encoder), "log_variance"),
        Decoder(
            nn.Sequential(decoder, nn.Unflatten(1, SHAPE)),
            module_of(f"gaussian_fixed_sigma_{SIGMA}", SHAPE),
            OFFSET.view(SHAPE),
        ),
        latent_dim=2,
    ).requires_grad_(False)


def draw_images(count: int) -> Tensor:
    stream = torch.Generator().manual_seed(7)
    z = torch.randn(count, 2, generator=stream)
    x = z @ LOADINGS.T + OFFSET + SIGMA * torch.randn(count, PIXEL_COUNT, generator=stream)
    return x.view(count, *SHAPE)


def exact_log_likelihood(x: Tensor) -> Tensor:
    w = LOADINGS.double()
    covariance = w @ w.T + SIGMA**2 * torch.eye(PIXEL_COUNT).double()
    return MultivariateNormal(OFFSET.double(), covariance).log_prob(x.flatten(1).double())


def log_weights_by_hand(model: RecordingVAE, x: Tensor) -> Tensor:
    """log p(x|z) + log p(z) - log q(z|x) of all decoded codes, in double precision: (K, N)."""
    z = torch.cat(model.decoded).double()
    mean, log_variance = model.encoder.network(x).double().chunk(2, 1)
    q = Normal(mean, (0.5 * log_variance).exp())
    p = Normal(z @ LOADINGS.T.double() + OFFSET.double(), SIGMA)
    prior = Normal(torch.zeros(2).double(), 1.0)
    log_p = p.log_prob(x.flatten(1).double()).sum(-1)
    return log_p + prior.log_prob(z).sum(-1) - q.log_prob(z).sum(-1)


@pytest.mark.parametrize("samples", [1, 2, 3, 7, 64])
def test_with_the_exact_posterior_every_weight_is_the_likelihood(samples):
    x = draw_images(50)
    weights = importance_weights(linear_gaussian(), x, samples, seed=0)
    estimate = weights.log_likelihood().double()
    torch.testing.assert_close(estimate, exact_log_likelihood(x), atol=1e-4, rtol=0)
    effective = weights.effective_sample_size().double()
    torch.testing.assert_close(effective, torch.full_like(effective, samples), rtol=1e-4, atol=0)


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.4, 1.0), (0.0, 1.5), (-0.3, 1.2)])
def test_the_elbo_falls_short_by_the_divergence_from_the_posterior(shift, scale):
    x, model = draw_images(200), linear_gaussian(shift, scale)
    weights = importance_weights(model, x, 4000, seed=0)
    elbo = -(weights.distortion + rate(model.encode(x))).mean()
    std = posterior_variance().sqrt()
    gap = kl_divergence(Normal(shift, scale * std), Normal(0.0, std)).sum()
    expected = exact_log_likelihood(x).mean() - gap
    assert elbo.item() == pytest.approx(expected.item(), abs=0.01)


def test_the_bound_rises_with_the_samples_to_the_exact_value():
    x, model = draw_images(400), linear_gaussian(shift=0.4, scale=1.4)
    exact = exact_log_likelihood(x).mean().item()
    bounds = [
        importance_weights(model, x, samples, seed=1).log_likelihood().mean().item()
        for samples in (1, 2, 4, 16, 128, 4000)
    ]
    assert bounds == sorted(bounds)
    assert bounds[0] < exact - 0.2
    assert bounds[-2] == pytest.approx(exact, abs=0.02)
    assert bounds[-1] == pytest.approx(exact, abs=0.003)


def test_one_sample_gives_the_single_sample_elbo_of_that_noise():
    x, model = draw_images(30), linear_gaussian(shift=0.4, scale=1.4)
    weights = importance_weights(model, x, 1, seed=3)
    elbo = log_weights_by_hand(model, x)[0]
    torch.testing.assert_close(weights.log_likelihood().double(), elbo, atol=1e-4, rtol=0)
    torch.testing.assert_close(weights.effective_sample_size(), torch.ones(30).double())


def test_sums_equal_those_over_all_weights_by_hand():
    x, model = draw_images(30), linear_gaussian(shift=0.4, scale=1.4)
    weights = importance_weights(model, x, 50, seed=3)
    log_w = log_weights_by_hand(model, x)
    w = log_w.exp()
    effective = w.sum(0).square() / w.square().sum(0)
    torch.testing.assert_close(
        weights.log_likelihood().double(), w.mean(0).log(), atol=1e-4, rtol=0
    )
    torch.testing.assert_close(
        weights.effective_sample_size().double(), effective, rtol=1e-3, atol=0
    )
    largest = log_w.sort(0, descending=True).values[: len(weights.largest)]
    torch.testing.assert_close(weights.largest, largest, atol=1e-4, rtol=0)


@pytest.mark.parametrize("decoded_floats", CUTS)
@pytest.mark.parametrize("samples", [1, 2, 3, 7])
def test_exactly_as_many_samples_are_used_as_asked_for(monkeypatch, samples, decoded_floats):
    cut_after(monkeypatch, decoded_floats)
    x, model = draw_images(10), linear_gaussian()
    importance_weights(model, x, samples, seed=0)
    codes = torch.cat([z.reshape(-1, 2) for z in model.decoded])
    assert len(codes) == samples * 10
    assert len(codes.unique(dim=0)) == samples * 10


@pytest.mark.parametrize("decoded_floats", CUTS)
def test_the_result_does_not_depend_on_how_the_work_is_cut(monkeypatch, decoded_floats):
    x, model = draw_images(10), linear_gaussian(shift=0.4, scale=1.4)
    whole = vars(importance_weights(model, x, 7, seed=0))
    cut_after(monkeypatch, decoded_floats)
    cut = vars(importance_weights(model, x, 7, seed=0))
    for name, expected in whole.items():
        torch.testing.assert_close(cut[name], expected, rtol=1e-5, atol=1e-5)


def test_memory_does_not_grow_with_the_samples(monkeypatch):
    cut_after(monkeypatch, 60)
    x, model = draw_images(10), linear_gaussian()
    for samples in (1, 5, 200):
        weights = importance_weights(model, x, samples, seed=0)
        assert max(total.numel() for total in vars(weights).values()) <= 10 * 50
        assert max(z[..., 0].numel() * PIXEL_COUNT for z in model.decoded) <= 60


def test_of_many_images_few_are_taken_at_once_with_many_samples_each(monkeypatch):
    cut_after(monkeypatch, 20 * PIXEL_COUNT)
    monkeypatch.setattr(importance, "LEAST_SAMPLES", 10)
    x, model = draw_images(100), linear_gaussian()
    importance_weights(model, x, 40, seed=0)
    assert {tuple(z.shape) for z in model.decoded} == {(10, 2, 2)}


@pytest.mark.parametrize("scale", [0.2, 1.0, 3.0])
def test_effective_samples_lie_between_one_and_all(scale):
    weights = importance_weights(linear_gaussian(scale=scale), draw_images(50), 40, seed=0)
    effective = weights.effective_sample_size()
    assert effective.min() > 1 - 1e-3
    assert effective.max() < 40 * (1 + 1e-3)
    assert effective.max() > 39 or scale != 1


def test_many_samples_of_large_likelihoods_do_not_lose_precision(monkeypatch):
    """All weights are one number here, so all averages must be that number, however many."""
    cut_after(monkeypatch, 28 * 28)
    x = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(1)) * 0.3
    encoder, decoder = nn.Linear(784, 4), nn.Linear(2, 784, bias=False)
    for parameter in (encoder.weight, encoder.bias, decoder.weight):
        nn.init.zeros_(parameter)
    decoder = nn.Sequential(decoder, nn.Unflatten(1, (1, 28, 28)))
    model = VAE(
        Encoder(nn.Sequential(nn.Flatten(), encoder), "log_variance"),
        Decoder(
            decoder,
            module_of("gaussian_fixed_sigma_0.1", (1, 28, 28)),
            torch.full((1, 28, 28), 0.15),
        ),
        latent_dim=2,
    )
    weights = importance_weights(model, x, 5000, seed=0)
    exact = Normal(0.15, 0.1).log_prob(x.double()).sum().item()
    assert weights.log_likelihood().item() == pytest.approx(exact, abs=1e-3)
    assert weights.distortion.item() == pytest.approx(-exact, abs=1e-3)
    assert weights.effective_sample_size().item() == pytest.approx(5000, rel=1e-3)


def test_the_number_of_threads_does_not_matter_beyond_rounding(trained, digits):
    x, model = digits.unit("test"), trained.model(VAE_CELL)
    one = vars(importance_weights(model, x, 8, seed=0))
    torch.set_num_threads(2)
    try:
        two = vars(importance_weights(model, x, 8, seed=0))
    finally:
        torch.set_num_threads(1)
    for name, expected in one.items():
        torch.testing.assert_close(two[name], expected, rtol=1e-5, atol=1e-4)


def test_the_closed_form_rate_is_the_expected_log_ratio():
    x, model = draw_images(20), linear_gaussian(shift=0.4, scale=1.4)
    mean, log_variance = model.encoder.network(x).chunk(2, 1)
    q = Normal(mean, (0.5 * log_variance).exp())
    noise = torch.randn(40_000, 20, 2, generator=torch.Generator().manual_seed(0))
    z = q.mean + q.stddev * noise
    ratio = (q.log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum(-1)
    spread = ratio.std(0) / math.sqrt(len(z))
    assert ((rate(model.encode(x)) - ratio.mean(0)).abs() < 5 * spread).all()


def by_cell(table) -> dict[tuple, float]:
    rows = table[["model", "beta", "seed", "metric", "value"]].itertuples(index=False)
    return {(Cell(model, beta, seed), metric): value for model, beta, seed, metric, value in rows}


def rate_and_code_distortion(model: VAE, x: Tensor) -> tuple[Tensor, Tensor]:
    """Per image: KL to the prior, and the cross-entropy when decoding the posterior mean."""
    mean, log_variance = model.encoder.network(x).chunk(2, 1)
    divergence = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0))
    logits = model.decoder.network(mean) + model.decoder.bias
    distortion = binary_cross_entropy_with_logits(logits, x, reduction="none").sum((1, 2, 3))
    return divergence.sum(1).double(), distortion.double()


@pytest.mark.parametrize("copies", [1, 3])  # three copies of 382 images exceed one batch of 1000
def test_metrics_are_means_over_all_test_images(trained, digits, monkeypatch, copies):
    monkeypatch.setattr(models, "DECODED_FLOATS", 100 * 64)  # so the last batch has 97 or 91
    images = {**digits.images, "test": digits.images["test"].repeat(copies, 1, 1, 1)}
    dataset = replace(digits, images=images)
    values = by_cell(evaluate(trained, dataset, CPU, 2, 0, seed=0).table)
    x = images["test"].float() / 16
    assert len(x) == 382 * copies
    for cell in trained.cells:
        parts = [rate_and_code_distortion(trained.model(cell), part) for part in x.split(100)]
        divergence, distortion = (
            torch.cat(part).mean().item() for part in zip(*parts, strict=True)
        )
        if cell.model == "ae":
            assert values[cell, "distortion"] == pytest.approx(distortion, rel=1e-6)
        else:
            assert values[cell, "rate"] == pytest.approx(divergence, rel=1e-5)
            total = values[cell, "distortion"] + values[cell, "rate"]
            assert values[cell, "elbo"] == pytest.approx(-total, rel=1e-6)


def test_distortion_is_the_mean_over_all_test_images_and_samples(trained, digits):
    values = by_cell(evaluate(trained, digits, CPU, 20, 0, seed=0).table)
    x, model = digits.unit("test"), trained.model(VAE_CELL)
    q = model.encode(x)
    noise = torch.randn(200, 382, 3, generator=torch.Generator().manual_seed(1))
    logits = model.decoder.network((q.mean + q.std * noise).flatten(0, 1)) + model.decoder.bias
    target = x.repeat(200, 1, 1, 1)
    draws = binary_cross_entropy_with_logits(logits, target, reduction="none").sum((1, 2, 3))
    draws = draws.unflatten(0, (200, 382)).double()
    spread = draws.mean(1).std().item() / math.sqrt(20)
    assert values[VAE_CELL, "distortion"] == pytest.approx(draws.mean().item(), abs=5 * spread)


def test_images_are_spread_evenly_if_some_are_asked_for(trained, digits):
    some = evaluate(trained, digits, CPU, 3, 50, seed=0).table
    chosen = [i * 382 // 50 for i in range(50)]
    images = {**digits.images, "test": digits.images["test"][chosen]}
    all_of_fewer = evaluate(trained, replace(digits, images=images), CPU, 3, 0, seed=0).table
    assert some.equals(all_of_fewer)
    assert evenly(torch.arange(10), 3).tolist() == [0, 3, 6]


def test_the_evaluation_repeats_itself_and_has_its_own_seed(trained, digits):
    tables = [evaluate(trained, digits, CPU, 3, 50, seed=seed).table for seed in (0, 0, 1)]
    assert tables[0].equals(tables[1])
    of_seed = [by_cell(table) for table in tables]
    assert of_seed[0][VAE_CELL, "distortion"] != of_seed[2][VAE_CELL, "distortion"]
    assert of_seed[0][VAE_CELL, "rate"] == of_seed[2][VAE_CELL, "rate"]


def test_an_autoencoder_has_a_distortion_and_no_likelihood(trained, digits):
    table = evaluate(trained, digits, CPU, 3, 50, seed=0).table
    metrics = table.groupby("model")["metric"].agg(set)
    assert metrics["ae"] == {"distortion"}
    assert metrics["vae"] == {
        *("distortion", "rate", "elbo", "importance_bound", "log_likelihood"),
        *("log_likelihood_binarised", "approximation_gap", "amortisation_gap"),
        *("ess_mean", "ess_min", "ess_low_share", "monte_carlo_error"),
    }


# Near-exact, without any help of the encoder's


def spoilt(scale: float = 0.2) -> RecordingVAE:
    """The linear model with an encoder that says next to nothing right."""
    return linear_gaussian(shift=1.5, scale=scale)


@pytest.mark.parametrize("scale", [0.05, 1.0, 5.0])
def test_the_local_proposal_finds_the_likelihood_whatever_the_encoder_says(scale):
    x = draw_images(200)
    weights = local_weights(spoilt(scale), x, 300, seed=0)
    error = weights.log_likelihood().double() - exact_log_likelihood(x)
    assert abs(error.mean()) < 0.002
    assert error.square().mean() < 3 * weights.variance().mean()
    assert weights.effective_sample_size().min() > 100


def test_with_more_samples_the_local_proposal_is_within_a_thousandth_of_a_nat():
    x = draw_images(200)
    error = local_weights(spoilt(), x, 5000, seed=0).log_likelihood() - exact_log_likelihood(x)
    assert abs(error.mean()) < 0.001


def test_the_student_t_sits_at_the_posterior_and_is_normalised():
    x, model = draw_images(20), spoilt()
    t = student_t(model, x, model.encode_all(x).mean, importance.density)
    exact = linear_gaussian().encode_all(x)
    torch.testing.assert_close(t.location, exact.mean, atol=1e-4, rtol=1e-3)
    covariance = t.root @ t.root.mT
    expected = 1.2 * torch.diag_embed(posterior_variance()).expand_as(covariance)
    torch.testing.assert_close(covariance, expected, atol=1e-4, rtol=1e-3)
    grid = torch.linspace(-40, 40, 801)
    z = torch.cartesian_prod(grid, grid)[:, None] + t.location[:1]
    total = t[slice(0, 1)].log_prob(z).double().exp().sum() * 0.01
    assert total.item() == pytest.approx(1, abs=1e-3)


def test_samples_of_a_mixture_come_from_its_components_in_turn():
    x, model = draw_images(5), linear_gaussian()
    q = model.encode_all(x)
    far = linear_gaussian(shift=100.0).encode_all(x)
    mixture = Mixture((q, far), (0, 0, 1))
    noise = torch.randn(6, 5, 2 + 8)
    z = mixture.draw(1, noise, slice(None))
    assert (z[[1, 4]] > 50).all()
    assert (z[[0, 2, 3, 5]] < 50).all()
    log_q = mixture.log_prob(z, 6, slice(None))
    parts = torch.stack([q.log_prob(z) + math.log(4 / 6), far.log_prob(z) + math.log(2 / 6)])
    torch.testing.assert_close(log_q, parts.logsumexp(0))


class Winding(nn.Module):
    """z -> images that turn in a circle with the first code: posteriors have several modes."""

    def forward(self, z: Tensor) -> Tensor:
        turn = 3 * z[:, :1]
        columns = [turn.sin(), turn.cos(), z[:, 1:], z[:, 1:] * turn.cos(), z[:, 1:].sin()]
        return torch.cat([*columns, torch.zeros_like(turn)], 1).view(-1, *SHAPE)


def winding(encoder_mean: float) -> VAE:
    """An encoder that says the same of every image, and is sure of it; σ = 0.1."""
    encoder = nn.Linear(PIXEL_COUNT, 4)
    encoder.weight.data.zero_()
    encoder.bias.data = torch.tensor([encoder_mean, 0.0, -4.0, -4.0])
    likelihood = module_of("gaussian_fixed_sigma_0.1", SHAPE)
    return VAE(
        Encoder(nn.Sequential(nn.Flatten(), encoder), "log_variance"),
        Decoder(Winding(), likelihood, torch.zeros(SHAPE)),
        latent_dim=2,
    ).requires_grad_(False)


def by_quadrature(model: VAE, x: Tensor) -> Tensor:
    """log p(x) by a sum over a fine grid of codes, (N,)."""
    grid = torch.linspace(-5, 5, 501)
    z = torch.cartesian_prod(grid, grid)
    log_prior = -0.5 * z.square().sum(-1) - math.log(2 * math.pi)
    p = model.decode(z)
    log_cell = 2 * math.log(grid[1] - grid[0])
    joint = [p.log_prob(image) + log_prior for image in x]
    return torch.stack(joint).double().logsumexp(1) + log_cell


@pytest.mark.parametrize("encoder_mean", [0.0, 2.5])
def test_all_modes_count_of_images_from_the_prior_that_the_encoder_knows_nothing_of(encoder_mean):
    model, stream = winding(encoder_mean), torch.Generator().manual_seed(3)
    x = model.decode(torch.randn(60, 2, generator=stream)).sample(stream)
    weights = local_weights(model, x, 150, seed=0)
    error = weights.log_likelihood() - by_quadrature(model, x)
    assert abs(error.mean()) < 0.05  # with the mode that the encoder leads to alone: 0.4
    assert error.abs().max() < 0.3


@pytest.mark.parametrize("decoded_floats", CUTS)
def test_the_local_estimate_does_not_depend_on_how_the_work_is_cut(monkeypatch, decoded_floats):
    x, model = draw_images(10), spoilt()
    whole = vars(local_weights(model, x, 25, seed=0))
    cut_after(monkeypatch, decoded_floats)
    cut = vars(local_weights(model, x, 25, seed=0))
    for name in ("log_sum", "log_sum_squares"):
        torch.testing.assert_close(cut[name], whole[name], rtol=1e-4, atol=1e-3)


def test_a_wrong_sigma_is_set_right_on_validation_images():
    x, model = draw_images(2000), linear_gaussian()
    model.decoder.likelihood.log_sigma += math.log(2.0)
    found = exact_likelihood(model, x[:300], x[1000:], 100, 0, 256)
    assert found["scale_factor"].value == pytest.approx(0.5, rel=0.1)
    assert found["scale_gain"].value > 0.1
    exact = exact_log_likelihood(x[:300]).mean().item()
    assert found["log_likelihood"].value == pytest.approx(exact, abs=0.05)


def test_on_black_and_white_a_bernoulli_s_density_says_its_bits(trained, digits):
    model, x = trained.model(VAE_CELL), digits.unit("test")[:20].round()
    found = exact_likelihood(model, x, x, 20, 0, levels=2)
    bits = -found["log_likelihood"].value / (64 * math.log(2))
    assert found["bits_per_dim"].value == pytest.approx(bits)
    assert probability_of_levels(model, x, x, 20, 0, levels=2) == {}


def test_gaps_decode_no_more_codes_at_once_than_fit(monkeypatch):
    x, model = draw_images(12), linear_gaussian(shift=0.4, scale=1.4)
    q = model.encode_all(x)
    whole = best_factorised(model, x, [q], 0, importance.density)
    elbo = measured_elbo(model, x, whole, 0, importance.density)
    model.decoded.clear()
    cut_after(monkeypatch, 200 * PIXEL_COUNT)
    cut = best_factorised(model, x, [q], 0, importance.density)
    torch.testing.assert_close(cut.mean, whole.mean, rtol=1e-4, atol=1e-4)
    again = measured_elbo(model, x, whole, 0, importance.density)
    torch.testing.assert_close(again, elbo, rtol=1e-5, atol=1e-5)
    assert max(z[..., 0].numel() for z in model.decoded) <= 200


def test_the_best_factorised_posterior_starts_from_what_is_a_number():
    x, model = draw_images(12), linear_gaussian()
    q = model.encode_all(x)
    lost = DiagonalGaussian(q.mean + torch.inf, q.log_variance)
    starts = ([lost, q], [q, lost])
    for found in (best_factorised(model, x, qs, 0, importance.density) for qs in starts):
        assert found.mean.isfinite().all() and found.log_variance.isfinite().all()


def test_gaps_of_a_linear_model_are_the_divergence_of_its_encoder():
    x, model = draw_images(60), linear_gaussian(shift=0.4, scale=1.4)
    found = gaps(model, x, 300, 0)
    std = posterior_variance().sqrt()
    expected = kl_divergence(Normal(0.4, 1.4 * std), Normal(0.0, std)).sum().item()
    assert found["approximation_gap"].value == pytest.approx(0, abs=0.08)
    assert found["amortisation_gap"].value == pytest.approx(expected, abs=0.2)
