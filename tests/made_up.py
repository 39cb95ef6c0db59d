"""Small made-up results, from which tests of the report's sentences put a group together."""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd

from vae.comparison import BEST_BETA_COLUMNS, BEST_LIKELIHOOD_COLUMNS, best_betas
from vae.metrics import METRICS
from vae.reporting.group import Group
from vae.table import COLUMNS

JUDGED = "log_likelihood_binarised"  # what the likelihood of Bernoullis is judged by
BETAS = (0.5, 1.0, 2.0)
NAME = "digits-mlp-10d"


def rows(
    metric: str,
    per_beta: Mapping[float, Sequence[float]],
    likelihood: str = "bernoulli",
    model: str = "vae",
) -> pd.DataFrame:
    """Rows of ``metrics.csv``: for each β a value per seed."""
    return pd.DataFrame(
        [
            ("digits", "mlp", 10, likelihood, model, beta, seed, metric, value, None)
            for beta, values in per_beta.items()
            for seed, value in enumerate(values)
        ],
        columns=COLUMNS,
    )


def about(*means: float, spread: float = 0.01) -> dict[float, list[float]]:
    """For each of ``BETAS`` three seeds around a mean."""
    return {b: [m, m + spread, m - spread] for b, m in zip(BETAS, means, strict=True)}


def answer(
    criterion: str,
    best: float,
    chosen: str | None,
    likelihood: str = "bernoulli",
    value: float = 1.0,
    **others: object,
) -> dict:
    """A row of ``best_beta.csv``; ``chosen`` are the βs not distinguishable from the best."""
    return {
        "likelihood": likelihood,
        "criterion": criterion,
        "better": METRICS[criterion].better,
        "best_beta": best,
        "indistinguishable_betas": chosen,
        "value": value,
        "se": 0.01,
        "seeds": 3,
        "betas": 3,
        "at_edge": best in (BETAS[0], BETAS[-1]),
        "lowest_beta": BETAS[0],
    } | others


def champion(criterion: str, likelihood: str, chosen: str | None, **others: object) -> dict:
    """A row of ``best_likelihood.csv``."""
    return {
        "criterion": criterion,
        "best_likelihood": likelihood,
        "best_beta": 1.0,
        "indistinguishable_likelihoods": chosen,
        "value": 1.918,
        "se": 0.006,
        "likelihoods": 3,
    } | others


def group(
    *metrics: pd.DataFrame,
    answers: Sequence[dict] = (),
    champions: Sequence[dict] = (),
    references: Mapping[str, float] | None = None,
    corruptions: pd.DataFrame | None = None,
    mean_loss: pd.DataFrame | None = None,
    siblings: Sequence[Group] = (),
) -> Group:
    """A group of results; what is not given is empty."""
    return Group(
        NAME,
        pd.concat(metrics) if metrics else rows("diverged", {}),
        pd.DataFrame(answers, columns=BEST_BETA_COLUMNS),
        pd.DataFrame(champions, columns=BEST_LIKELIHOOD_COLUMNS),
        references or {},
        fid_of_corruptions(0.1, 1.0, 2.0) if corruptions is None else corruptions,
        pd.DataFrame(columns=["reduction", "beta", "rate", "active_units", "mse"])
        if mean_loss is None
        else mean_loss,
        siblings,
    )


def fid_of_corruptions(*values: float, column: str = "fid") -> pd.DataFrame:
    """Rows of ``corruptions.csv`` for growing blur."""
    return pd.DataFrame(
        {
            "kind": "image",
            "corruption": "blur",
            "strength": range(len(values)),
            column: list(values),
        }
    )


REFERENCES = {"fid_floor": 0.8, "fid_noise": 84.0, "classifier_accuracy": 0.977}
MEASURED = {
    "elbo": about(-30, -24, -26),
    "log_likelihood_binarised": about(-30, -24, -26),
    "importance_bound": about(-29, -23, -25),
    "rate": about(6, 3, 0.001, spread=0.0001),
    "mutual_information": about(4, 2.8, 0.001, spread=0.0001),
    "marginal_kl": about(2, 0.2, 0.0, spread=0.0),
    "mutual_information_saturated": about(0, 0, 0, spread=0),
    "active_units": about(10, 5, 0, spread=0),
    "reconstruction_variance": about(0.9, 0.5, 0.0, spread=0),
    "fid_prior": about(12, 8, 50),
    "fid_gmm": about(3, 7, 49),
    "fid_reconstruction": about(1, 4, 48),
    "mse": about(0.02, 0.04, 0.07, spread=0),
    "mse_mean": about(0.015, 0.03, 0.07, spread=0),
    "high_frequency_energy": about(0.8, 0.52, 0.1),
}
AE = rows("high_frequency_energy", {0.0: [0.88]}, model="ae")


def mean_loss(units: float, rate: float) -> pd.DataFrame:
    columns = ["reduction", "beta", "rate", "active_units", "mse"]
    trainings = [("sum", 1.0, 2.0, 9, 0.05), ("mean", 1.0, rate, units, 0.07)]
    return pd.DataFrame(trainings, columns=columns)


def whole(changes=None, **parts) -> Group:
    """A run of one likelihood with everything measured; ``changes`` replace metrics."""
    tables = [
        rows(name, values) for name, values in (MEASURED | (changes or {})).items() if values
    ]
    defaults = {
        "answers": [
            answer("log_likelihood_binarised", 1, "1"),
            answer("fid_prior", 0.5, "0.5", value=6.0),
        ],
        "references": REFERENCES,
        "mean_loss": mean_loss(0, 0.001),
    }
    return group(*tables, AE, **defaults | parts)


@cache
def runs() -> dict[str, Group]:
    """Runs of which parts are missing."""
    full = whole()
    one = full.metrics.query("beta == 1 and seed == 0 and model == 'vae'")
    inception = full.metrics.replace(r"^fid_", "inception_fid_", regex=True)
    diverged = full.metrics.assign(value=full.metrics.value.where(full.metrics.beta != 1.0))
    lost = full.metrics.assign(value=np.nan)
    other = full.metrics.assign(likelihood="discretized_logistic")
    without = {
        f"without {name}": full.metrics.query("metric != @name") for name in full.metrics.metric
    }
    found = {"inception": inception, "diverged": diverged, "all diverged": lost, "other": other}
    return {"everything": full, "one model": _run(one)} | {
        name: _run(frame) for name, frame in (without | found).items()
    }


def _run(metrics: pd.DataFrame) -> Group:
    """A group whose answers are computed from its metrics."""
    answers = best_betas(metrics).to_dict("records")
    return group(metrics, answers=answers, references=REFERENCES)
