"""Small made-up results, from which tests of the report's sentences put a group together."""

from collections.abc import Mapping, Sequence

import pandas as pd

from vae.metrics import METRICS
from vae.reporting.group import Group
from vae.table import COLUMNS

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
) -> Group:
    """A group of results; what is not given is empty."""
    best = [answer("kid_prior", 1.0, None), *answers]  # a criterion that no sentence is about
    first = champion("kid_prior", "bernoulli", None)
    return Group(
        NAME,
        pd.concat(metrics) if metrics else rows("diverged", {}),
        pd.DataFrame(best),
        pd.DataFrame([first, *champions]),
        references or {},
        fid_of_corruptions(0.1, 1.0, 2.0) if corruptions is None else corruptions,
        pd.DataFrame(columns=["reduction", "beta", "rate", "active_units", "mse"])
        if mean_loss is None
        else mean_loss,
    )


def fid_of_corruptions(*values: float, column: str = "fid") -> pd.DataFrame:
    """Rows of ``corruptions.csv`` for growing blur."""
    return pd.DataFrame(
        {"corruption": "blur", "strength": range(len(values)), column: list(values)}
    )
