"""Where the computation runs."""

import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from vae.errors import InputError


def pick_device(name: str) -> torch.device:
    """Return the device called ``name``; ``auto`` is CUDA when there is one, else the CPU.

    Raises:
        InputError: if it is unknown, or CUDA is asked for by name and not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
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
    return pick_device(name)


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
