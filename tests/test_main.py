"""The command line by hand."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from vae.__main__ import main
from vae.data.datasets import prepare
from vae.features.spaces import save_spaces, train_spaces
from vae.files import write_json
from vae.results.origin import note_origin

K = ["--importance-samples", "9"]
CPU = torch.device("cpu")


def test_help_does_not_wait_for_torch():
    code = (
        "import sys; from vae.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print('torch' in sys.modules, 'pandas' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.endswith("False False\n"), result.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["status", "--config", "nowhere.yaml"], "nowhere.yaml"),
        (["train", "nowhere.json", "nowhere.npz", "out"], "nowhere.json"),
        (["prepare", "cifar", "out.npz"], "cifar"),
        (["best-beta", "--results", "nowhere"], "metrics.csv"),
        (
            ["evaluate-likelihood", "m", "d", "o", "--importance-samples", "0"],
            "importance-samples",
        ),
        (["evaluate-likelihood", "m", "d", "o", *K, "--likelihood-images", "-390"], "-390"),
        (["evaluate-likelihood", "m", "d", "o", *K, "--likelihood-images", "3"], "10 or more"),
        (["evaluate-likelihood", "m", "d", "o", "--threads", "0"], "threads"),
        (["evaluate-likelihood", "m", "d", "o", "--threads", "one"], "'one'"),
        (["evaluate-samples", "m", "d", "o", "c", "--samples", "-1"], "samples"),
        (["evaluate-samples", "m", "d", "o", "c", "--seed", "-1"], "seed"),
        (["evaluate-samples", "m", "d", "o", "c", "--seed", "9" * 400], "seed"),
        (["evaluate-samples", "m", "d", "o"], "spaces"),
        (["train", "s", "d", "o", "--stack-size", "-1"], "stack-size"),
        (["train", "s", "d", "o", "--stack-size", "0"], "stack-size"),
        (["features", "d", "o", "r", "c", "--classifier-epochs", "0"], "classifier-epochs"),
        (["features", "d", "o", "r", "c", "--features", "resnet"], "resnet"),
        (["selfcheck", "--device", "foo"], "foo"),
        (["selfcheck", "--device", "cuda:99"], "cuda:99"),
        (["selfcheck", "--device", "mps"], "mps"),
        (["compare", "results", "--criteria", "beauty"], "beauty"),
        (["compare", "results", "--criteria", "rate"], "rate"),
        (["best-beta", "--seeds", "-1"], "seeds"),
        (["best-beta", "--betas", "one"], "one"),
        (["report", "config.json", "results", "t.md", "out.md", "captions"], "config.json"),
        (["dance"], "dance"),
        ([], "VERB"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(arguments, named, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    assert named in error
    assert list(tmp_path.iterdir()) == []


def test_folder_where_a_file_must_be_written(tmp_path, request, capsys):
    (tmp_path / "digits.npz").mkdir()
    assert main(["prepare", "digits", str(tmp_path / "digits.npz")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "digits.npz" in error


def test_file_where_a_folder_is_needed(tmp_path, capsys):
    (tmp_path / "out").write_text("")
    assert main(["prepare", "digits", str(tmp_path / "out" / "digits.npz")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "out" in error


@pytest.mark.parametrize("error", [ValueError("odd"), RuntimeError("odd"), OSError("odd")])
def test_an_unknown_exception_keeps_its_traceback(monkeypatch, error):
    def fail(options):
        raise error

    monkeypatch.setattr("vae.verbs.status", fail)
    with pytest.raises(type(error), match="odd"):
        main(["status"])


def test_an_empty_mirror_name_is_no_mirror(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr("vae.verbs.prepare", lambda options: given.append(options.mirror))
    monkeypatch.setenv("VAE_DATASET_MIRROR", "")
    main(["prepare", "mnist", "x.npz"])
    main(["prepare", "mnist", "x.npz", "--mirror", ""])
    monkeypatch.setenv("VAE_DATASET_MIRROR", "folder")
    main(["prepare", "mnist", "x.npz"])
    assert given == [None, None, Path("folder")]


def test_spaces_of_another_run_are_used_where_it_has_the_dataset(
    digits, tmp_path, monkeypatch, capsys
):
    for measured in ("references.references", "corruptions.corruption_table"):
        monkeypatch.setattr(f"vae.evaluation.{measured}", lambda *given: pd.DataFrame())
    learned, data = tmp_path / "run" / "features", tmp_path / "digits.npz"
    prepare("digits", data)
    outputs = [str(tmp_path / name) for name in ("spaces.safetensors", "r.csv", "c.csv")]
    ask = ["features", str(data), *outputs, "--classifier-epochs", "1", "--learned", str(learned)]
    assert main(ask) == 0
    assert "learned here" in capsys.readouterr().out
    here = (tmp_path / "spaces.safetensors").read_bytes()
    spaces = train_spaces(digits, 1, 0, CPU)
    spaces["pixels"].components *= 2  # unlike those that are learned here
    save_spaces(spaces, digits, learned / "digits" / "spaces.safetensors")
    for epochs in (None, 2):  # of which nothing is known, or that were trained otherwise
        if epochs:
            note_origin(
                learned / "digits" / "references.csv", {"classifier_epochs": epochs, "seed": 0}
            )
        assert main(ask) == 2
        assert "classifier_epochs" in capsys.readouterr().err
    note_origin(learned / "digits" / "references.csv", {"classifier_epochs": 1, "seed": 0})
    assert main(ask) == 0
    there = (learned / "digits" / "spaces.safetensors").read_bytes()
    assert (tmp_path / "spaces.safetensors").read_bytes() == there != here


@pytest.fixture
def other_data(tmp_path):
    prepare("digits_static", tmp_path / "other.npz")
    return str(tmp_path / "other.npz")


@pytest.mark.parametrize(
    "verb",
    ["likelihood --importance-samples 9", "codes m m", "samples c"],
    ids=str,
)
def test_the_wrong_dataset_is_refused_wherever_models_are_measured(
    trained, other_data, tmp_path, capsys, verb
):
    name, *more = verb.split()
    before = set(tmp_path.iterdir())
    assert (
        main(
            [f"evaluate-{name}", str(trained.directory), other_data, str(tmp_path / "out"), *more]
        )
        == 2
    )
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "digits_static" in error
    assert set(tmp_path.iterdir()) == before


def test_the_wrong_dataset_is_refused_for_the_page(trained, other_data, tmp_path, capsys):
    folders = ["--models", str(trained.directory), "--data", other_data]
    assert main(["explorer-pictures", str(tmp_path / "out"), *folders]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "digits_static" in error
    assert not (tmp_path / "out").exists()


def test_the_wrong_dataset_is_refused_before_training(make_sweep, other_data, tmp_path, capsys):
    write_json(tmp_path / "sweep.json", make_sweep().to_dict())
    out = str(tmp_path / "out")
    for verb, *outputs in (["train", out], ["mistakes", out, out]):
        assert main([verb, str(tmp_path / "sweep.json"), other_data, *outputs]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and "digits_static" in error


@pytest.mark.parametrize("content", ["{}", "[]", "\xff", ""])
def test_a_sweep_file_of_something_else(other_data, tmp_path, capsys, content):
    (tmp_path / "sweep.json").write_text(content, encoding="latin-1")
    assert main(["train", str(tmp_path / "sweep.json"), other_data, str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "sweep" in error
