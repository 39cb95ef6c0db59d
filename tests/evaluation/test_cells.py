"""Tables of metrics: averages with their errors, one row per cell and metric."""

import copy
import math

import numpy as np
import pytest
import torch

from vae.configuration.sweep import Cell
from vae.evaluation import images, latents, likelihood
from vae.evaluation.cells import Estimate, average, measure_cells

CPU = torch.device("cpu")
COLUMNS = [
    *("dataset", "network", "latent_dim", "likelihood", "model", "beta", "seed"),
    *("metric", "value", "se"),
]


@pytest.fixture
def with_diverged(trained):
    """A copy of the trained sweep in which some cells diverged."""

    def mark(*cells: Cell):
        broken = copy.deepcopy(trained)
        for cell in cells:
            broken.cells[cell]["status"] = "diverged"
        return broken

    return mark


def two_metrics(model, cell: Cell) -> dict[str, Estimate]:
    metrics = {"first": Estimate(10.0 * cell.beta + cell.seed, 0.5)}
    return metrics if cell.model == "ae" else {**metrics, "second": Estimate(-1.0)}


@pytest.mark.parametrize("count", [2, 3, 1000])
def test_average_is_the_mean_and_its_standard_error(count):
    values = np.random.default_rng(0).normal(3.0, 2.0, count)
    estimate = average(torch.from_numpy(values))
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.se == pytest.approx(values.std(ddof=1) / np.sqrt(count))


def test_average_of_large_numbers_does_not_lose_precision():
    values = torch.full((100_000,), 1234.567)
    assert average(values).value == pytest.approx(values[0].item(), abs=1e-9)


def test_average_of_one_image_has_no_error():
    assert average(torch.tensor([2.0]))[:2] == (2.0, None)


def test_average_keeps_the_values_of_single_images():
    assert average(torch.tensor([2.0, 3.0])).per_image.tolist() == [2.0, 3.0]


def test_values_per_image_are_kept_of_metrics_that_can_be_better(trained):
    def measure(model, cell):
        return {name: average(torch.arange(3.0)) for name in ("elbo", "rate")}

    names = measure_cells(trained, measure, CPU).per_image
    assert len(names) == 2 + 4 and all(name.endswith("/elbo") for name in names)


def test_the_table_has_a_row_per_cell_and_metric(trained):
    table = measure_cells(trained, two_metrics, CPU).table
    assert list(table.columns) == COLUMNS
    assert len(table) == 2 * 1 + 4 * 2
    for row in table.query("metric == 'first'").itertuples():
        assert row.value == 10 * row.beta + row.seed
        assert row.se == 0.5
    assert table.query("metric == 'second'")["se"].isna().all()
    assert set(table["dataset"]) == {"digits"}
    assert set(table["network"]) == {"mlp"}
    assert set(table["latent_dim"]) == {3}
    assert set(table["likelihood"]) == {"bernoulli"}


def test_every_cell_is_measured_by_its_own_model(trained):
    seen = {}
    measure_cells(trained, lambda model, cell: seen.setdefault(cell, model) and {}, CPU)
    assert list(seen) == list(trained.cells)
    for cell, model in seen.items():
        expected = trained.model(cell)
        assert type(model) is type(expected)
        assert torch.equal(model.decoder.bias, expected.decoder.bias)


def test_a_diverged_cell_has_the_metrics_of_its_kind_without_values(with_diverged):
    sick = Cell("vae", 0.5, 1)
    table = measure_cells(with_diverged(sick), two_metrics, CPU).table
    rows = table.query("model == 'vae' and beta == 0.5 and seed == 1")
    assert rows["metric"].tolist() == ["first", "second"]
    assert rows[["value", "se"]].isna().all(axis=None)
    assert table.drop(rows.index)["value"].notna().all()


def test_a_diverged_autoencoder_gets_an_autoencoder_s_metrics(with_diverged):
    table = measure_cells(with_diverged(Cell("ae", 0.0, 0)), two_metrics, CPU).table
    rows = table.query("model == 'ae' and seed == 0")
    assert rows["metric"].tolist() == ["first"]
    assert math.isnan(rows["value"].item())


@pytest.mark.parametrize("question", ["likelihood", "images", "latents"])
def test_every_question_gives_a_diverged_cell_empty_rows(with_diverged, trained, digits, question):
    def ask(sweep):
        if question == "likelihood":
            return likelihood.evaluate(sweep, digits, CPU, 2, 20, seed=0).table
        if question == "images":
            return images.evaluate(sweep, digits, CPU, seed=0).table
        return latents.evaluate(sweep, digits, CPU, seed=0).table

    healthy, table = ask(trained), ask(with_diverged(Cell("vae", 1.0, 0)))
    keys = ["model", "beta", "seed", "metric"]
    assert table[keys].equals(healthy[keys])
    sick = (table["beta"] == 1.0) & (table["seed"] == 0)
    assert table.loc[sick, "value"].isna().all()
    assert table.loc[~sick, "value"].equals(healthy.loc[~sick, "value"])
