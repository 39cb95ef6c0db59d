"""Every likelihood of the registry as it can be trained, so that tests cover what is added."""

from vae.configuration.sweep import Likelihood
from vae.families import FAMILIES
from vae.likelihoods import LikelihoodFamily, make_likelihood
from vae.networks import Shape

DENSITIES = tuple(Likelihood(n, 0.1 if f.needs_sigma else None) for n, f in FAMILIES.items())
MASSES = tuple(
    Likelihood(one.name, one.sigma, discretized=True)
    for one in DENSITIES
    if not one.family.no_density
)
SLUGS = tuple(one.slug for one in (*DENSITIES, *MASSES))


def mean_tolerance(likelihood: Likelihood) -> float:
    """How far the mean at the start may lie from the training images'.

    Widths move the means of rounded pixels near 0 and 1, a limit those of continuous Bernoullis.
    """
    blurred = {"discretized_logistic": 0.1, "continuous_bernoulli": 0.09}
    return 0.18 if likelihood.discretized else blurred.get(likelihood.name, 0.011)


def module_of(slug: str, shape: Shape, levels: int = 17) -> LikelihoodFamily:
    """What turns a decoder's output into the distribution that tables call ``slug``."""
    return make_likelihood(Likelihood.from_slug(slug), shape, levels)
