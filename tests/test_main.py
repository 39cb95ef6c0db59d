"""The command line by hand."""

import subprocess
import sys

import pytest

from vae.__main__ import main


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
        (["plan", "--config", "nowhere.yaml"], "nowhere.yaml"),
        (["train", "nowhere.json", "nowhere.npz", "out"], "nowhere.json"),
        (["prepare", "cifar", "out.npz"], "cifar"),
        (["best-beta", "--results", "nowhere"], "metrics.csv"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(arguments, named, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    assert named in error
    assert list(tmp_path.iterdir()) == []


def test_plan_writes_every_sweep(tmp_path, request):
    config = request.config.rootpath / "config" / "config.yaml"
    assert main(["plan", "--config", str(config), "--output", str(tmp_path)]) == 0
    assert len(list(tmp_path.glob("*.json"))) == 7
