"""Recompute the metrics of one trained cell with NumPy and SciPy alone, and compare.

Shares no code with the package: it reads weights, images and tables, and its formulas are written
anew from their definitions. Fully connected networks only. Noise is its own, so every metric with
noise is measured several times; the spread says how far the package's value may be off.
"""

import argparse
import csv
import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from independent_fid import features, frechet_distance
from independent_likelihoods import FAMILIES
from safetensors.numpy import load_file
from scipy.special import logsumexp
from scipy.stats import norm, t

ACTIVE_VARIANCE = 0.01
CONFIDENCE = 1 - 1e-4
ROUNDING = 2e-5  # relative, of sums in single precision


class Model:
    """One trained cell: its weights, and how they are to be read."""

    def __init__(self, folder: Path, beta: float, seed: int) -> None:
        record = json.loads((folder / "sweep.json").read_text())
        self.sweep, self.levels = record["sweep"], record["levels"]
        cells = [(cell["model"], cell["beta"], cell["seed"]) for cell in record["cells"]]
        index = cells.index(("vae", beta, seed))
        stacked = load_file(folder / "weights.safetensors")
        self.weights = {name: w[index].astype(np.float64) for name, w in stacked.items()}
        self.family = FAMILIES[self.sweep["likelihood"]["name"]]
        self.reading = self.sweep["training"]["scale_reading"]

    @property
    def sigma(self) -> float:
        return float(
            0.5 / (self.levels - 1) + np.exp(self.weights["decoder.likelihood.log_sigma"])
        )

    def _mlp(self, part: str, x: np.ndarray) -> np.ndarray:
        pattern = re.compile(rf"{part}\.network\.(\d+)\.weight")
        layers = sorted(int(m[1]) for m in map(pattern.fullmatch, self.weights) if m)
        for layer in layers:
            bias = self.weights.get(f"{part}.network.{layer}.bias", 0.0)
            x = x @ self.weights[f"{part}.network.{layer}.weight"].T + bias
            x = x if layer == layers[-1] else np.maximum(x, 0)
        return x

    def encode(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of q(z|x), each (N, latent_dim)."""
        mean, raw = np.split(self._mlp("encoder", x), 2, axis=1)
        softplus = np.logaddexp(0, raw)
        readings = {
            "variance": np.sqrt(softplus),
            "standard_deviation": softplus,
            "log_variance": np.exp(raw / 2),
            "log_standard_deviation": np.exp(raw),
            "precision": 1 / np.sqrt(softplus),
        }
        return mean, readings[self.reading]

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Raw output (N, outputs * D)."""
        return self._mlp("decoder", z) + self.weights["decoder.bias"].ravel()


def log_likelihoods(model: Model, x: np.ndarray, samples: int, rng) -> dict[str, float]:
    """ELBO, L_K and bits/dim, once, with fresh noise."""
    mean, std = model.encode(x)
    log_p, log_ratio = (np.empty((samples, len(x))) for _ in range(2))
    for k in range(samples):
        noise = rng.standard_normal(mean.shape)
        z = mean + std * noise
        output = model.decode(z)
        log_p[k] = model.family.log_prob(model, output, x).sum(1)
        log_ratio[k] = (norm.logpdf(z) - norm.logpdf(noise) + np.log(std)).sum(1)
    rate = 0.5 * (mean**2 + std**2 - 1 - 2 * np.log(std)).sum(1).mean()
    metrics = {"distortion": -log_p.mean(), "rate": rate, "elbo": log_p.mean() - rate}
    metrics["importance_bound"] = log_mean_exp(log_p + log_ratio)
    return metrics


def log_mean_exp(log_w: np.ndarray) -> float:
    """Log of the mean over samples (K, N), averaged over images."""
    return float((logsumexp(log_w, axis=0) - math.log(len(log_w))).mean())


def distances(model: Model, x: np.ndarray, train, shape, classifier, rng) -> dict[str, float]:
    """FID to test images of reconstructed training images and prior samples, with fresh noise."""
    mean, std = model.encode(train)
    reference = features(classifier, x.reshape(-1, *shape), model.levels)
    prior = rng.standard_normal((10 * len(x), mean.shape[1]))
    codes = {
        "fid_reconstruction": mean + std * rng.standard_normal(mean.shape),
        "fid_prior": prior,
    }
    images = {name: model.family.mean(model, model.decode(z)) for name, z in codes.items()}
    return {
        name: frechet_distance(
            features(classifier, made.reshape(-1, *shape), model.levels), reference
        )
        for name, made in images.items()
    }


def repeated(measure: Callable, repeats: int, seed: int) -> dict[str, np.ndarray]:
    """The values of every metric, (repeats,)."""
    runs = [measure(np.random.default_rng([seed, i])) for i in range(repeats)]
    return {name: np.array([run[name] for run in runs]) for name in runs[0]}


def recompute(options: argparse.Namespace) -> dict[str, np.ndarray]:
    """Every metric's values by name, each (repeats,)."""
    with np.load(options.data) as arrays:
        levels = json.loads(str(arrays["header"]))["levels"]
        images = arrays["test_images"] / (levels - 1)
        train = arrays["train_images"].reshape(len(arrays["train_images"]), -1) / (levels - 1)
    x, shape, repeats = images.reshape(len(images), -1), images.shape[1:], options.repeats
    model = Model(options.models, options.beta, options.seed)
    values = repeated(lambda rng: log_likelihoods(model, x, options.samples, rng), repeats, 0)
    active = (model.encode(x)[0].var(0, ddof=1) > ACTIVE_VARIANCE).sum()
    values["active_units"] = np.full(repeats, float(active))
    if options.classifier:
        learned = load_file(options.classifier).items()
        weights = {n.removeprefix("classifier."): w.astype(np.float64) for n, w in learned}

        def measure(rng: np.random.Generator) -> dict[str, float]:
            return distances(model, x, train, shape, weights, rng)

        values |= repeated(measure, repeats, 2)
    return values


def package_metrics(options: argparse.Namespace) -> dict[str, float]:
    """What the package's tables say of the cell."""
    sweep = json.loads((options.models / "sweep.json").read_text())["sweep"]
    likelihood, sigma = sweep["likelihood"]["name"], sweep["likelihood"]["sigma"]
    wanted = {
        "dataset": sweep["dataset"],
        "network": sweep["network"]["name"],
        "latent_dim": str(sweep["latent_dim"]),
        "likelihood": likelihood if sigma is None else f"{likelihood}_{sigma:g}",
        "model": "vae",
        "seed": str(options.seed),
    }
    rows = [
        row for table in options.metrics for row in csv.DictReader(table.read_text().splitlines())
    ]
    return {
        row["metric"]: float(row["value"])
        for row in rows
        if wanted.items() <= row.items() and float(row["beta"]) == options.beta
    }


def tolerance(values: np.ndarray) -> float:
    """How far one more run may be from the mean of ``values``: Student's t, and rounding."""
    spread = values.std(ddof=1) * math.sqrt(1 + 1 / len(values))
    return t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * spread + ROUNDING * abs(values.mean())


def main() -> int:
    """Print a row per metric that both measured; exit status 1 if one differs."""
    options = arguments()
    package, failed = package_metrics(options), False
    print(f"{'metric':20}{'package':>12}{'independent':>13}{'difference':>12}{'tolerance':>11}")
    for name, values in recompute(options).items():
        if name in package:
            difference, allowed = package[name] - values.mean(), tolerance(values)
            agrees = abs(difference) <= allowed
            failed |= not agrees
            numbers = (
                f"{package[name]:12.5f}{values.mean():13.5f}{difference:12.5f}{allowed:11.5f}"
            )
            print(f"{name:20}{numbers}{'' if agrees else '  DIFFERS'}")
    return int(failed)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, help="folder of a trained sweep")
    parser.add_argument("data", type=Path, help="the dataset's .npz file")
    parser.add_argument("metrics", type=Path, nargs="+", help="tables of the package's metrics")
    parser.add_argument("--classifier", type=Path, help="weights of the classifier for FID")
    parser.add_argument("--beta", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--samples", type=int, default=200, help="K that the package used")
    parser.add_argument("--repeats", type=int, default=10)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
