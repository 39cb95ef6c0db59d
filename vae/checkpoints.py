"""The state of an unfinished training run, as one safetensors file."""

import hashlib
import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from vae.files import replacing
from vae.sources import source_files
from vae.stack import Stack

TENSORS = ("best_objective", "best_epoch", "diverged_at", "frames")


def fingerprint(stack: Stack) -> str:
    """A digest of all that the run depends on: settings, cells, data, code and versions."""
    code = hashlib.sha256(b"".join(path.read_bytes() for path in source_files("vae.stack")))
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
            for i, state in stack.trained.optimiser.state_dict()["state"].items()
            for key, value in state.items()
        }
        tensors |= {name: getattr(stack, name) for name in TENSORS}
        header = {
            "fingerprint": fingerprint(stack),
            "epoch": stack.epoch,
            "active": stack.active,
            "objectives": stack.objectives,
            "history": stack.history,
        }
        with replacing(self.path) as temporary:
            save_file(
                {name: tensor.contiguous() for name, tensor in tensors.items()},
                temporary,
                metadata={"state": json.dumps(header)},
            )

    def restore(self, stack: Stack) -> None:
        """Continue from the saved state if it is of the same run; else leave ``stack`` new."""
        if not self.path.is_file():
            return
        with safe_open(self.path, framework="pt") as file:
            header = json.loads(file.metadata()["state"])
            if header["fingerprint"] != fingerprint(stack):
                print(f"{self.path} belongs to other settings or code: starting anew", flush=True)
                return
            tensors = {name: file.get_tensor(name).to(stack.device) for name in file.keys()}  # noqa: SIM118
        print(f"continuing after epoch {header['epoch']} from {self.path}", flush=True)
        stack.narrow(header["active"])
        self._apply(stack, tensors)
        stack.epoch, stack.history = header["epoch"], header["history"]
        stack.objectives = header["objectives"]

    @staticmethod
    def _apply(stack: Stack, tensors: dict[str, torch.Tensor]) -> None:
        optimiser: dict[int, dict[str, torch.Tensor]] = {}
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
                optimiser.setdefault(int(index), {})[key] = tensor
            else:
                setattr(stack, name, tensor.cpu() if name == "frames" else tensor)
        groups = stack.trained.optimiser.state_dict()["param_groups"]
        stack.trained.optimiser.load_state_dict({"state": optimiser, "param_groups": groups})
