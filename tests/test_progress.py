"""Progress in logs is said now and then, and can be read back."""

import math

import pytest

from vae import progress
from vae.progress import Line, Progress, each


@pytest.mark.parametrize("note", ["", "18 cells go on, 22.10 + 7.40 … 30.1 + 0.00 nats"])
@pytest.mark.parametrize("title", ["digits-mlp-10d-bernoulli", "part 1 of 4, ae_seed_0 … vae"])
def test_a_line_is_read_as_it_was_written(title, note):
    line = Line(title, 80, 800, "epoch", 3.25, note)
    assert Line.parse(str(line)) == line


def test_other_text_is_no_progress():
    assert Line.parse("digits: 27 cells on cpu, 8 at a time") is None
    assert Line.parse("error: digits.npz does not exist: make it") is None


def test_time_left_is_what_remains_at_the_speed_so_far():
    assert Line("a", 80, 800, "epoch", 4.0).seconds_left == 180
    assert Line("a", 0, 800, "epoch", 0.0).seconds_left == math.inf


def lines(capsys) -> list[Line]:
    return [Line.parse(text) for text in capsys.readouterr().out.splitlines()]


def test_a_log_gets_a_line_per_tenth_and_one_at_the_end(capsys):
    assert [item for item in each(range(95), "counting", "item")] == list(range(95))
    assert [line.done for line in lines(capsys)] == [*range(9, 95, 9), 95]


def test_short_work_gets_a_line_each(capsys):
    list(each("abc", "letters", "letter"))
    assert [line.done for line in lines(capsys)] == [1, 2, 3]


def test_slow_work_gets_lines_in_between(capsys, monkeypatch):
    clock = iter(range(0, 100_000, 25))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with Progress("slow", 1000, "step") as shown:
        for _ in range(12):
            shown.advance()
    assert [line.done for line in lines(capsys)] == [3, 6, 9, 12]


def test_speed_does_not_count_what_an_earlier_run_did(capsys, monkeypatch):
    clock = iter([0, 10, 20])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with Progress("resumed", 10, "epoch", done=8) as shown:
        shown.advance(lambda: "half")
        shown.advance()
    first, second = lines(capsys)
    assert (first.speed, first.note, first.seconds_left) == (0.1, "half", 10)
    assert (second.speed, second.done, second.seconds_left) == (0.1, 10, 0)


def test_what_ends_early_says_so(capsys):
    with Progress("settled", 100, "epoch") as shown:
        shown.advance()
        shown.advance(last=True)
    assert [line.done for line in lines(capsys)] == [2]


def test_a_terminal_gets_a_bar_and_no_lines(capsys, monkeypatch):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True)
    list(each(range(5), "counting", "item"))
    shown = capsys.readouterr()
    assert shown.out == "" and "5/5" in shown.err
