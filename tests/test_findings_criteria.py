"""Which β wins, whether criteria agree, what it costs: each sentence and its opposite."""

from made_up import JUDGED, about, answer, group, rows

from vae.reporting.findings.criteria import agreement, criteria, price, winners

ELBO, FID = rows(JUDGED, about(1, 5, 2)), rows("fid_prior", about(9, 8, 2))
GAUSSIAN = "gaussian_learned_sigma"


def said(rule, *answers, tables=(ELBO, FID)) -> str:
    return " ".join(rule(group(*tables, answers=answers)))


def test_likelihoods_with_the_same_best_beta_share_a_sentence():
    best = [
        answer(JUDGED, 1, "1"),
        answer(JUDGED, 1, "1", GAUSSIAN),
    ]
    text = " ".join(winners(group(ELBO, ELBO.assign(likelihood=GAUSSIAN), answers=best), JUDGED))
    assert text == "By log-likelihood β = 1 is best with every likelihood."


def test_an_edge_is_no_optimum():
    text = " ".join(
        winners(
            group(ELBO, answers=[answer(JUDGED, 2, "2")]),
            JUDGED,
        )
    )
    assert "grid's largest, 2," in text and "may lie beyond" in text
    text = " ".join(
        winners(
            group(ELBO, answers=[answer(JUDGED, 0.5, "0.5")]),
            JUDGED,
        )
    )
    assert "grid's smallest, 1/2," in text and "may lie beyond" in text


def test_agreement():
    text = said(agreement, answer(JUDGED, 1, "1"), answer("fid_prior", 1, "1 2"))
    assert text == "Log-likelihood and FID have the same best β with Bernoulli."


def test_disagreement_without_a_common_beta():
    text = said(agreement, answer(JUDGED, 1, "1"), answer("fid_prior", 2, "2"))
    assert "want different βs with Bernoulli, where no β is among the best by both" in text


def test_disagreement_that_the_seeds_do_not_support():
    text = said(agreement, answer(JUDGED, 1, "1 2"), answer("fid_prior", 2, "2"))
    assert "though some β is among the best by both" in text and "want" not in text


def test_disagreement_without_sets():
    text = said(agreement, answer(JUDGED, 1, None), answer("fid_prior", 2, None))
    assert "which three seeds cannot confirm" in text and "want" not in text


def test_the_price_of_following_the_other_criterion():
    text = said(
        price,
        answer(JUDGED, 1, "1", value=5),
        answer("fid_prior", 2, "2", value=2),
    )
    assert "following the log-likelihood costs FID: 8.00 instead of 2.00 (Bernoulli)" in text
    assert "following the fid costs log-likelihood: 3.00 nats (bernoulli)" in text.lower()


def test_no_price_where_some_beta_serves_both():
    assert not said(price, answer(JUDGED, 1, "1 2"), answer("fid_prior", 2, "2"))
    assert not said(price, answer(JUDGED, 1, None), answer("fid_prior", 2, None))


def test_only_the_dearest_are_named():
    slugs = ["bernoulli", "continuous_bernoulli", GAUSSIAN, "discretized_logistic"]
    tables, best = [], []
    for rank, slug in enumerate(slugs):
        tables += [ELBO.assign(likelihood=slug)]
        tables += [rows("fid_prior", about(9, 4 + rank, 2), slug)]
        best += [
            answer(JUDGED, 1, "1", slug, 5),
            answer("fid_prior", 2, "2", slug, 2),
        ]
    text = said(price, *best, tables=tables)
    assert "above all: 7.00 instead of 2.00 (discretized logistic)" in text
    assert "(Bernoulli)" not in text


def test_inception_columns_take_the_place_of_missing_ones():
    tables = [ELBO, rows("inception_fid_prior", about(9, 8, 2))]
    best = [
        answer(JUDGED, 1, "1"),
        answer("inception_fid_prior", 2, "2", value=2),
    ]
    text = said(criteria, *best, tables=tables)
    assert "By Inception FID the grid's largest" in text and "8.00 instead of 2.00" in text


def test_without_fid_only_the_elbo_speaks():
    assert said(criteria, answer(JUDGED, 1, "1"), tables=[ELBO]) == (
        "By log-likelihood β = 1 is best with Bernoulli."
    )
