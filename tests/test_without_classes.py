"""Images without classes: what needs them is left out, and the rest stays as it is."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from vae.evaluation.corruptions import faulty_images
from vae.evaluation.probes import Probe
from vae.evaluation.references import references
from vae.features.classifier import train_classifier
from vae.features.spaces import load_spaces, save_spaces, train_spaces
from vae.reporting.page.render import _classes

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def unlabelled(digits):
    """A few digits, all of one class."""
    few = {"train": 200, "validation": 40, "test": 60}
    return replace(
        digits,
        images={s: digits.images[s][:n] for s, n in few.items()},
        labels={s: torch.zeros(n, dtype=torch.long) for s, n in few.items()},
    )


@pytest.fixture(scope="module")
def spaces(unlabelled, tmp_path_factory):
    """The file of the spaces that one epoch learns."""
    path = tmp_path_factory.mktemp("spaces") / "spaces.safetensors"
    save_spaces(train_spaces(unlabelled, 1, 0, CPU), unlabelled, path)
    return path


def test_there_is_no_classifier_and_the_other_spaces_are_there(spaces, digits):
    names = ["classifier", "selfsupervised", "pixels"]
    found = load_spaces(spaces, names, CPU)
    assert [space.metric_prefix for space in found] == ["selfsupervised_", "pixels_"]


def test_with_the_classifier_alone_there_is_nothing_to_compare_in(spaces, input_error):
    with input_error(spaces, "no classes", "evaluation.features"):
        load_spaces(spaces, ["classifier"], CPU)


def test_probes_say_nothing(unlabelled, trained):
    probe = Probe(unlabelled, 0, CPU)
    assert probe.of_pixels() == probe.of_components(3) == {}
    assert probe.of_model(trained.model(next(iter(trained.cells)))) == {}


def test_dropped_classes_are_no_fault_of_images_without_any(unlabelled):
    x = unlabelled.unit("train")
    names = {name for _, name, _, _ in faulty_images(x, unlabelled.labels["train"], x, 0)}
    assert "dropped classes" not in names and "missing mode" in names


def test_references_have_no_accuracy_but_every_other_space(unlabelled, spaces):
    extractors = load_spaces(spaces, ["classifier", "pixels"], CPU)
    table = references(unlabelled, None, extractors, 0, [2], 0, CPU)
    values = dict(zip(table.reference, table.value, strict=True))
    assert values["classes"] == 1 and values["pixels_fid_floor"] > 0
    assert not any("accuracy" in name or name == "fid_floor" for name in values)


def test_the_report_says_what_was_left_out():
    said = _classes(SimpleNamespace(references={"classes": 1.0}))
    assert "classifier" in said and "probe" in said
    assert _classes(SimpleNamespace(references={"classes": 10.0})) == ""


def test_wide_codes_get_the_same_probe_by_the_other_solver(digits, monkeypatch):
    probe = Probe(digits, 0, CPU)
    newton = probe.of_pixels()
    monkeypatch.setattr("vae.evaluation.probes.MOST_NEWTON", 0)
    for name, estimate in probe.of_pixels().items():
        assert abs(estimate.value - newton[name].value) < 0.01, name


def test_labelled_images_have_their_classifier(digits):
    assert digits.labelled
    assert train_classifier(digits, 1, 0, CPU).output.out_features == 10
