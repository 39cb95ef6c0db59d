"""How slugs and numbers are written in print."""

import math
from typing import NamedTuple

from vae.configuration.sweep import Likelihood

DIGITS = 4  # that a mean is told with at most
ROUNDING = 1e-9  # of a value: a standard error below it is that of equal numbers


def likelihood_name(slug: str) -> str:
    """The name of a likelihood in print."""
    return Likelihood.from_slug(slug).title


def beta_name(beta: float) -> str:
    """β as a reader expects it: 1/8 rather than 0.125, 2 rather than 2.0."""
    inverse = 1 / beta
    if beta < 1 and math.isclose(inverse, round(inverse)):
        return f"1/{inverse:.0f}"
    return f"{beta:g}"


def beta_equals(beta: float) -> str:
    """``β = 1/8``, wherever a number is said to be of one β."""
    return f"β = {beta_name(beta)}"


class Choice(NamedTuple):
    """A likelihood with a β, of which a number is quoted."""

    likelihood: str
    beta: float

    def __str__(self) -> str:
        return f"{likelihood_name(self.likelihood)} at {beta_equals(self.beta)}"


def percent(share: float) -> str:
    """A share in whole hundredths."""
    return f"{100 * share:.0f} %"


def rounded(value: float, se: float | None = None, most: int | None = None) -> str:
    """``value`` to the digits that its standard error supports.

    That is up to the error's first digit, its second if the first is 1; without a usable error,
    three significant digits.

    Args:
        most: significant digits, or all of those before the point, if these are more.
    """
    if value is None or math.isnan(value):
        return "–"
    if se is None or math.isnan(se) or se <= ROUNDING * abs(value):
        return f"{value:#.3g}".rstrip(".")
    exponent = math.floor(math.log10(se))
    leading = round(se / 10**exponent)
    digits = -exponent + (1 if leading == 1 else 0)
    if most and value:
        digits = min(digits, max(0, most - 1 - math.floor(math.log10(abs(value)))))
    return f"{round(value, digits) + 0.0:.{max(0, digits)}f}"  # + 0.0 turns -0.0 into 0.0


def with_error(value: float, se: float | None) -> str:
    """``value ± se``, both rounded to what ``se`` supports."""
    if se is None or math.isnan(se) or se <= 0:
        return rounded(value)
    return f"{rounded(value, se)} ± {rounded(se, se)}"
