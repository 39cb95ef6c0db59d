"""Published values stand beside the cells that they can be read against, with a verdict."""

from pathlib import Path

import pandas as pd
import pytest
from synthetic_results import make_group

from vae.configuration.sweep import Likelihood
from vae.data.catalogue import DATASETS
from vae.metrics import METRICS
from vae.reporting.group import Group
from vae.reporting.page.published import published_values

DATA = Path(__file__).parents[3] / "report"


def on(dataset: str, **changes) -> Group:
    group = make_group(**changes)
    tables = {name: table.assign(dataset=dataset) for name, table in group.tables.items()}
    return Group(group.name, tables)


def test_the_tables_name_what_exists_and_where_it_is_from():
    values = pd.read_csv(DATA / "published.csv")
    curves = pd.read_csv(DATA / "published_curves.csv")
    assert set(values.metric) <= set(METRICS)
    assert set(values.dataset) | set(curves.dataset) <= set(DATASETS)
    for slug in set(values.likelihood.dropna()) | set(curves.likelihood):
        assert Likelihood.from_slug(slug).slug == slug
    assert values.source.notna().all() and curves.source.notna().all()


@pytest.mark.parametrize(
    ("ours", "word"), [(-80.0, "better"), (-87.0, "not told apart"), (-96.0, "worse")]
)
def test_a_published_bound_beside_ours_of_the_same_kind(ours, word):
    changes = {"importance_bound": lambda beta: ours}
    table = published_values(DATA, on("mnist_dynamic", changes=changes))
    assert set(table.metric) == {METRICS["importance_bound"].label}
    vae = table[table.published.str.startswith("VAE, one sample")].iloc[0]
    assert vae.verdict.startswith(f"ours {word}")
    assert "50 latent dimensions" in vae.verdict
    iwae = table[table.published.str.startswith("IWAE")]
    assert set(iwae.ours) == {"–"}


def test_without_the_nearest_cell_nothing_of_ours_stands_there():
    for changes in ({"betas": [0.5, 2.0]}, {"likelihoods": ["categorical"]}):
        assert set(published_values(DATA, on("mnist_dynamic", **changes)).ours) == {"–"}


def test_inception_distances_only_beside_inception_distances():
    assert published_values(DATA, on("mnist")).empty
    assert len(published_values(DATA, on("mnist", inception=True))) == 4


def test_nothing_is_known_on_the_digits():
    assert published_values(DATA, on("digits")).empty
