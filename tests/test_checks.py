"""What the committed checks say, where they were made on what a run trained."""

import pandas as pd
import pytest
from synthetic_results import make_group, with_tables

from vae.reporting.checks import left


@pytest.fixture
def tables(tmp_path):
    rows = [("bernoulli", 0.5, -0.3), ("bernoulli", 1.0, 0.2), ("beta", 1.0, 9.0)]
    table = pd.DataFrame(rows, columns=["likelihood", "beta", "elbo_left"])
    table.to_csv(tmp_path / "convergence.csv")
    return tmp_path


def test_what_is_left_is_the_largest_change_of_the_likelihoods_trained(tables):
    (found,) = left(make_group(), tables)
    assert (found.likelihoods, found.nats) == (("bernoulli",), 0.3)


def test_nothing_is_said_of_other_data_or_without_the_check(tables, tmp_path):
    group = make_group()
    other = {name: table.assign(dataset="mnist") for name, table in group.tables.items()}
    assert not list(left(with_tables(group, **other), tables))
    assert not list(left(make_group(["categorical"]), tables))
    assert not list(left(group, tmp_path / "elsewhere"))
