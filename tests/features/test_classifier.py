"""The classifier whose features FID compares."""

from dataclasses import replace

import pytest
import torch

from vae.features.classifier import accuracy, feature_count, train_classifier

CPU = torch.device("cpu")


def test_it_recognises_unseen_digits(classifier, digits):
    assert accuracy(classifier, digits) > 0.8  # other writers
    assert accuracy(classifier, digits, "validation") > 0.9


def test_accuracy_is_the_share_of_correct_answers(classifier, digits):
    for split in ("train", "test"):  # 1,157 images are more than one batch
        guesses = classifier(digits.unit(split)).argmax(1)
        correct = sum(int(a == b) for a, b in zip(guesses, digits.labels[split], strict=True))
        assert accuracy(classifier, digits, split) == pytest.approx(correct / len(guesses))


def test_it_is_no_wider_than_the_test_images_allow(classifier, digits):
    x = digits.unit("test")
    assert classifier.features(x).shape == (382, 38)
    assert feature_count(10_000) == 84
    assert feature_count(1) >= 2


def test_no_feature_is_dead(classifier, digits):
    covariance = classifier.features(digits.unit("test")).double().T.cov()
    assert torch.linalg.matrix_rank(covariance) == len(covariance)


def test_the_seed_decides_the_weights(digits):
    global_state = torch.get_rng_state()
    a, b, c = (
        train_classifier(digits, epochs=1, seed=seed, device=CPU).state_dict()
        for seed in (0, 0, 1)
    )
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not torch.equal(a["output.weight"], c["output.weight"])
    assert torch.equal(torch.get_rng_state(), global_state)


def test_it_is_trained_on_the_training_split_alone(digits):
    blank = {split: torch.zeros_like(digits.images[split]) for split in ("validation", "test")}
    dataset = replace(digits, images={**digits.images, **blank})
    a, b = (
        train_classifier(d, epochs=1, seed=0, device=CPU).state_dict() for d in (digits, dataset)
    )
    assert all(torch.equal(a[name], b[name]) for name in a)
