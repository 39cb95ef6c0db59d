"""Where the computation runs."""

import os
import platform
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import filelock
import torch

from vae.errors import InputError


def pick_device(name: str) -> torch.device:
    """Return the device called ``name``; ``auto`` is a CUDA GPU when there is one, else the CPU.

    Where several are visible, ``auto`` takes one that no other process of this machine has taken.

    Raises:
        InputError: if it is unknown, or CUDA is asked for by name and not there.
    """
    if name == "auto":
        name = f"cuda:{claim(visible_gpus())}" if torch.cuda.is_available() else "cpu"
    if not re.fullmatch(r"cpu|cuda(:\d{1,2})?", name):
        raise InputError(f"device {name!r}: unknown; use --device auto, cpu, cuda or cuda:0")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(
            f"device {name}: PyTorch sees {torch.cuda.device_count()} CUDA GPUs here; "
            "use --device cpu or auto"
        )
    return device


def set_up(name: str, threads: int) -> torch.device:
    """Prepare this process for computing and return its device.

    Float32 means float32, in convolutions too. Denormal numbers are flushed to zero: the second
    moments of dead units sink into them and would slow a CPU down.

    Raises:
        InputError: if CUDA is asked for by name and not there.
    """
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.backends.cudnn.conv.fp32_precision = "ieee"
    device = pick_device(name)
    if device.index is not None:
        torch.cuda.set_device(device)
    return device


def visible_gpus() -> list[str]:
    """What identifies each visible GPU on this machine, whatever CUDA_VISIBLE_DEVICES hides."""
    count = torch.cuda.device_count()
    return [str(torch.cuda.get_device_properties(i).uuid) for i in range(count)]


_claims: list[filelock.FileLock] = []  # held until this process ends, however it ends


def claim(gpus: Sequence[str], folder: Path | None = None) -> int:
    """Take one of ``gpus`` for the rest of this process and return its index.

    The first that no other process holds; where all are held, jobs are meant to share them, and
    every process takes one by its number.

    Args:
        gpus: what identifies each.
        folder: where the locks lie; by default the machine's folder for temporary files.
    """
    folder = folder or Path(tempfile.gettempdir())
    for index, gpu in enumerate(gpus):
        lock = filelock.FileLock(folder / f"vae-{os.getuid()}-{gpu}.lock", timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            continue
        _claims.append(lock)
        return index
    return os.getpid() % len(gpus)


@contextmanager
def tensor_float_32(wanted: bool) -> Iterator[None]:
    """Let a GPU's matrix products and convolutions round float32 to TF32, if ``wanted``."""
    parts = (torch.backends.cuda.matmul, torch.backends.cudnn.conv)
    before = [part.fp32_precision for part in parts]
    try:
        for part in parts if wanted else ():
            part.fp32_precision = "tf32"
        yield
    finally:
        for part, precision in zip(parts, before, strict=True):
            part.fp32_precision = precision


def describe(device: torch.device) -> str:
    """What ``device`` is: the processor with its number of cores, after the GPU if it is one."""
    processor = f"{_processor()} ({os.cpu_count()} cores)"
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, {processor}"
    return processor


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(
            line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
        )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
