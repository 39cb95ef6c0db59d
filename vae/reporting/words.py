"""Lists, names and figures inside sentences."""

import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

import pandas as pd

from vae.reporting.names import beta_name, likelihood_name, rounded

FEW = 3  # likelihoods that are named wherever they are meant
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def listed(parts: Iterable[str], last: str = "and") -> str:
    """``a``, ``a and b``, or ``a, b and c``."""
    *first, final = parts
    return f"{', '.join(first)} {last} {final}" if first else final


def number(count: int) -> str:
    """Small numbers in words."""
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def counted(count: int, noun: str) -> str:
    """``one seed``, ``three seeds``."""
    return f"{number(count)} {noun}" + ("" if count == 1 else "s")


def families(slugs: Sequence[str], every: Collection[str] = ()) -> str:
    """The names of likelihoods in a sentence; details of one family share a pair of brackets.

    Args:
        every: all likelihoods of the group; if these are all of several, they need no names, and
            if they are nearly all of many, the others are named.
    """
    left_out = [slug for slug in every if slug not in slugs]
    if len(slugs) > 1 and every and not left_out:
        return "every likelihood"
    if len(slugs) > FEW and 0 < len(left_out) < FEW:
        return f"every likelihood but {families(left_out)}"
    details: dict[str, list[str]] = {}
    for slug in slugs:
        head, _, detail = likelihood_name(slug).partition(", ")
        details.setdefault(head, []).append(detail)
    return listed(name for head, parts in details.items() for name in _named(head, parts))


def _named(head: str, details: list[str]) -> Iterator[str]:
    """The family itself where it is among them, and all of its variants in one bracket."""
    if "" in details:
        yield head
    sigmas = [detail for detail in details if re.fullmatch(r"σ = [\d.e-]+", detail)]
    others = [detail for detail in details if detail and detail not in sigmas]
    numbers = [detail.removeprefix("σ = ") for detail in sigmas]
    if parts := ([f"σ = {listed(numbers)}"] if sigmas else []) + others:
        yield f"{head} ({', '.join(parts)})"


def short_beta(beta: float) -> str:
    """A β that lies between those of a grid, in two digits."""
    if math.isinf(beta):
        return "∞"
    return f"{beta:.2g}" if beta < 10 else f"{beta:.0f}"


def beta_star(row: pd.Series) -> str:
    """β* with its interval, which ends at 0 or ∞ beyond the grid; a bound if it lies there."""
    low, high = row.get("beta_star_low", math.nan), row.get("beta_star_high", math.nan)
    if pd.isna(low) or pd.isna(high):
        return f"{beta_name(row.best_beta)} (of the grid, no interval)"
    where = row.get("optimum", "inside")
    if where == "below" and math.isfinite(high):
        return f"≤ {short_beta(high)}"
    if where == "above" and low > 0:
        return f"≥ {short_beta(low)}"
    bracket = ")" if math.isinf(high) else "]"
    return f"{short_beta(row.beta_star)} [{short_beta(low)}, {short_beta(high)}{bracket}"


def price(row: pd.Series) -> str:
    """What β = 1 loses against β*, with its interval; empty if unknown."""
    value, low, high = (
        row.get(k, math.nan) for k in ("price_of_beta_1", "price_low", "price_high")
    )
    if pd.isna(value):
        return ""
    if pd.isna(low) or pd.isna(high):
        return rounded(value)
    value, low, high = (abs(x) for x in (value, low, high))
    error = (high - low) / 4
    if high == 0:
        return "0"
    if low == 0:
        return f"≤ {rounded(high, high / 5)}"
    return f"{rounded(value, error)} [{rounded(low, error)}, {rounded(high, error)}]"
