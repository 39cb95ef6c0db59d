"""What the registry says of every likelihood is what its distribution does."""

import math
import subprocess
import sys
from operator import attrgetter

import pytest
import torch
from every_likelihood import DENSITIES, MASSES, SLUGS

from vae import distributions
from vae.configuration.sweep import Likelihood
from vae.distributions import Discretized, PixelDistribution
from vae.likelihoods import make_likelihood

LEVELS, SHAPE = 5, (3, 4, 5)
EVERY = pytest.mark.parametrize("chosen", [*DENSITIES, *MASSES], ids=lambda one: one.slug)


def made(chosen: Likelihood) -> PixelDistribution:
    """p(x|z) of one code, as evaluation sees it."""
    family = make_likelihood(chosen, SHAPE, LEVELS).eval()
    return family(family.initial_output(torch.full(SHAPE, 0.4))[None])


def test_the_registry_is_read_without_torch():
    command = "import sys, vae.configuration.benchmark; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert done.stdout == "False\n"


@EVERY
def test_its_distribution(chosen):
    p = made(chosen)
    density = p.density if isinstance(p, Discretized) else p
    assert type(density) is attrgetter(chosen.family.distribution)(distributions)
    assert isinstance(p, Discretized) == chosen.discretized


@EVERY
def test_whether_grey_levels_have_probabilities(chosen):
    grey = torch.full(SHAPE, 0.5)
    if chosen.over_numbers(LEVELS):
        assert made(chosen).log_mass(grey, LEVELS).shape == (1,)
    else:
        with pytest.raises(NotImplementedError):
            made(chosen).log_mass(grey, LEVELS)
    two = make_likelihood(chosen, SHAPE, 2).eval()
    p = two(two.initial_output(torch.full(SHAPE, 0.4)))
    assert chosen.over_numbers(2) and p.log_mass(torch.ones(SHAPE), 2).isfinite()


@EVERY
@pytest.mark.parametrize("count", [2, LEVELS])
def test_whether_its_density_is_the_probability_of_grey_levels(chosen, count):
    levels = torch.arange(count) / (count - 1)
    family = make_likelihood(chosen, (1, 1, 1), count).eval()
    p = family(family.initial_output(torch.full((1, 1, 1), 0.4)))
    total = p.log_prob(levels.reshape(-1, 1, 1, 1)).exp().sum().item()
    assert math.isclose(total, 1, rel_tol=1e-4) == chosen.discrete(count)


@EVERY
def test_whether_the_pixels_of_an_image_share_one_scale(chosen):
    p = made(chosen)
    log_scale = getattr(p.density if isinstance(p, Discretized) else p, "log_scale", None)
    assert (log_scale is not None and log_scale.numel() == 1) == chosen.family.free_scale
    if chosen.family.free_scale:
        wider = p.rescaled(1.0)
        x = torch.full(SHAPE, 0.0)
        assert (wider.log_prob(x) != p.log_prob(x)).all()


@pytest.mark.parametrize("slug", [*SLUGS, "gaussian_fixed_sigma_1e-05", "gaussian_fixed_sigma_12"])
def test_a_likelihood_is_found_by_its_name_in_tables(slug):
    assert Likelihood.from_slug(slug).slug == slug


@pytest.mark.parametrize(
    "slug",
    [
        *("", "cauchy", "bernoulli\n", "bernoulli_0.1", "categorical_discretized"),
        *("gaussian_fixed_sigma", "gaussian_fixed_sigma_.", "_discretized"),
    ],
)
def test_what_is_no_name_of_a_likelihood(input_error, slug):
    with input_error(repr(slug)):
        Likelihood.from_slug(slug)
