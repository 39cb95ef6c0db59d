"""The state of an unfinished training run, as one safetensors file."""

import hashlib
import json
from itertools import count
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from vae.dependencies import source_files
from vae.errors import InputError
from vae.files import note, reading, replacing
from vae.training.stack import Stack

PROGRESS = ("epoch", "active", "objectives", "history")
TENSORS = ("best_objective", "best_epoch", "diverged_at", "frames")


def fingerprint(stack: Stack) -> str:
    """A digest of all that the run depends on: settings, cells, data, code and versions."""
    code = hashlib.sha256(
        b"".join(path.read_bytes() for path in source_files("vae.training.stack"))
    )
    parts = [stack.sweep.to_dict(), [c.slug for c in stack.cells], dict(stack.dataset.provenance)]
    text = json.dumps(
        [*parts, torch.__version__, stack.device.type, code.hexdigest()], sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()


class Checkpoint:
    """Saves a stack to ``path`` and restores it from there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def save(self, stack: Stack) -> None:
        """Write the whole training state, all or nothing."""
        tensors = {f"parameter.{n}": p.detach() for n, p in stack.parameters.items()}
        tensors |= {f"average.{n}": p for n, p in stack.trained.average.items()}
        tensors |= {f"best.{n}": p for n, p in stack.best.items()}
        tensors |= {
            f"optimiser.{i}.{key}": value
            for i, state in enumerate(stack.trained.optimiser.states)
            for key, value in state.items()
        }
        tensors |= {name: getattr(stack, name) for name in TENSORS}
        progress = {name: getattr(stack, name) for name in PROGRESS}
        # A safetensors header holds 100 MB at most: too little for the history of long runs.
        text = bytearray(json.dumps(progress), "utf-8")
        tensors["progress"] = torch.frombuffer(text, dtype=torch.uint8)
        with replacing(self.path) as temporary:
            save_file(
                {name: tensor.contiguous() for name, tensor in tensors.items()},
                temporary,
                metadata={"fingerprint": fingerprint(stack)},
            )

    def restore(self, stack: Stack) -> None:
        """Continue from the saved state if it is of the same run; else leave ``stack`` new.

        A damaged file is set aside under another name.
        """
        if not self.path.exists():
            return
        try:
            with reading(self.path), safe_open(self.path, framework="pt") as file:
                if file.metadata()["fingerprint"] != fingerprint(stack):
                    print(f"{self.path} belongs to other settings or code: starting anew")
                    return
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                progress = json.loads(tensors.pop("progress").numpy().tobytes())
        except InputError:
            aside = self._set_aside()
            print(f"{self.path} is damaged: set aside as {aside.name}, starting anew", flush=True)
            return
        print(f"continuing after epoch {progress['epoch']} from {self.path}", flush=True)
        stack.narrow(progress["active"])
        self._apply(stack, {name: tensor.to(stack.device) for name, tensor in tensors.items()})
        stack.epoch, stack.history = progress["epoch"], progress["history"]
        stack.objectives = progress["objectives"]

    def _set_aside(self) -> Path:
        """Give the file another name, that of none there is."""
        names = (self.path.with_name(f"damaged_{i}_{self.path.name}") for i in count(1))
        aside = next(name for name in names if not name.exists())
        note(self.path).unlink(missing_ok=True)
        return self.path.rename(aside)

    @staticmethod
    def _apply(stack: Stack, tensors: dict[str, torch.Tensor]) -> None:
        for name, tensor in tensors.items():
            kind, _, rest = name.partition(".")
            if kind == "parameter":
                stack.parameters[rest].copy_(tensor)
            elif kind == "average":
                stack.trained.average[rest].copy_(tensor)
            elif kind == "best":
                stack.best[rest].copy_(tensor)
            elif kind == "optimiser":
                index, key = rest.split(".")
                stack.trained.optimiser.states[int(index)][key] = tensor
            else:
                setattr(stack, name, tensor.cpu() if name == "frames" else tensor)
