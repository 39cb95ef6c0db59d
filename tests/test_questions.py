"""Answers quote this run's numbers, follow them, and never invent any."""

import dataclasses
import re

import pandas as pd
import pytest
from made_up import JUDGED, MEASURED, NAME, about, answer, group, mean_loss, rows, runs, whole

from vae.reporting.catalogue import CHARTS
from vae.reporting.questions import QUESTIONS, questions
from vae.reporting.questions.choosing import (
    cross_entropy_or_squared_error,
    latent_size,
    sum_or_mean,
    which_beta,
)
from vae.reporting.questions.failing import bad_samples, blur, no_rate, regularisation
from vae.reporting.questions.measuring import literature, meaningful_fid, sample_or_mean


def said(question, changes=None, **parts) -> str:
    return " ".join(question(whole(changes, **parts)))


def test_which_beta():
    text = said(which_beta)
    assert (
        "With Bernoulli the best by log-likelihood is β = 1, by FID β = 1/2 (the edge of the grid)"
        in text
    )
    single = [
        answer(JUDGED, 1, None, betas=1),
        answer("fid_prior", 1, None, betas=1),
    ]
    only = dataclasses.replace(whole(), best=pd.DataFrame(single))
    text = " ".join(which_beta(only))
    assert "single β" in text and "best by log-likelihood is" not in text


@pytest.mark.parametrize(
    ("units", "rate", "text"),
    [(0, 0.001, "collapses"), (4, 1.0, "costs information"), (9, 2.5, "did no harm")],
)
def test_sum_or_mean(units, rate, text):
    found = said(sum_or_mean, mean_loss=mean_loss(units, rate))
    assert text in found and f"{units} active units" in found
    assert "Here" not in said(sum_or_mean, mean_loss=mean_loss(units, rate).iloc[:1])


def test_losses_are_compared_by_what_they_produce():
    fids = {"gaussian_learned_sigma": 9.0, "gaussian_fixed_sigma_0.1": 8.0}
    best = [answer("fid_prior", 1, "1", slug, value) for slug, value in fids.items()]
    text = said(cross_entropy_or_squared_error, answers=best)
    assert "Here" not in text
    best.append(answer("fid_prior", 1, "1", value=7.0))
    text = said(cross_entropy_or_squared_error, answers=best)
    assert "7.00 with Bernoulli and 8.00 with Gaussian, σ = 0.1" in text


def test_where_the_rate_vanishes():
    text = said(no_rate)
    assert "with Bernoulli from β = 2 on: the rate is less than 0.01 nats" in text
    assert "No likelihood" in said(no_rate, {"active_units": about(9, 9, 9)})
    assert "Here" not in said(no_rate, {"active_units": None})


def test_bad_samples():
    text = said(bad_samples)
    assert "β = 1/2 the FID is 1.00 for reconstructions and 12.0 for samples, but 3.00" in text
    assert "2.00 nats from the prior" in text and "at most" not in text
    saturated = {"mutual_information_saturated": about(1, 1, 1, spread=0)}
    assert "at most 2.00 nats" in said(bad_samples, saturated)
    assert "and still 13.0" in said(bad_samples, {"fid_gmm": about(13, 9, 60)})
    assert "no β of this run shows that" in said(bad_samples, {"fid_prior": about(1, 3, 40)})


def test_regularisation():
    assert "its 3.00 nats are 2.80 + 0.200, so it worked" in said(regularisation)
    assert "did not work well" in said(regularisation, {"marginal_kl": about(2, 2, 2)})
    assert "has collapsed" in said(regularisation, {"active_units": about(0, 0, 0, spread=0)})
    saturated = {"mutual_information_saturated": about(1, 1, 1, spread=0)}
    assert "cannot tell" in said(regularisation, saturated)


@pytest.mark.parametrize(("marginal", "named"), [(9.0, True), (0.1, False)])
def test_the_codes_furthest_from_the_prior(marginal, named):
    other = rows("marginal_kl", about(1, marginal, 1), "discretized_logistic")
    text = " ".join(regularisation(group(whole().metrics, other)))
    assert ("discretized logistic (β = 1) are furthest from the prior" in text) == named


def test_blur():
    assert "the autoencoder keeps 88 %" in said(blur)
    assert "the VAE at β = 1 keeps 52 %" in said(blur)
    assert "not the blurrier" not in said(blur)
    sharp = {"high_frequency_energy": about(0.8, 0.9, 0.1)}
    assert "the VAE is not the blurrier one" in said(blur, sharp)
    no_autoencoder = group(rows("high_frequency_energy", about(0.8, 0.5, 0.1)))
    assert "%" not in " ".join(blur(no_autoencoder))


def test_sample_or_mean():
    assert "0.0300 from the mean and 0.0400 from a sample, so the noise costs 25 %" in said(
        sample_or_mean
    )
    same = {"mse_mean": MEASURED["mse"]}
    assert "the mean gains nothing" in said(sample_or_mean, same)


def test_latent_size():
    text = said(latent_size)
    assert "Near β = 1, 5 of 10 dimensions (Bernoulli) are active, so more are not needed" in text
    assert "larger space" not in text
    all_used = {"active_units": about(10, 10, 10, spread=0)}
    text = said(latent_size, all_used)
    assert "With Bernoulli all 10 are active" in text and "not needed" not in text
    nearly = {"active_units": {1.0: [10, 10, 9]}}
    assert "With Bernoulli nearly all 10 are active" in said(latent_size, nearly)
    dead = {"active_units": about(4, 0, 0, spread=0)}
    assert "active" not in said(latent_size, dead)
    larger = group(rows("elbo", about(-30, -22, -26)).assign(latent_dim=20))
    text = said(latent_size, siblings=[larger])
    assert "The ELBO there is -24.0 with 10 and -22.0 with 20 dimensions." in text


def test_literature():
    text = said(literature, references={"bernoulli_floor": 13.7})
    assert "makes 1.00 nats" in text and "costs 13.7 nats" in text
    assert "choice of bound" not in said(literature, {"importance_bound": MEASURED["elbo"]})
    assert "perfect Bernoulli" not in said(literature)


def test_whose_features():
    text = said(meaningful_fid)
    assert "classifier of these images (97.7 % test accuracy)" in text and "rises" in text
    assert "0.800 between real" in text and "84.0 for uniform noise" in text
    text = said(meaningful_fid, references={"inception_fid_floor": 2.0, "inception_fid_noise": 9})
    assert "photographs" in text and "classifier" not in text and "2.00 between" in text


@pytest.mark.parametrize("name", runs())
def test_every_run_gets_every_answer_in_words_that_hold(name):
    found = questions(runs()[name])
    assert [question for question, _ in found] == list(QUESTIONS)
    for _, text in found:
        assert text.endswith(".")
        assert not re.search(r"\bnan\b|None|–|\binf\b|  ", text)
        links = re.findall(r"\(figures/([^/]+)/(\w+)\.png\)", text)
        assert all(folder == NAME and chart in CHARTS for folder, chart in links)
        assert text.count("](") == len(links)


def test_inception_numbers_are_used_where_there_are_no_others():
    assert "the FID is 1.00 for reconstructions" in " ".join(bad_samples(runs()["inception"]))
