import pytest
import torch

from vae.distributions import Bernoulli, ContinuousBernoulli, DiagonalGaussian, Gaussian
from vae.objectives import distortion, importance_weighted, rate, weighted

B, D = 4, 3


@pytest.fixture
def q() -> DiagonalGaussian:
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, B, D, generator=generator, dtype=torch.float64)
    return DiagonalGaussian(mean, log_variance)


@pytest.fixture
def x() -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(B, 1, 5, 6, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("family", [Bernoulli, ContinuousBernoulli])
def test_distortion_is_the_negative_log_prob_of_each_image(family, x):
    p = family(torch.full_like(x, 0.7))
    torch.testing.assert_close(distortion(p, x), -p.log_prob(x))
    assert distortion(p, x).shape == (B,)


def test_distortion_sums_over_pixels(x):
    p, wide = (Bernoulli(torch.full_like(x, 0.7)), Bernoulli(torch.full((5, 12), 0.7)[None]))
    twice = distortion(wide, torch.cat([x, x], dim=-1))
    torch.testing.assert_close(twice, 2 * distortion(p, x))


def test_rate_sums_over_dimensions_and_keeps_the_batch(q):
    normal = torch.distributions.Normal(q.mean, q.std)
    prior = torch.distributions.Normal(torch.zeros_like(q.mean), torch.ones_like(q.mean))
    expected = torch.distributions.kl_divergence(normal, prior)
    assert rate(q).shape == (B,)
    torch.testing.assert_close(rate(q), expected.sum(1))


def test_weighted_at_beta_one_is_the_negative_elbo(q, x):
    p = Bernoulli(torch.full_like(x, -0.2))
    elbo = p.log_prob(x) - q.kl_per_dimension().sum(-1)
    torch.testing.assert_close(weighted(distortion(p, x), rate(q), 1.0), -elbo)


@pytest.mark.parametrize("beta", [0.0, 0.5, 4.0])
def test_beta_multiplies_the_rate_alone(beta):
    distortions, rates = torch.tensor([3.0, 5.0]), torch.tensor([2.0, 7.0])
    expected = torch.tensor([3.0 + 2 * beta, 5.0 + 7 * beta])
    torch.testing.assert_close(weighted(distortions, rates, beta), expected)


def test_every_model_of_a_stack_has_its_own_beta():
    distortions, rates = torch.ones(2, B), torch.full((2, B), 3.0)
    objective = weighted(distortions, rates, torch.tensor([[0.5], [2.0]]))
    torch.testing.assert_close(objective[0], torch.full((B,), 2.5))
    torch.testing.assert_close(objective[1], torch.full((B,), 7.0))


@pytest.mark.parametrize("beta", [0.1, 3.0])
@pytest.mark.parametrize("variance", [0.04, 1.0])
def test_beta_and_a_fixed_variance_act_through_their_product(q, x, beta, variance):
    def gradient(beta: float, variance: float) -> torch.Tensor:
        output = q.mean.mean(1).sigmoid()[:, None, None, None].requires_grad_()
        mean = output * torch.ones_like(x)
        p = Gaussian(mean, 0.5 * torch.tensor(variance).double().log())
        code = DiagonalGaussian(mean.mean((1, 2, 3))[:, None], torch.zeros(1).double())
        loss = weighted(distortion(p, x), rate(code), beta).sum()
        return torch.autograd.grad(loss, output)[0]

    torch.testing.assert_close(
        gradient(beta, variance), beta * gradient(1.0, beta * variance), rtol=1e-6, atol=1e-9
    )


def codes_of(q: DiagonalGaussian, k: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    return q.rsample(torch.randn(k, B, D, generator=generator, dtype=torch.float64))


def log_weights(q: DiagonalGaussian, z: torch.Tensor, distortions: torch.Tensor) -> torch.Tensor:
    """By torch's own distributions, (k, B)."""
    prior = torch.distributions.Normal(torch.zeros_like(z), torch.ones_like(z))
    posterior = torch.distributions.Normal(q.mean, q.std)
    return prior.log_prob(z).sum(-1) - posterior.log_prob(z).sum(-1) - distortions


def test_the_bound_of_one_sample_is_its_elbo_on_the_same_noise(q):
    z, distortions = codes_of(q, 1), torch.rand(1, B, dtype=torch.float64)
    terms = importance_weighted(q, z, distortions)
    torch.testing.assert_close(sum(terms), -log_weights(q, z, distortions)[0])
    torch.testing.assert_close(terms[1], rate(q))


def test_the_bound_of_one_sample_is_the_elbo_on_average(q):
    z = codes_of(q, 20_000)
    distortions = z.square().sum(-1)
    drawn = torch.vmap(lambda *one: sum(importance_weighted(q, *one)))(
        z[:, None], distortions[:, None]
    )
    expected = weighted(distortions.mean(0), rate(q), 1.0)
    torch.testing.assert_close(drawn.mean(0), expected, rtol=0, atol=0.1)


def test_the_bound_of_several_samples_is_exact_where_the_posterior_is(q):
    """With p(x|z) = q(z|x) / p(z) every weight is 1, so log p(x) is 0."""
    z = codes_of(q, 5)
    distortions = log_weights(q, z, torch.zeros(5, B, dtype=torch.float64))
    torch.testing.assert_close(
        sum(importance_weighted(q, z, distortions)), torch.zeros(B, dtype=torch.float64)
    )


def test_the_gradient_of_the_bound_weighs_each_sample_by_its_share(q):
    """Burda et al. 2016, eq. 14."""
    mean, log_variance = (t.clone().requires_grad_() for t in (q.mean, q.log_variance))

    def terms():
        moved = DiagonalGaussian(mean, log_variance)
        z = codes_of(moved, 5)
        return moved, z, (z - 1).square().sum(-1)

    moved, z, distortions = terms()
    loss = weighted(*importance_weighted(moved, z, distortions), 1.0).sum()
    found = torch.autograd.grad(loss, (mean, log_variance))
    log_w = log_weights(*terms())
    shares = log_w.detach().softmax(0)
    expected = torch.autograd.grad(-(shares * log_w).sum(), (mean, log_variance))
    torch.testing.assert_close(found, expected)
