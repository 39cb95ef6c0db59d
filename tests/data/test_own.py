"""Images that a user brings: what is read, how it is split, what is refused in a sentence."""

import numpy as np
import pytest
from own_images import SHAPES, colour_images, write_folder
from PIL import Image

from vae.__main__ import main
from vae.configuration.benchmark import Benchmark
from vae.data.datasets import load_dataset, prepare
from vae.data.own import FEWEST, OwnData, draw_split

IMAGES, LABELS = colour_images(300)


def saved(tmp_path, **arrays):
    path = tmp_path / "mine.npz"
    np.savez(path, **arrays)
    return OwnData("mine", str(path))


def prepared(tmp_path, data):
    prepare(data, tmp_path / "out" / "mine.npz")
    return load_dataset(tmp_path / "out" / "mine.npz")


def all_images(dataset):
    """Every image of every split, (N, C, H, W), in an order of their own."""
    images = np.concatenate([x.numpy() for x in dataset.images.values()])
    return sorted(image.tobytes() for image in images)


def test_colour_arrays_are_kept_pixel_by_pixel(tmp_path):
    dataset = prepared(tmp_path, saved(tmp_path, images=IMAGES, labels=LABELS))
    assert (dataset.shape, dataset.levels, dataset.name) == ((3, 16, 16), 256, "mine")
    moved = np.ascontiguousarray(IMAGES.transpose(0, 3, 1, 2))
    assert all_images(dataset) == sorted(image.tobytes() for image in moved)


def test_every_image_keeps_its_label(tmp_path):
    names = np.array(SHAPES)[LABELS]
    dataset = prepared(tmp_path, saved(tmp_path, images=IMAGES, labels=names))
    classes = dataset.provenance["classes"]
    assert classes == sorted(SHAPES) and dataset.labelled
    known = {
        image.transpose(2, 0, 1).tobytes(): name for image, name in zip(IMAGES, names, strict=True)
    }
    for split, images in dataset.images.items():
        for image, label in zip(images.numpy(), dataset.labels[split].tolist(), strict=True):
            assert classes[label] == known[image.tobytes()]


def test_grey_arrays_with_levels_of_their_own(tmp_path):
    images = (IMAGES[..., 0] // 16).astype(np.uint8)
    dataset = prepared(tmp_path, saved(tmp_path, images=images, levels=np.uint16(16)))
    assert (dataset.shape, dataset.levels) == ((1, 16, 16), 16)
    assert dataset.unit("train").max() <= 1
    assert not dataset.labelled


def test_given_splits_are_kept(tmp_path):
    split = np.array(["train"] * 200 + ["test"] * 60 + ["validation"] * 40)
    dataset = prepared(tmp_path, saved(tmp_path, images=IMAGES, split=split))
    assert {s: len(x) for s, x in dataset.images.items()} == {
        "train": 200,
        "validation": 40,
        "test": 60,
    }
    first = dataset.images["test"][0].numpy().transpose(1, 2, 0)
    assert (first == IMAGES[200]).all()
    assert dataset.provenance["splits"] == "given"


def test_drawn_splits_are_the_same_every_time_and_depend_on_the_seed():
    split = draw_split(1000, 7)
    assert (split == draw_split(1000, 7)).all() and (split != draw_split(1000, 8)).any()
    names, counts = np.unique(split, return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {
        "train": 700,
        "validation": 150,
        "test": 150,
    }
    halves = [(split[part] == "test").mean() for part in (slice(500), slice(500, None))]
    assert abs(halves[0] - halves[1]) < 0.08  # spread over the whole file


def test_provenance_has_the_digest_of_the_source(tmp_path):
    data = saved(tmp_path, images=IMAGES)
    before = prepared(tmp_path, data).provenance
    saved(tmp_path, images=IMAGES[::-1])
    after = prepared(tmp_path, data).provenance
    assert before["source"] == data.path
    assert before["source_sha256"] != after["source_sha256"]


# Folders


def test_a_folder_s_subfolders_are_classes(tmp_path):
    folder = write_folder(tmp_path / "images", 200)
    (folder / "notes.txt").write_text("no picture")
    dataset = prepared(tmp_path, OwnData("mine", folder=str(folder), colour=True))
    assert dataset.shape == (3, 16, 16) and dataset.provenance["classes"] == sorted(SHAPES)
    assert sum(map(len, dataset.images.values())) == 200
    images, _ = colour_images(200)
    moved = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    assert all_images(dataset) == sorted(image.tobytes() for image in moved)


def test_classes_of_a_folder_are_mixed_in_every_split(tmp_path):
    folder = write_folder(tmp_path / "images", 300)
    dataset = prepared(tmp_path, OwnData("mine", folder=str(folder)))
    for labels in dataset.labels.values():
        assert len(set(labels[:15].tolist())) == len(SHAPES)


def test_a_flat_folder_has_no_classes_and_may_be_made_grey_and_smaller(tmp_path):
    folder = write_folder(tmp_path / "images", 200, subfolders=False)
    Image.new("RGB", (40, 20), "white").save(folder / "wide.jpg")
    dataset = prepared(tmp_path, OwnData("mine", folder=str(folder), size=8))
    assert dataset.shape == (1, 8, 8) and not dataset.labelled
    assert all_images(dataset)[-1] == bytes([255] * 64)  # the white one


def test_the_digest_of_a_folder_is_of_names_and_bytes(tmp_path):
    folder = write_folder(tmp_path / "images", 200)
    data = OwnData("mine", folder=str(folder))
    before = prepared(tmp_path, data).provenance["source_sha256"]
    assert prepared(tmp_path, data).provenance["source_sha256"] == before
    next((folder / "disc").iterdir()).rename(folder / "square" / "moved.png")
    assert prepared(tmp_path, data).provenance["source_sha256"] != before


# What is refused

BAD_ARRAYS = {
    "floats": ({"images": IMAGES / 255}, ["float64", "uint8"]),
    "too few": ({"images": IMAGES[:90]}, ["train", str(FEWEST["train"])]),
    "none at all": ({"images": IMAGES[:0]}, ["0"]),
    "no images": ({"pictures": IMAGES}, ["pictures", "images"]),
    "two channels": ({"images": IMAGES[..., :2]}, ["(300, 16, 16, 2)"]),
    "one image": ({"images": IMAGES[0, :, :, 0]}, ["(16, 16)"]),
    "tiny": ({"images": IMAGES[:, :3, :3]}, ["3x3"]),
    "black and white": ({"images": IMAGES // 255}, ["levels"]),
    "levels": ({"images": IMAGES, "levels": np.uint16(17)}, ["levels", "256"]),
    "labels": ({"images": IMAGES, "labels": LABELS[:5]}, ["labels", "(5,)", "300"]),
    "float labels": ({"images": IMAGES, "labels": LABELS / 2}, ["labels", "float64"]),
    "unknown split": ({"images": IMAGES, "split": np.array(["dev"] * 300)}, ["dev", "validation"]),
    "empty split": ({"images": IMAGES, "split": np.array(["train"] * 300)}, ["validation"]),
    "class without training": (
        {
            "images": IMAGES,
            "labels": np.array(["a"] * 299 + ["b"]),
            "split": np.array(["train"] * 200 + ["validation"] * 50 + ["test"] * 50),
        },
        ["class b"],
    ),
    "objects": ({"images": np.array([IMAGES[0], None], dtype=object)}, ["savez"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_arrays_are_refused(tmp_path, input_error, case):
    arrays, names = BAD_ARRAYS[case]
    with input_error("mine.npz", *names):
        prepared(tmp_path, saved(tmp_path, **arrays))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_a_file_that_is_no_archive_is_refused(tmp_path, input_error, content):
    (tmp_path / "mine.npz").write_bytes(content)
    with input_error("mine.npz", "numpy.savez"):
        prepared(tmp_path, OwnData("mine", str(tmp_path / "mine.npz")))


def test_one_array_alone_is_refused(tmp_path, input_error):
    np.save(tmp_path / "mine.npy", IMAGES)
    with input_error("mine.npy", "numpy.savez"):
        prepared(tmp_path, OwnData("mine", str(tmp_path / "mine.npy")))


def spoil_unreadable(folder):
    (folder / "disc" / "broken.png").write_bytes(b"\x89PNG\r\n")
    return "broken.png"


def spoil_empty(folder):
    (folder / "disc" / "empty.jpg").write_bytes(b"")
    return "empty.jpg"


def spoil_size(folder):
    Image.new("RGB", (17, 16)).save(folder / "disc" / "wide.png")
    return "wide.png"


def spoil_depth(folder):
    Image.fromarray(np.zeros((16, 16), np.uint16)).save(folder / "disc" / "deep.png")
    return "deep.png"


def spoil_order(folder):
    Image.new("RGB", (16, 16)).save(folder / "beside.png")
    return "subfolders"


@pytest.mark.parametrize(
    "spoil", [spoil_unreadable, spoil_empty, spoil_size, spoil_depth, spoil_order]
)
def test_a_bad_picture_is_named(tmp_path, input_error, spoil):
    folder = write_folder(tmp_path / "images", 20)
    named = spoil(folder)
    with input_error(folder, named):
        prepared(tmp_path, OwnData("mine", folder=str(folder)))


def test_folders_without_pictures(tmp_path, input_error):
    with input_error(tmp_path / "none", "no folder"):
        prepared(tmp_path, OwnData("mine", folder=str(tmp_path / "none")))
    with input_error(tmp_path, "no picture"):
        prepared(tmp_path, OwnData("mine", folder=str(tmp_path)))


# The configuration and the verb

SETTINGS = {
    "networks": [{"name": "conv", "hidden": [8, 16]}],
    "latent_dims": [2],
    "likelihoods": ["bernoulli"],
    "betas": [1],
    "seeds": [0],
    "training": {"epochs": 1, "batch_size": 100, "learning_rate": 0.01},
    "evaluation": {"importance_samples": 20},
}


def configured(*datasets):
    return Benchmark.from_dict(SETTINGS | {"datasets": list(datasets)})


def test_a_configuration_takes_published_and_own_data():
    mine = {"name": "mine", "folder": "data/images", "size": 32, "colour": True}
    benchmark = configured("digits", mine, {"name": "other", "path": "data/other.npz"})
    assert benchmark.dataset_names == ("digits", "mine", "other")
    assert list(benchmark.sweeps) == [f"{n}-conv-2d-bernoulli" for n in benchmark.dataset_names]
    options = benchmark.datasets[1].options
    assert options == ["--folder", "data/images", "--size", "32", "--colour"]


BAD_ENTRIES = {
    "neither": ({"name": "mine"}, ["path", "folder"]),
    "both": ({"name": "mine", "path": "a.npz", "folder": "b"}, ["path", "folder"]),
    "a name of ours": ({"name": "mnist", "path": "a.npz"}, ["mnist"]),
    "a hyphen": ({"name": "my-data", "path": "a.npz"}, ["my-data", "underscores"]),
    "size of a file": ({"name": "mine", "path": "a.npz", "size": 8}, ["size"]),
    "odd size for conv": ({"name": "mine", "folder": "b", "size": 30}, ["30x30", "mine", "conv"]),
    "small size": ({"name": "mine", "folder": "b", "size": 2}, ["size"]),
    "unknown key": ({"name": "mine", "file": "a.npz"}, ["file", "path"]),
    "colour": ({"name": "mine", "folder": "b", "colour": "yes"}, ["colour"]),
    "misspelt": ("minst", ["minst", "cifar10"]),
}


@pytest.mark.parametrize("case", BAD_ENTRIES)
def test_bad_entries_are_refused(input_error, case):
    entry, names = BAD_ENTRIES[case]
    with input_error("dataset", *names):
        configured(entry)


def test_two_of_one_name_are_refused(input_error):
    with input_error("datasets", "repeats"):
        configured({"name": "mine", "path": "a.npz"}, {"name": "mine", "path": "b.npz"})


def test_odd_sizes_of_a_file_are_refused_when_the_network_is_made(tmp_path, input_error):
    from vae.models import build_model

    odd = IMAGES[:, :15, :15]
    dataset = prepared(tmp_path, saved(tmp_path, images=odd))
    (sweep,) = configured({"name": "mine", "path": "mine.npz"}).sweeps.values()
    with input_error("conv", "mine", "15x15"):
        build_model(sweep, dataset.mean_image(), dataset.levels)


@pytest.mark.parametrize("labelled", [True, False])
def test_prepare_says_what_will_be_used_and_shows_it(tmp_path, capsys, labelled):
    folder = write_folder(tmp_path / "images", 200, subfolders=labelled)
    output = tmp_path / "mine.npz"
    assert main(["prepare", "mine", str(output), "--folder", str(folder), "--colour"]) == 0
    said = capsys.readouterr().out
    assert "140 train, 30 validation, 30 test images of (3, 16, 16), 256 grey levels" in said
    assert ("3 classes" if labelled else "no classes") in said
    with Image.open(tmp_path / "mine.png") as sheet:
        pixels = np.asarray(sheet)
    assert str(tmp_path / "mine.png") in said
    assert pixels.std() > 20 and (pixels[..., 0] != pixels[..., 2]).any()  # in colour
