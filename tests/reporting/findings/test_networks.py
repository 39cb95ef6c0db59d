"""What other starts of the feature networks change, where that was measured."""

import pandas as pd
import pytest
from synthetic_results import make_group, with_budget

from vae.reporting.findings.networks import networks

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


def test_nothing_is_said_of_models_of_another_budget(tables, tmp_path):
    assert networks(with_budget(make_group(), BUDGET + 1), tables) is None
    assert networks(make_group(), tmp_path / "none") is None
