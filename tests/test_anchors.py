"""Published values stand beside the cells that they can be read against."""

import pandas as pd
import pytest
from synthetic_results import benchmark, build_results

from vae.metrics import METRICS
from vae.reporting.anchors import ANCHORS, CURVE_BETAS, CURVES, anchor_table, published


@pytest.fixture
def measured(tmp_path):
    """The metrics of a synthetic run on one dataset; keyword arguments change its settings."""

    def build(dataset: str, **changes) -> pd.DataFrame:
        build_results(benchmark(datasets=[dataset], **changes), tmp_path)
        return pd.read_csv(tmp_path / "metrics.csv")

    return build


def cell(metrics: pd.DataFrame, metric: str, **key) -> float:
    rows = metrics[metrics.metric == metric]
    for name, value in key.items():
        rows = rows[rows[name] == value]
    return rows.value.mean()


def test_the_vae_of_burda_beside_ours_at_beta_1(measured):
    metrics = measured("mnist_dynamic")
    table = anchor_table("mnist_dynamic", 4, metrics).set_index("published setting")
    vae = table.loc["VAE, one sample, 3,280 epochs"]
    ours = cell(metrics, "importance_bound", likelihood="bernoulli", model="vae", beta=1)
    assert float(vae.published) == -86.76
    assert float(vae.ours.split(" ±")[0]) == pytest.approx(ours, abs=0.5)
    assert "50 latent dimensions rather than 4" in vae["what differs"]
    assert "second-hand" in vae.source


def test_what_we_do_not_train_has_no_value_of_ours(measured):
    table = anchor_table("mnist_dynamic", 50, measured("mnist_dynamic"))
    iwae = table[table["published setting"].str.startswith("IWAE")]
    assert len(iwae) == 2
    assert set(iwae.ours) == {"–"}


@pytest.mark.parametrize("changes", [{"betas": [0.5, 2]}, {"likelihoods": ["categorical"]}])
def test_no_value_of_ours_without_the_nearest_cell(measured, changes):
    table = anchor_table("mnist_dynamic", 4, measured("mnist_dynamic", **changes))
    assert set(table.ours) == {"–"}


def test_inception_distances_only_beside_inception_distances(measured):
    features = {"importance_samples": 50, "features": "inception"}
    metrics = measured("mnist", evaluation=features)
    table = anchor_table("mnist", 16, metrics)
    assert list(table.published) == ["19.21", "17.66", "10.66", "8.69"]
    assert "Bernoulli" in table.ours[0] and "discretized logistic" in table.ours[0]
    assert "latent dimensions" not in table["what differs"][0]
    assert anchor_table("mnist", 16, measured("mnist")).empty


def test_curves_of_the_likelihoods_that_we_train(measured):
    text = published("mnist", 4, measured("mnist"))
    lines = [line for line in text.splitlines() if line.startswith("| Bernoulli")]
    published_row, our_row = ([c.strip() for c in line.split("|")[2:-1]] for line in lines)
    assert published_row[3] == "5.2"
    assert [value == "–" for value in our_row] == [b not in (0.5, 1, 2, 8) for b in CURVE_BETAS]
    assert "continuous" not in text
    assert "±0.3" in text


@pytest.mark.parametrize("dataset", ["digits", "fashion_mnist"])
def test_nothing_known_is_said_so(measured, dataset):
    text = published(dataset, 4, measured(dataset))
    assert "No published value" in text and dataset in text
    assert "|" not in text


def test_every_anchor_is_one_of_our_metrics_and_every_curve_is_whole():
    assert all(anchor.metric in METRICS for anchor in ANCHORS)
    assert all(len(curve) == len(CURVE_BETAS) for curve in CURVES.values())
