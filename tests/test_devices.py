"""Which device a process takes, with lists of devices that are not there."""

import os
import subprocess
import sys

import pytest
import torch

from vae import devices

GPUS = ["GPU-a", "GPU-b", "GPU-c"]


@pytest.fixture(autouse=True)
def no_claims(monkeypatch):
    monkeypatch.setattr(devices, "_claims", [])


def test_every_process_takes_another_gpu(tmp_path):
    assert [devices.claim(GPUS, tmp_path) for _ in GPUS] == [0, 1, 2]


def test_more_jobs_than_gpus_share_them(tmp_path):
    for _ in GPUS:
        devices.claim(GPUS, tmp_path)
    assert devices.claim(GPUS, tmp_path) == os.getpid() % len(GPUS)


def test_a_gpu_is_the_same_one_under_another_number(tmp_path):
    """As when CUDA_VISIBLE_DEVICES hides the first."""
    assert devices.claim(GPUS, tmp_path) == 0
    assert devices.claim(["GPU-b", "GPU-a"], tmp_path) == 0
    assert devices.claim(["GPU-a", "GPU-c"], tmp_path) == 1


def test_a_killed_process_gives_its_gpu_back(tmp_path):
    code = (
        "import sys, pathlib; from vae.devices import claim\n"
        f"print(claim({GPUS!r}, pathlib.Path(sys.argv[1])), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"0\n"
        assert devices.claim(GPUS, tmp_path) == 1
        process.kill()
        process.wait()
    assert devices.claim(GPUS, tmp_path) == 0


def test_auto_takes_a_free_gpu_where_there_are_several(tmp_path, monkeypatch):
    chosen = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(GPUS))
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setattr(devices, "visible_gpus", lambda: GPUS)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    taken = [devices.set_up("auto", 1) for _ in range(2)]
    assert taken == chosen == [torch.device("cuda:0"), torch.device("cuda:1")]
    assert devices.set_up("cuda:2", 1) == torch.device("cuda:2")
    assert devices.set_up("cpu", 1) == torch.device("cpu")
