"""What other starts of the feature networks change, where that was measured."""

import numpy as np
import pandas as pd
import pytest
from synthetic_results import make_group, with_budget, with_tables

from vae.reporting.findings.networks import lowest_point, networks

BUDGET = 100
DIGITS = {"dataset": "digits", "network": "mlp", "latent_dim": 10, "budget": BUDGET}
FIDS = {  # space, start: FID of expected images at β = 1/2, 1, 2
    ("classifier", 0): (5.0, 4.0, 6.0),
    ("classifier", 1): (6.0, 5.0, 7.0),
    ("selfsupervised", 0): (3.0, 4.0, 9.0),
    ("selfsupervised", 1): (3.5, 4.0, 3.0),
}


@pytest.fixture
def tables(tmp_path):
    rows = [
        (space, start, beta, fid)
        for (space, start), fids in FIDS.items()
        for beta, fid in zip((0.5, 1.0, 2.0), fids, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["space", "start", "beta", "fid_prior"])
    table = table.assign(likelihood="bernoulli", fid_prior_drawn=10 * table.beta, **DIGITS)
    other = table.assign(dataset="mnist", fid_prior=1.0)
    pd.concat([table, other]).to_csv(tmp_path / "networks_digits.csv")
    return tmp_path


def test_curves_of_several_starts_are_compared_where_they_are_lowest(tables):
    found = networks(with_budget(make_group(), BUDGET), tables)
    assert (found.likelihoods, found.starts) == (("bernoulli",), 2)
    assert found.spread == pytest.approx(0.25)
    assert found.worst == (("bernoulli", 1.0), "expected", "classifier")
    assert (found.curves, found.same, found.apart) == (4, 3, 4.0)


@pytest.mark.parametrize(
    ("low", "high", "inside"), [(0.0, 10.0, 2), (1.0, 10.0, 0), (0.5, 0.9035, 1)]
)
def test_lowest_points_are_held_against_the_interval_given(tables, low, high, inside):
    group = with_budget(make_group(), BUDGET)
    best = group.best.assign(beta_star_low=float("nan"), beta_star_high=float("nan"))
    chosen = (best.likelihood == "bernoulli") & (best.criterion == "fid_prior")
    best.loc[chosen, ["beta_star_low", "beta_star_high"]] = low, high
    found = networks(with_tables(group, best_beta=best), tables)
    assert (found.stars, found.inside) == (2, inside)


def test_the_lowest_point_of_a_parabola_is_found_between_betas():
    betas = np.array([0.25, 0.5, 1.0, 2.0, 4.0])
    fids = pd.Series(np.exp(np.log(betas / 0.8) ** 2), betas)
    assert lowest_point(fids) == pytest.approx(0.8)
    assert lowest_point(fids[:2]) == 0.5


def test_nothing_is_said_of_models_of_another_budget(tables, tmp_path):
    assert networks(with_budget(make_group(), BUDGET + 1), tables) is None
    assert networks(make_group(), tmp_path / "none") is None
