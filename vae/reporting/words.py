"""Lists, names and figures inside sentences."""

from collections.abc import Collection, Iterable, Sequence

from vae.metrics import METRICS, SPACES
from vae.reporting.catalogue import CHARTS
from vae.reporting.names import beta_name, likelihood_name

CRITERION_NAMES = {
    "log_likelihood_binarised": "log-likelihood",
    "fid_prior": "FID",
    "fid_prior_drawn": "FID of drawn images",
    "coverage_prior": "coverage",
    "probe_accuracy_10_labels": "probe accuracy with 10 labels per class",
    "mse": "MSE",
}
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


def capital(sentence: str) -> str:
    """``sentence`` with its first letter as a capital."""
    return sentence[:1].upper() + sentence[1:]


def criterion_name(metric: str) -> str:
    """A criterion in a sentence, shorter than the label of its metric."""
    prefix = next((prefix for prefix in SPACES if metric.startswith(prefix)), "")
    plain = metric.removeprefix(prefix)
    name = CRITERION_NAMES.get(plain, METRICS[plain].label)
    return f"{SPACES[prefix][0]} {name}" if prefix else name


def families(slugs: Sequence[str], every: Collection[str] = ()) -> str:
    """The names of likelihoods in a sentence; Gaussians share one pair of brackets.

    Args:
        every: all likelihoods of the group; if these are all of several, they need no names.
    """
    if len(slugs) > 1 and set(slugs) == set(every):
        return "every likelihood"
    details: dict[str, list[str]] = {}
    for slug in slugs:
        head, _, detail = likelihood_name(slug).partition(", ")
        details.setdefault(head, []).append(detail)
    return listed(head + _bracket(parts) for head, parts in details.items())


def _bracket(details: list[str]) -> str:
    sigmas = [detail.removeprefix("σ = ") for detail in details if detail.startswith("σ = ")]
    others = [detail for detail in details if detail and not detail.startswith("σ = ")]
    parts = ([f"σ = {listed(sigmas)}"] if sigmas else []) + others
    return f" ({', '.join(parts)})" if parts else ""


def beta_range(chosen: Sequence[float], grid: Sequence[float]) -> str:
    """``chosen`` in words: every β of the grid, all up to one, all from one on, or each."""
    chosen, grid = sorted(chosen), sorted(grid)
    if chosen == grid:
        return "every β"
    if len(chosen) > 2 and chosen == grid[: len(chosen)]:
        return f"every β up to {beta_name(chosen[-1])}"
    if len(chosen) > 2 and chosen == grid[-len(chosen) :]:
        return f"every β from {beta_name(chosen[0])} on"
    return "β = " + listed(map(beta_name, chosen))


def figure(group: str, chart: str, text: str) -> str:
    """A link to one of a group's figures.

    Args:
        group: the name of its folder.
        chart: its name in the catalogue.

    Raises:
        KeyError: if the catalogue has no such chart.
    """
    if chart not in CHARTS:
        raise KeyError(f"no chart is called {chart}")
    return f"[{text}](figures/{group}/{chart}.png)"
