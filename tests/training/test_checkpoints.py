"""A checkpoint holds all of a run's state, and is used for that run alone."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from vae.training.checkpoints import Checkpoint, fingerprint
from vae.training.stack import Stack

CPU = torch.device("cpu")


def train(stack: Stack, epochs: int) -> Stack:
    for _ in range(epochs):
        stack.train_epoch()
        stack.validate()
    return stack


def tensors(stack: Stack) -> dict[str, torch.Tensor]:
    states = enumerate(stack.trained.optimiser.states)
    return {
        **{f"parameter {n}": p.detach() for n, p in stack.parameters.items()},
        **{f"average {n}": p for n, p in stack.trained.average.items()},
        **{f"best {n}": p for n, p in stack.best.items()},
        **{f"adam {i} {key}": v for i, state in states for key, v in state.items()},
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
        patch.setattr("vae.training.checkpoints.save_file", disk_full)
        checkpoint.save(train(make_stack(), 2))
    restored = make_stack()
    checkpoint.restore(restored)
    assert_same(restored, old)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "state.safetensors",
        "state.safetensors.sha256",
    ]


def damage(content: bytes, how: str) -> bytes:
    return {
        "empty": b"",
        "cut": content[: len(content) // 2],
        "garbage": b"garbage" * 100,
        "flipped bit": content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
        "header of another": content.replace(b"fingerprint", b"fingerspitz"),
    }[how]


@pytest.mark.parametrize(
    "how", ["empty", "cut", "garbage", "flipped bit", "header of another", "foreign"]
)
def test_a_damaged_checkpoint_is_set_aside_and_training_starts_anew(
    make_stack, tmp_path, capsys, how
):
    path = tmp_path / "state.safetensors"
    checkpoint = Checkpoint(path)
    checkpoint.save(train(make_stack(), 1))
    if how == "foreign":
        save_file({"a": torch.zeros(2)}, path)
    else:
        path.write_bytes(damage(path.read_bytes(), how))
    damaged = path.read_bytes()
    stack = make_stack()
    checkpoint.restore(stack)
    assert_same(stack, make_stack())
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1 and "set aside" in printed and "starting anew" in printed
    assert (tmp_path / "damaged_1_state.safetensors").read_bytes() == damaged
    checkpoint.restore(stack)  # and does not stumble again
    checkpoint.save(train(stack, 1))
    restored = make_stack()
    checkpoint.restore(restored)
    assert_same(restored, stack)


def test_every_damaged_checkpoint_is_kept(make_stack, tmp_path):
    for _ in range(2):
        (tmp_path / "state.safetensors").write_bytes(b"garbage")
        Checkpoint(tmp_path / "state.safetensors").restore(make_stack())
    assert len(list(tmp_path.glob("damaged_*"))) == 2


def test_the_history_of_a_long_and_wide_run_fits(make_stack, tmp_path):
    """Some 12,000 epochs of 27 cells are more than the 100 MB that a safetensors header holds."""
    stack = train(make_stack(), 1)
    row = stack.history[-1] | {"padding": 100_000 * "0"}
    stack.history = [row] * 1100
    checkpoint, restored = Checkpoint(tmp_path / "state.safetensors"), make_stack()
    checkpoint.save(stack)
    checkpoint.restore(restored)
    assert len(restored.history) == len(stack.history) and restored.history[-1] == row
