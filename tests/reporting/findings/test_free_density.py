"""A density without a ceiling: what decides what is said of it."""

import math

import pytest
from synthetic_results import make_group, with_tables
from synthetic_tables import free_density as trainings

from vae.reporting.findings.free_density import FreeDensity, free_density
from vae.reporting.page import tables


def found(**changes) -> FreeDensity:
    return free_density(with_tables(make_group(), free_density=trainings(**changes)))


def test_it_goes_on_where_every_doubling_still_pays():
    assert found().goes_on
    assert "without an end" in str(found())


@pytest.mark.parametrize(
    "changes",
    [
        {"free": (120.0, 150.0, 155.0)},
        {"free": (120.0, 150.0, 149.0)},
        {"free": (120.0, 150.0, 180.0), "limited": (20.0, 60.0, 100.0)},
        {"free": (120.0, 132.0, 144.0), "limited": (80.0, 80.1, 80.2)},
    ],
    ids=["flattens", "falls", "no faster than the limited one", "hardly faster than masses"],
)
def test_it_does_not_where_the_gain_shrinks_or_the_limited_one_gains_as_much(changes):
    assert not found(**changes).goes_on
    assert "without an end" not in str(found(**changes))


def test_it_misleads_where_density_and_bits_disagree():
    assert found().misleads  # 180 nats against 140, 2.75 bits/dim against 2.4
    assert "40.0 nats more density" in str(found()) and "0.35 bits/dim worse" in str(found())
    assert not found(bits=(2.5, 2.4, 2.3)).misleads
    assert "agree" in str(found(bits=(2.5, 2.4, 2.3)))
    assert not found(free=(100.0, 120.0, 130.0)).misleads
    assert found(free=(100.0, 120.0, 130.0), bits=(2.5, 2.4, 2.3)).misleads


def test_nothing_is_said_without_the_table_or_after_a_divergence():
    without = with_tables(make_group(), free_density=trainings().iloc[:0])
    assert free_density(without) is None and tables.free_density(without).empty
    assert found(free=(120.0, math.nan, math.nan)) is None


def test_the_table_has_a_row_per_look():
    group = with_tables(make_group(), free_density=trainings())
    assert len(tables.free_density(group)) == 9
