import pytest
import torch

from vae.distributions import Bernoulli, ContinuousBernoulli, DiagonalGaussian, Gaussian
from vae.objectives import distortion, rate, weighted

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
