"""Where collapse is predicted to begin, against direct optimisation of small linear codes."""

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from vae.evaluation.collapse import collapse_beta, collapse_references
from vae.selfcheck.ppca import Moments, active_units

NODES, WEIGHTS = (torch.from_numpy(a) for a in np.polynomial.hermite_e.hermegauss(20))
WEIGHTS = WEIGHTS / WEIGHTS.sum()


@pytest.fixture(scope="module")
def x(digits) -> torch.Tensor:
    """Training digits (N, D), the constant pixels left out."""
    flat = digits.unit("train").flatten(1).double()
    return flat[:, flat.amax(0) > 0]


@pytest.fixture(scope="module")
def predictions(digits) -> dict[str, float]:
    return collapse_references(digits.unit("train").numpy())


def objective(x, bias, w, mean, log_variance, beta) -> torch.Tensor:
    """Distortion + β rate of a Bernoulli decoder with logits bias + w z; E_q by quadrature."""
    z = mean[:, None] + (log_variance / 2).exp() * NODES  # (N, nodes)
    softplus_sum = softplus(bias + z[..., None] * w).sum(-1) @ WEIGHTS
    distortion = softplus_sum - x @ bias - (x @ w) * mean
    rate = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
    return (distortion + beta * rate).mean()


def least_objective(x, beta, w) -> tuple[float, float]:
    """The linear VAE with one latent dimension, optimised from a small code ``w``.

    Returns what it gains on the collapsed model, and the variance of its posterior means.
    """
    bias = torch.logit(x.mean(0))
    collapsed = objective(x, bias, 0 * w, 0 * x[:, 0], w.new_zeros(()), beta).item()
    parameters = [bias, w, w / beta, torch.zeros((), dtype=w.dtype)]
    parameters = [p.clone().requires_grad_() for p in parameters]
    optimiser = torch.optim.LBFGS(parameters, max_iter=80, line_search_fn="strong_wolfe")

    def loss():
        optimiser.zero_grad()
        b, w, encoder, log_variance = parameters
        value = objective(x, b, w, (x - x.mean(0)) @ encoder, log_variance, beta)
        value.backward()
        return value

    optimiser.step(loss)
    means = (x - x.mean(0)) @ parameters[2].detach()
    return collapsed - loss().item(), means.var().item()


def steepest(x) -> torch.Tensor:
    """The decoder weights that pay first."""
    p = x.mean(0)
    scale = (p * (1 - p)).sqrt()
    return torch.linalg.eigh((x / scale).T.cov())[1][:, -1] / scale


@pytest.mark.parametrize(("factor", "alive"), [(0.93, True), (1.07, False)])
def test_a_linear_bernoulli_vae_collapses_where_predicted(x, predictions, factor, alive):
    beta = factor * predictions["bernoulli_collapse_beta"]
    gain, variance = least_objective(x, beta, 0.1 * steepest(x))
    assert (gain > 1e-3) == (variance > 0.01) == alive


@pytest.mark.parametrize(("factor", "pays"), [(0.99, True), (1.01, False)])
def test_the_best_small_code_pays_below_the_prediction_alone(x, predictions, factor, pays):
    """The encoder is the one of the derivation: mean Wᵀ s / β, variance 1 - Wᵀ F W / β."""
    beta = factor * predictions["bernoulli_collapse_beta"]
    p, w = x.mean(0), 0.02 * steepest(x)
    bias, none = torch.logit(p), torch.zeros(len(x), dtype=x.dtype)
    log_variance = torch.log1p(-(w.square() * p * (1 - p)).sum() / beta)
    coded = objective(x, bias, w, (x - p) @ w / beta, log_variance, beta)
    collapsed = objective(x, bias, 0 * w, none, none[0], beta)
    assert (coded < collapsed) == pays


def bernoulli(x: np.ndarray) -> float:
    return collapse_references(x)["bernoulli_collapse_beta"]


def test_the_bernoulli_prediction_is_the_largest_correlation_on_binary_images(x):
    binary = (x > 0.5).numpy().astype(float)
    binary = binary[:, np.ptp(binary, axis=0) > 0]
    expected = np.linalg.eigvalsh(np.corrcoef(binary.T))[-1]
    assert bernoulli(binary) == pytest.approx(expected)


def test_constant_pixels_do_not_matter(x):
    constant = np.concatenate([x.numpy(), np.ones((len(x), 2)), np.zeros((len(x), 1))], axis=1)
    assert bernoulli(constant) == pytest.approx(bernoulli(x.numpy()))
    assert bernoulli(np.ones((5, 3))) == 0


@pytest.mark.parametrize("sigma", [0.1, 0.4])
def test_a_fixed_sigma_agrees_with_probabilistic_pca(digits, predictions, sigma):
    moments = Moments.of(digits.unit("train"))
    beta = collapse_beta(f"gaussian_fixed_sigma_{sigma}", predictions)
    assert active_units(moments, 10, sigma**2, 0.999 * beta) == 1
    assert active_units(moments, 10, sigma**2, 1.001 * beta) == 0


def test_a_learned_sigma_collapses_as_a_fixed_one_of_the_same_size(digits, predictions):
    sigma = digits.unit("train").double().var(0, correction=0).mean().sqrt().item()
    learned = collapse_beta("gaussian_learned_sigma", predictions)
    assert learned == pytest.approx(collapse_beta(f"gaussian_fixed_sigma_{sigma}", predictions))


def test_other_families_and_old_tables_have_no_prediction(predictions):
    assert collapse_beta("discretized_logistic", predictions) is None
    assert collapse_beta("bernoulli", {"fid_floor": 1.0}) is None
    assert collapse_beta("bernoulli", predictions) == predictions["bernoulli_collapse_beta"]
