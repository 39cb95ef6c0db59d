"""The findings of a whole group: their order, and what is left out."""

import re

import pytest
from made_up import JUDGED, about, answer, fid_of_corruptions, group, rows, runs

from vae.reporting.findings import RULES, fid_check, findings
from vae.reporting.words import beta_range, families, figure, listed


def test_headings_without_a_sentence_are_left_out():
    found = findings(group(rows("active_units", about(4, 2, 1))))
    assert list(found) == ["Where the posterior collapses", "How sure is that"]


def test_headings_keep_their_order_and_sentences_end():
    elbo, fid = answer(JUDGED, 1, "1"), answer("fid_prior", 2, "2", value=2)
    tables = [rows(JUDGED, about(1, 5, 2)), rows("fid_prior", about(9, 8, 2))]
    found = findings(group(*tables, rows("active_units", about(4, 2, 0)), answers=[elbo, fid]))
    assert list(found) == [heading for heading in RULES if heading in found]
    assert len(found) > 2
    assert all(text.endswith(".") for sentences in found.values() for text in sentences)


def test_nothing_at_all_is_said_with_one_beta_but_that():
    only = answer(JUDGED, 1, None, betas=1)
    found = findings(group(rows(JUDGED, {1.0: [2.0]}), answers=[only]))
    assert list(found) == ["How sure is that"]
    assert found["How sure is that"][0].startswith("Only one β was trained")


@pytest.mark.parametrize("column", ["fid", "inception_fid"])
def test_fid_is_checked_against_corruptions(column):
    assert "rises" in fid_check(fid_of_corruptions(0.1, 1.0, 1.0, column=column))
    assert "falls" in fid_check(fid_of_corruptions(0.1, 1.0, 0.9, column=column))


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        ([0.5, 1, 2, 4], "every β"),
        ([2, 0.5, 1], "every β up to 2"),
        ([1, 2, 4], "every β from 1 on"),
        ([0.5, 2], "β = 1/2 and 2"),
    ],
)
def test_ranges_of_beta(chosen, text):
    assert beta_range(chosen, [0.5, 1, 2, 4]) == text


def test_gaussians_share_a_bracket():
    slugs = ["bernoulli", "gaussian_fixed_sigma_0.1", "gaussian_fixed_sigma_0.2"]
    assert families(slugs) == "Bernoulli and Gaussian (σ = 0.1 and 0.2)"
    assert families([*slugs, "gaussian_learned_sigma"]).endswith("(σ = 0.1 and 0.2, learned σ)")
    assert families(slugs, every=slugs) == "every likelihood"
    assert families(slugs[:1], every=slugs[:1]) == "Bernoulli"


def test_lists_and_links():
    assert [listed("a"), listed("ab"), listed("abc")] == ["a", "a and b", "a, b and c"]
    assert figure("digits-mlp-10d", "fid", "x") == "[x](figures/digits-mlp-10d/fid.png)"
    with pytest.raises(KeyError):
        figure("digits-mlp-10d", "no_such_chart", "x")


@pytest.mark.parametrize("name", runs())
def test_no_run_makes_a_sentence_with_holes(name):
    for sentences in findings(runs()[name]).values():
        for text in sentences:
            assert text.endswith(".") and (text[0].isupper() or text[0].isdigit())
            assert not re.search(r"\bnan\b|None|–|\binf\b|  |\(\)", text)
