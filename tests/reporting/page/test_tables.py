"""The tables of the report: what they mark, what they leave out, and that sentences agree."""

import math
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from synthetic_results import BETAS, make_group

from vae.dependencies import PACKAGE
from vae.reporting.figures.latents import draw_dimensions
from vae.reporting.findings.collapse import active_units
from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name
from vae.reporting.page.tables import (
    NOT_EXCLUDED,
    against_autoencoder,
    always_one,
    beta_label,
    effective_beta,
    every_beta,
    markdown_table,
    ranked,
    recipes,
    set_table,
    side_by_side,
    sizes_table,
    use_cell,
    use_table,
)

ONE = "gaussian_learned_sigma"
WRITTEN = PACKAGE.parent / "report"


def row(**columns: object) -> pd.Series:
    return pd.Series({"best_beta": 2.0, "value": 1.0} | columns)


@pytest.mark.parametrize(
    ("low", "high", "optimum", "text"),
    [
        (1.2, 3.1, "inside", "**1.9 [1.2, 3.1]**"),
        (0.0, 0.25, "below", "**≤ 0.25**"),
        (5.3, math.inf, "above", "**≥ 5.3**"),
        (1.2, math.inf, "inside", "**1.9 [1.2, ∞)**"),
        (0.0, 3.1, "inside", "**1.9 [0, 3.1]**"),
        (math.nan, math.nan, "inside", "**2 (of the grid, no interval)**"),
    ],
)
def test_a_best_beta_is_a_number_with_an_interval_or_a_bound(low, high, optimum, text):
    star = {"beta_star": 1.9, "beta_star_low": low, "beta_star_high": high}
    assert use_cell(row(**star, optimum=optimum)) == text


@pytest.mark.parametrize(
    ("price", "low", "high", "text"),
    [
        (0.8, 0.3, 1.4, "0.8 [0.3, 1.4]"),
        (0.1, 0.0, 0.41, "≤ 0.41"),
        (0.8, math.nan, math.nan, "0.800"),
    ],
)
def test_the_price_of_one_is_an_interval_too(price, low, high, text):
    columns = {"price_of_beta_1": price, "price_low": low, "price_high": high}
    star = {"beta_star": 1.9, "beta_star_low": 1.2, "beta_star_high": 3.1}
    assert use_cell(row(**columns, **star)).endswith(f"· {text}")


def test_best_bold_second_underlined_and_not_of_one():
    assert [ranked("x", i, [3, 1, 2]) for i in (3, 1, 2)] == ["**x**", "<u>x</u>", "x"]
    assert ranked("x", 1, [1]) == "x"


def test_the_answer_leaves_reconstruction_out():
    table = use_table(make_group())
    assert list(table.likelihood) == ["Bernoulli", "Gaussian, learned σ"]
    assert not any("reconstruct" in column for column in table)


def test_latent_sizes_stand_in_one_table():
    ten = make_group()
    five = Group("five", {n: t.assign(latent_dim=5) for n, t in ten.tables.items()}, [ten])
    assert sizes_table(ten).empty and ten.leads and five.leads
    assert not replace(ten, siblings=[five]).leads
    table = sizes_table(five)
    assert list(table["latent dimensions"]) == [5, 5, 10, 10]
    assert list(table.likelihood[:2]) == ["Bernoulli", "Gaussian, learned σ"]
    assert table["FID of expected images ↓"].notna().all()


def test_with_one_beta_there_is_no_answer_but_likelihoods_stand_side_by_side():
    group = make_group(("bernoulli", "gaussian_learned_sigma"), betas=[1.0])
    assert use_table(group).empty
    assert len(side_by_side(group)) == 2


def test_side_by_side_marks_the_best_by_direction():
    changes = {"bernoulli/probe_accuracy": lambda beta: 0.99}
    table = side_by_side(make_group(changes=changes)).set_index("likelihood")
    assert table.loc["Bernoulli", "probe accuracy ↑"].startswith("**")
    assert table.loc["Bernoulli", "bits/dim ↓"] == "–"


def test_always_one_is_the_mean_regret_and_rank():
    values = {b: [abs(math.log2(b / 2))] * 3 for b in BETAS}
    table = always_one(make_group([ONE], changes={"fid_prior": values})).set_index("criterion")
    found = table.loc["FID of expected images"]
    assert found["mean regret of β = 1"] == "1.00"
    assert found["mean rank"] == f"2.5 of {len(BETAS)}"


def test_a_beta_with_which_some_seeds_collapse_says_how_many():
    changes = {"collapsed": {0.5: [0.0] * 3, 1.0: [0.0, 1.0, 0.0], 2.0: [1.0] * 3}}
    group = make_group(["bernoulli"], (0.5, 1.0, 2.0), changes=changes)
    labels = [beta_label(group, "bernoulli", beta) for beta in (0.5, 1.0, 2.0)]
    assert labels == ["1/2", "1 (1 of 3 collapsed)", "2"]


def test_marks_of_a_set_are_quiet():
    group = make_group([ONE])
    answer = group.answers("probe_accuracy")[ONE]
    table = every_beta(group, ONE)
    marked = table.loc[table["probe accuracy ↑"].str.endswith(NOT_EXCLUDED), "β"]
    chosen = [float(b) for b in answer.indistinguishable_betas.split()]
    assert list(marked) == (list(map(beta_name, chosen)) if len(chosen) > 1 else [])


def test_sets_are_shown_with_what_they_may_cost():
    table = set_table(make_group([ONE]))
    assert {"not excluded", "worst of them, at most", "smallest difference that shows"} <= set(
        table.columns
    )
    assert set_table(make_group([ONE], seeds=[0])).empty


def test_the_sentence_and_the_table_count_the_same_active_units():
    group = make_group([ONE])
    table = every_beta(group, ONE).set_index("β")
    found = active_units(group).over
    assert float(table.loc[beta_name(found.beta), "active units"]) == pytest.approx(found.most[1])


def test_the_figure_draws_its_line_under_the_same_active_units():
    group = make_group([ONE])
    figure = draw_dimensions(group)
    (line,) = [
        patch for ax in figure.axes for patch in ax.patches if "active" in patch.get_label()
    ]
    units = group.values(ONE, "active_units").mean().to_numpy()
    np.testing.assert_allclose(line.get_data().values - 0.5, units)
    plt.close(figure)


def test_the_sentence_and_the_table_collapse_at_the_same_beta():
    group = make_group([ONE])
    collapsed = group.values(ONE, "collapsed").mean()
    assert group.onset(ONE) == min(collapsed.index[collapsed == 1])


def test_autoencoder_and_vae_need_both():
    table = against_autoencoder(make_group())
    assert list(table.likelihood) == [likelihood_name(s) for s in make_group().likelihoods]
    assert against_autoencoder(make_group(autoencoder=False)).empty


def test_effective_beta():
    assert effective_beta(1, pixels=1, sigma=math.sqrt(0.5)) == pytest.approx(1)
    assert effective_beta(1, pixels=784, sigma=1) == pytest.approx(392)
    assert effective_beta(1, pixels=784) == 784


def test_every_loss_of_the_page_has_its_beta():
    table = recipes(WRITTEN / "recipes.csv")
    assert list(table["β it amounts to"]) == ["0.5", "392", "784", "1.54"]


def test_a_table_without_rows_is_nothing():
    assert markdown_table(pd.DataFrame(columns=["a"])) == ""
