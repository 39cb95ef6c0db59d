"""How often sets and intervals hold what is true, on simulated grids whose truth is known.

Every grid has eight βs that differ by factors of two and a curve whose best β lies anywhere
between them, or beyond an end; noise over seeds differs in size between βs, and seeds also tilt
the curve. Reported per case: how often the set holds the best β of the grid, the interval the
best β, and the price of β = 1 lies in its interval, all of which promise 95 %.
"""

import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from vae.command import Parser, positive, run
from vae.results.comparison import of_other_likelihoods
from vae.results.response import Response, fit_response
from vae.results.statistics import Estimates, estimate, not_worse

RESULTS = Path(__file__).parent / "results"
BETAS = 2.0 ** np.arange(-4, 4)
FINE = np.linspace(-4, 3, 1401)  # log2 β
Curve = Callable[[np.ndarray], np.ndarray]


def cliff(best: float) -> Curve:
    """Nats: gentle on the left, exponentially steep on the right until the model has collapsed."""

    def curve(x: np.ndarray) -> np.ndarray:
        fall = np.exp(1.2 * (x - best)) / 1.2
        return -(x - best) + 35 * -np.expm1(-fall / 35)

    return curve


def plateau(best: float) -> Curve:
    """Nats: nearly level on the left, where noise hides the slope, and a cliff on the right."""

    def curve(x: np.ndarray) -> np.ndarray:
        return -0.2 * (x - best) + 35 * -np.expm1(-0.1 * np.exp(2 * (x - best)) / 35)

    return curve


def bend(sharpness: float) -> Callable[[float], Curve]:
    """Log FID: convex, the curvature growing by e^sharpness per octave, level after collapse."""

    def make(best: float) -> Curve:
        def curve(x: np.ndarray) -> np.ndarray:
            t = sharpness * (x - best)
            return 3.2 * np.tanh(0.3 / sharpness**2 * (np.expm1(t) - t) / 3.2)

        return curve

    return make


def kink(best: float) -> Curve:
    """Log FID, as bad as it gets: four times as curved right of the best β as left of it."""
    return lambda x: 3.2 * np.tanh(np.where(x < best, 0.08, 0.32) * (x - best) ** 2 / 3.2)


CURVES = {
    "cliff": (cliff, 0.35, False),
    "plateau": (plateau, 0.35, False),
    "mild bend": (bend(0.4), 0.08, True),
    "sharp bend": (bend(1.2), 0.08, True),
    "kink": (kink, 0.08, True),
}
"""Curve, standard deviation over seeds, whether losses are logarithms."""
BEST = {"inside": (-3.0, 2.0), "near the lower end": (-4.0, -3.2), "beyond the upper end": (3, 5)}
NOISE = {"equal": 0.0, "unequal": 0.8, "very unequal": 1.5}


def grid(
    rng: np.random.Generator, curve: Curve, size: float, spread: float, seeds: int, images: int
) -> np.ndarray:
    """Losses (B, S), or (B, S, N), of one simulated sweep."""
    x = np.log2(BETAS)
    sizes = size * np.exp(spread * rng.normal(size=len(x)) - spread**2 / 2)
    tilt = 0.15 * size * rng.normal(size=seeds) * x[:, None]
    by_seed = 5 * size * rng.normal(size=seeds) + tilt
    losses = curve(x)[:, None] + by_seed + sizes[:, None] * rng.normal(size=(len(x), seeds))
    if not images:
        return losses
    own, slopes = rng.normal(size=(2, images))
    by_image = 20 * own + 2 * slopes * x[:, None] + rng.normal(size=(len(x), images))
    return losses[..., None] + size * (
        by_image[:, None] + 2 * rng.normal(size=(len(x), seeds, images))
    )


def holds(curve: Curve, estimates: Estimates, response: Response) -> dict[str, float]:
    """What of one grid's answer is true, and how large the answer is."""
    truth, members = curve(FINE), not_worse(estimates)
    best = 2 ** FINE[truth.argmin()]
    low, high = response.interval()
    _, price_low, price_high = response.price(1.0)
    price = curve(np.zeros(1))[0] - truth.min()
    price_low, price_high = price_low - 1e-3, price_high + 1e-3  # the steps of both grids
    inside = low > 0 and high < math.inf
    return {
        "set": curve(np.log2(BETAS)).argmin() in members,
        "interval": low <= best <= high,
        "price": price_low <= price <= price_high,
        "betas in set": len(members),
        "octaves of interval": math.log2(high / low) if inside else math.nan,
        "error in octaves": abs(math.log2(response.best_beta / best)),
    }


def case(name: str, where: str, noise: str, seeds: int, images: int, trials: int) -> dict:
    """One row: shares over ``trials`` grids."""
    rng = np.random.default_rng(0)
    make, size, log_scale = CURVES[name]
    found = []
    for _ in range(trials):
        curve = make(rng.uniform(*BEST[where]))
        estimates = estimate(grid(rng, curve, size, NOISE[noise], seeds, images))
        response = fit_response(BETAS, estimates, rng, log_scale)
        if log_scale:  # a price is a ratio then
            response = Response(response.betas, np.log(response.curves))
        found.append(holds(curve, estimates, response))
    keys = {"curve": name, "best": where, "noise": noise, "seeds": seeds, "images": images}
    return keys | pd.DataFrame(found).mean().to_dict() | {"trials": trials}


def likelihoods(case: str, images: int, trials: int) -> dict:
    """How often the set of likelihoods holds the best of two, and did when βs were chosen first.

    The competitor is almost as good, at each of eight βs: three times as noisy, or against the
    single good β of the best one.
    """
    rng, found = np.random.default_rng(0), []
    noisy = 3.0 if case == "competitor three times as noisy" else 1.0
    best = np.zeros(8) if noisy > 1 else np.r_[0, np.full(7, 3.0)]
    truth, names = np.concatenate([best, np.full(8, 0.001)])[:, None], np.repeat([0, 1], 8)
    size = np.where(names, noisy, 1.0)[:, None] * 0.1
    for _ in range(trials):
        own = np.repeat(0.5 * rng.normal(size=(2, 3)), 8, axis=0)
        losses = truth + size * (rng.normal(size=(16, 3)) + own) + rng.normal(size=3)
        if images:
            by_image = rng.normal(size=(16, 1, images)) + rng.normal(size=images)
            losses = losses[..., None] + size[..., None] * 5 * by_image
        found.append({"set": _holds_first(losses, names), "chosen first": _chosen_first(losses)})
    shares = pd.DataFrame(found).mean().to_dict()
    return {"case": case, "seeds": 3, "images": images} | shares | {"trials": trials}


def _holds_first(losses: np.ndarray, names: np.ndarray) -> bool:
    estimates = estimate(losses, sources=2)
    return 0 in names[not_worse(estimates, compared=of_other_likelihoods(names))]


def _chosen_first(losses: np.ndarray) -> bool:
    """Each likelihood at the β that looks best, compared as if it had been given."""
    means = losses.reshape(16, -1).mean(axis=1)
    chosen = [means[:8].argmin(), 8 + means[8:].argmin()]
    return 0 in not_worse(estimate(losses[chosen]))


def main(arguments: list[str] | None = None) -> None:
    """Print and write the shares."""
    options = Parser(description=__doc__)
    options.add_argument(
        "--trials", type=positive, default=200, help="grids a case (default: 200)"
    )
    options.add_argument("--output", type=Path, default=RESULTS, help="folder for the table")
    options = options.parse_args(arguments)
    cases = [(n, w, v, 3, 0) for n in CURVES for w in BEST for v in NOISE]
    cases += [("cliff", "inside", v, 3, 200) for v in NOISE]
    cases += [("kink", "inside", "unequal", 5, 0)]
    table = pd.DataFrame([case(*c, options.trials) for c in cases])
    print(table.round(3).to_string(index=False))
    names = ("competitor three times as noisy", "one good beta against eight")
    choosing = [likelihoods(name, n, options.trials) for name in names for n in (0, 200)]
    choosing = pd.DataFrame(choosing)
    print(choosing.round(3).to_string(index=False))
    options.output.mkdir(parents=True, exist_ok=True)
    table.round(4).to_csv(options.output / "coverage.csv", index=False)
    choosing.round(4).to_csv(options.output / "coverage_likelihoods.csv", index=False)


if __name__ == "__main__":
    sys.exit(run(main))
