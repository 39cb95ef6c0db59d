"""A checkpoint holds all of a run's state, and is used for that run alone."""

from dataclasses import replace

import pytest
import torch

from vae.checkpoints import Checkpoint, fingerprint
from vae.stack import Stack

CPU = torch.device("cpu")


@pytest.fixture
def make_stack(digits, make_sweep):
    def make(cells=None, dataset=digits, **training) -> Stack:
        sweep = make_sweep()
        sweep = replace(sweep, training=replace(sweep.training, **training))
        return Stack(sweep, cells or sweep.cells, dataset, CPU)

    return make


def train(stack: Stack, epochs: int) -> Stack:
    for _ in range(epochs):
        stack.train_epoch()
        stack.validate()
    return stack


def tensors(stack: Stack) -> dict[str, torch.Tensor]:
    optimiser = stack.trained.optimiser.state_dict()["state"]
    return {
        **{f"parameter {n}": p.detach() for n, p in stack.parameters.items()},
        **{f"average {n}": p for n, p in stack.trained.average.items()},
        **{f"best {n}": p for n, p in stack.best.items()},
        **{f"adam {i} {key}": v for i, state in optimiser.items() for key, v in state.items()},
        "objective": stack.best_objective,
        "best epoch": stack.best_epoch,
        "diverged": stack.diverged_at,
        "frames": stack.frames,
    }


def assert_same(a: Stack, b: Stack) -> None:
    assert (a.epoch, a.history, a.objectives) == (b.epoch, b.history, b.objectives)
    assert a.active == b.active
    left, right = tensors(a), tensors(b)
    assert left.keys() == right.keys()
    assert [name for name in left if not torch.equal(left[name], right[name])] == []


def test_restoring_gives_back_the_whole_state(make_stack, tmp_path):
    stack = make_stack()
    stack.validate()
    Checkpoint(tmp_path / "state.safetensors").save(train(stack, 2))
    restored = make_stack()
    Checkpoint(tmp_path / "state.safetensors").restore(restored)
    assert_same(restored, stack)


def test_training_goes_on_bit_for_bit(make_stack, tmp_path):
    checkpoint = Checkpoint(tmp_path / "state.safetensors")
    checkpoint.save(train(make_stack(epochs=5, previews=6), 2))
    restored = make_stack(epochs=5, previews=6)
    checkpoint.restore(restored)
    assert_same(train(restored, 3), train(make_stack(epochs=5, previews=6), 5))


def test_a_diverged_cell_stays_diverged(make_stack, tmp_path):
    stack = train(make_stack(), 1)
    with torch.no_grad():
        stack.parameters["decoder.bias"][2] = torch.nan
    checkpoint = Checkpoint(tmp_path / "state.safetensors")
    checkpoint.save(train(stack, 1))
    restored = make_stack()
    checkpoint.restore(restored)
    assert restored.diverged_at.tolist() == [-1, -1, 2, -1, -1, -1]
    assert all(kept.isfinite().all() for kept in restored.best.values())


def test_without_a_file_the_stack_stays_new(make_stack, tmp_path):
    stack = make_stack()
    Checkpoint(tmp_path / "state.safetensors").restore(stack)
    assert_same(stack, make_stack())


def test_the_state_of_another_run_is_left_alone(make_stack, tmp_path, capsys):
    checkpoint = Checkpoint(tmp_path / "state.safetensors")
    checkpoint.save(train(make_stack(learning_rate=1e-2), 1))
    stack = make_stack()
    checkpoint.restore(stack)
    assert_same(stack, make_stack())
    assert "starting anew" in capsys.readouterr().out


def test_the_fingerprint_tells_apart_settings_cells_and_data(make_stack, digits):
    stack = make_stack()
    other_data = replace(digits, provenance={**digits.provenance, "sha256": "another"})
    others = [
        make_stack(learning_rate=2e-3),
        make_stack(batch_size=50),
        make_stack(cells=stack.cells[:2]),
        make_stack(cells=stack.cells[2:4]),
        make_stack(dataset=other_data),
    ]
    prints = [fingerprint(s) for s in (stack, *others)]
    assert len(set(prints)) == len(prints)
    assert fingerprint(make_stack()) == prints[0]
    assert fingerprint(train(make_stack(), 1)) == prints[0]


def test_a_failed_save_leaves_the_old_checkpoint(make_stack, tmp_path, monkeypatch):
    checkpoint, old = Checkpoint(tmp_path / "state.safetensors"), train(make_stack(), 1)
    checkpoint.save(old)

    def disk_full(tensors, path, metadata):
        path.write_bytes(b"half a file")
        raise OSError("disk full")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk full"):
        patch.setattr("vae.checkpoints.save_file", disk_full)
        checkpoint.save(train(make_stack(), 2))
    restored = make_stack()
    checkpoint.restore(restored)
    assert_same(restored, old)
    assert [path.name for path in tmp_path.iterdir()] == ["state.safetensors"]
