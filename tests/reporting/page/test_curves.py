"""Published curves are judged by intervals, by either kind of images."""

import math
from pathlib import Path

import pytest
from synthetic_results import make_group

from vae.reporting.findings.repeats import FIDS
from vae.reporting.group import Group
from vae.reporting.page.claims import AGREES, CONTRADICTED, OPEN
from vae.reporting.page.curves import curves, ratio

DATA = Path(__file__).parents[3] / "report"
BOTH = ("bernoulli", "continuous_bernoulli")


def on(dataset: str, **changes) -> Group:
    group = make_group(**changes)
    tables = {name: table.assign(dataset=dataset) for name, table in group.tables.items()}
    return Group(group.name, tables)


def stars(*metrics: str, **intervals: tuple[float, float, float]) -> list[dict]:
    """β* with its interval, by FID of expected and of drawn images if not said otherwise."""
    columns = ("beta_star", "beta_star_low", "beta_star_high")
    return [
        {"likelihood": slug, "criterion": metric, **dict(zip(columns, values, strict=True))}
        for slug, values in intervals.items()
        for metric in metrics or FIDS.values()
    ]


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ((4, 3, 5), AGREES),
        ((2, 1, 3), AGREES),  # of the published curve's βs 4 is lowest, so any of 2 to 8 may be
        ((1.4, 1, 1.8), CONTRADICTED),
        ((6, 3, math.inf), OPEN),  # the published β is not excluded, a bottom is not seen
        ((4, math.nan, math.nan), OPEN),
    ],
)
def test_a_u_has_its_bottom_inside_the_grid_where_it_was_published(found, verdict):
    group = on("mnist", likelihoods=["bernoulli"], answers=stars(bernoulli=found))
    (claim,) = curves(group, DATA)
    assert claim.verdict == verdict


@pytest.mark.parametrize(
    ("above", "below", "verdict"),
    [
        ((12, 10, 14), (4, 3.5, 4.5), AGREES),
        ((4, 3, 5), (4, 3, 5), AGREES),
        ((2, 1.5, 2.5), (8, 6, 10), CONTRADICTED),
        ((8, 4, 16), (4, 2, 8), AGREES),
        ((8, math.nan, math.nan), (4, 3, 5), OPEN),
    ],
)
def test_the_shift_between_two_likelihoods(above, below, verdict):
    answers = stars(bernoulli=below, continuous_bernoulli=above)
    *_, shift, _ = curves(on("mnist", likelihoods=BOTH, answers=answers), DATA)
    assert shift.verdict == verdict


def test_without_a_best_beta_nothing_is_said_of_the_shift():
    answers = stars(bernoulli=(4, 3, 5), continuous_bernoulli=(math.nan,) * 3)
    claims = list(curves(on("mnist", likelihoods=BOTH, answers=answers), DATA))
    assert not any("times" in claim.published for claim in claims)


def test_the_quotient_of_intervals_holds_every_quotient():
    assert ratio((6, 12), (2, 4)) == (1.5, 6)
    assert ratio((6, 12), (0, 4)) == (1.5, math.inf)


@pytest.mark.parametrize(("other", "verdict"), [((8, 6, 9), AGREES), ((5, 4.5, 9), OPEN)])
def test_that_one_beta_serves_all_is_excluded_only_by_intervals_apart(other, verdict):
    answers = stars(bernoulli=(4, 3, 5), continuous_bernoulli=other)
    *_, one = curves(on("mnist", likelihoods=BOTH, answers=answers), DATA)
    assert one.verdict == verdict


@pytest.mark.parametrize(
    ("drawn", "verdict"),
    [((1.4, 1, 1.9), CONTRADICTED), ((3, 1, 5), OPEN), ((3, math.nan, math.nan), OPEN)],
)
def test_a_curve_is_contradicted_only_by_expected_and_drawn_images_alike(drawn, verdict):
    answers = stars("fid_prior", bernoulli=(1.4, 1, 1.8))
    answers += stars("fid_prior_drawn", bernoulli=drawn)
    (claim,) = curves(on("mnist", likelihoods=["bernoulli"], answers=answers), DATA)
    assert claim.verdict == verdict
