"""How slugs and numbers are written in print."""

import math

from vae.configuration.sweep import DISCRETIZED, IWAE

LIKELIHOOD_NAMES = {
    "bernoulli": "Bernoulli",
    "continuous_bernoulli": "continuous Bernoulli",
    "gaussian_learned_sigma": "Gaussian, learned σ",
    "gaussian_dimension_sigma": "Gaussian, σ per position",
    "gaussian_image_sigma": "Gaussian, σ per image",
    "gaussian_pixel_sigma": "Gaussian, σ per pixel",
    "gaussian_optimal_sigma": "Gaussian, optimal σ",
    "laplace_learned_scale": "Laplace, learned scale",
    "discretized_logistic": "discretized logistic",
}


def likelihood_name(slug: str) -> str:
    """The name of a likelihood in print."""
    plain, _, samples = slug.partition(IWAE)
    if samples:
        return f"{likelihood_name(plain)}, bound of {samples} samples"
    if slug.endswith(DISCRETIZED):
        return f"{likelihood_name(slug.removesuffix(DISCRETIZED))} on masses"
    if slug.startswith("gaussian_fixed_sigma_"):
        return f"Gaussian, σ = {slug.rsplit('_', 1)[1]}"
    return LIKELIHOOD_NAMES.get(slug, slug.replace("_", " "))


def beta_name(beta: float) -> str:
    """β as a reader expects it: 1/8 rather than 0.125, 2 rather than 2.0."""
    inverse = 1 / beta
    if beta < 1 and math.isclose(inverse, round(inverse)):
        return f"1/{inverse:.0f}"
    return f"{beta:g}"


def rounded(value: float, se: float | None = None) -> str:
    """``value`` to the digits that its standard error supports.

    That is up to the error's first digit, its second if the first is 1; without a usable error,
    three significant digits.
    """
    if value is None or math.isnan(value):
        return "–"
    if se is None or math.isnan(se) or se <= 0:
        return f"{value:#.3g}".rstrip(".")
    exponent = math.floor(math.log10(se))
    leading = round(se / 10**exponent)
    digits = -exponent + (1 if leading == 1 else 0)
    return f"{round(value, digits) + 0.0:.{max(0, digits)}f}"  # + 0.0 turns -0.0 into 0.0


def with_error(value: float, se: float | None) -> str:
    """``value ± se``, both rounded to what ``se`` supports."""
    if se is None or math.isnan(se) or se <= 0:
        return rounded(value)
    return f"{rounded(value, se)} ± {rounded(se, se)}"
