"""Seeded random streams: one generator for every purpose, none of them global."""

import hashlib
import json

import torch


def seed_for(*key: int | str) -> int:
    """Return a 63-bit seed that depends on every part of ``key`` and on nothing else."""
    digest = hashlib.sha256(json.dumps(key).encode()).digest()
    return int.from_bytes(digest[:8]) >> 1


def generator(device: torch.device | str, *key: int | str) -> torch.Generator:
    """Return a fresh generator on ``device`` for the stream named by ``key``.

    Streams are addressed, not advanced: epoch 7 of seed 3 is ``generator(device, 3, "epoch", 7)``
    whether or not epoch 6 ran in this process. That makes a resumed run equal an uninterrupted
    one without saving any generator's state.
    """
    return torch.Generator(device).manual_seed(seed_for(*key))
