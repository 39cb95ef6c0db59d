"""Published claims are judged by intervals, and only by them."""

from pathlib import Path

import pandas as pd
import pytest
from synthetic_results import BETAS, make_group

from vae.reporting.findings.collapse import Theory
from vae.reporting.group import Group
from vae.reporting.page.claims import AGREES, CONTRADICTED, OPEN, Claim, claims_table, paired
from vae.reporting.page.literature import (
    autoencoder,
    believe,
    ladder,
    literature,
    others,
    several_samples,
)

DATA = Path(__file__).parents[3] / "report"
BOTH = ("bernoulli", "continuous_bernoulli")
BOUNDED = ("bernoulli", "bernoulli_iwae_5")


def on(dataset: str, **changes) -> Group:
    group = make_group(**changes)
    tables = {name: table.assign(dataset=dataset) for name, table in group.tables.items()}
    return Group(group.name, tables)


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [([1.0, 1.1, 0.9], AGREES), ([-1.0, -1.1, -0.9], CONTRADICTED), ([1.0, -1.0, 0.1], OPEN)],
)
def test_what_several_samples_gain_is_judged_over_seeds(gain, verdict):
    plain = {1.0: [-90.0, -91.0, -92.0]}
    more = {1.0: [a + b for a, b in zip(plain[1.0], gain, strict=True)]}
    changes = {"bernoulli/importance_bound": plain, "bernoulli_iwae_5/importance_bound": more}
    group = on("mnist_dynamic", likelihoods=BOUNDED, betas=[1.0], changes=changes)
    assert next(several_samples(group)).verdict == verdict


@pytest.mark.parametrize(("of_ae", "verdict"), [(5.0, AGREES), (50.0, CONTRADICTED)])
def test_autoencoders_and_vaes_by_fid(of_ae, verdict):
    seeds = (-0.1, 0.0, 0.1)
    changes = {
        "fid_gmm": {beta: [of_ae + noise for noise in seeds] for beta in (0.0, *BETAS)},
        "fid_prior": {beta: [20 - noise for noise in seeds] for beta in BETAS},
    }
    (claim,) = autoencoder(on("mnist", changes=changes))
    assert claim.verdict == verdict


@pytest.mark.parametrize(
    ("bits", "converged", "verdict"),
    [(0.5, 0, AGREES), (50.0, 1, CONTRADICTED), (50.0, 0, OPEN)],
)
def test_the_histogram_is_contradicted_only_if_no_finished_model_beats_it(
    bits, converged, verdict
):
    changes = {"bits_per_dim": lambda beta: bits, "converged": lambda beta: converged}
    code = next(c for c in others(on("mnist", changes=changes)) if "frequencies" in c.published)
    assert code.verdict == verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"agree": ("bernoulli",)}, AGREES),
        ({"early": ("bernoulli",)}, CONTRADICTED),
        ({"agree": ("bernoulli",), "late": ("beta",)}, OPEN),
        ({"unseen": ("bernoulli",)}, OPEN),
    ],
)
def test_linear_theory_is_contradicted_only_where_no_likelihood_agrees(
    found, verdict, monkeypatch
):
    predicted = {"bernoulli": 1.0, "beta": 2.0}
    theory = Theory(predicted, **found)
    monkeypatch.setattr("vae.reporting.page.literature.theory", lambda group: theory)
    claim = next(others(make_group()))
    assert claim.verdict == verdict


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [((0.3, 0.2, 0.4), AGREES), ((-0.3, -0.2, -0.4), CONTRADICTED), ((0.3, -0.3, 0.1), OPEN)],
)
def test_training_on_masses_is_judged_over_seeds(gains, verdict):
    name = "gaussian_learned_sigma"
    changes = {
        f"{name}/bits_per_dim": {beta: [3.0, 3.1, 3.2] for beta in BETAS},
        f"{name}_discretized/bits_per_dim": {
            beta: [3.0 - gains[0], 3.1 - gains[1], 3.2 - gains[2]] for beta in BETAS
        },
    }
    group = on("mnist", likelihoods=[name, f"{name}_discretized"], changes=changes)
    assert next(c for c in others(group) if "density" in c.published).verdict == verdict


def test_too_few_seeds_decide_nothing():
    values = pd.Series([1.0, 2.0])
    assert paired(values, values - 1) is None
    claims = literature(on("mnist", likelihoods=BOTH, seeds=[0]), DATA)
    of_intervals = [c for c in claims if "codes die" not in c.published]
    assert {c.verdict for c in of_intervals} <= {OPEN}


def test_ours_stands_on_the_ladder_by_its_value():
    changes = {"importance_bound": lambda beta: -86.2}
    group = on("mnist_dynamic", likelihoods=["bernoulli"], betas=[1.0], changes=changes)
    table = ladder(group, DATA)
    bounds = table["bound on log p(x), nats"].str.split(" ±").str[0].astype(float)
    assert bounds.is_monotonic_decreasing
    place = table["model and estimate"].str.contains("here").to_numpy().argmax()
    assert bounds[place - 1] > bounds[place] > bounds[place + 1]
    assert ladder(on("digits"), DATA).empty


def test_contradictions_come_with_what_stands_behind_them():
    agreed, contradicted = (Claim("a", "b", v, "c", "d") for v in (AGREES, CONTRADICTED))
    group = on("mnist")
    assert not believe(group, [agreed])
    assert "seeds" in believe(group, [agreed, contradicted])
    assert list(claims_table([agreed, contradicted]).verdict) == [AGREES, f"**{CONTRADICTED}**"]
