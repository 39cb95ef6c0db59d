"""How far long work has come: a bar on a terminal, a line now and then in a log, read back.

A line reads ``part 1 of 4, vae_beta_1_seed_0: 80 of 800 epochs, 3.2 per second; 18 cells go on``.
"""

import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 60
SHARE_BETWEEN_LINES = 0.1

Item = TypeVar("Item")


@dataclass(frozen=True)
class Line:
    """One line of a log.

    Attributes:
        speed: units per second.
        note: what else was said, such as the last validation values.
    """

    title: str
    done: int
    total: int
    unit: str
    speed: float
    note: str = ""

    def __str__(self) -> str:
        note = f"; {self.note}" if self.note else ""
        head = f"{self.title}: {self.done} of {self.total} {self.unit}s"
        return f"{head}, {self.speed:.3g} per second{note}"

    @classmethod
    def parse(cls, text: str) -> "Line | None":
        """Read what ``str`` wrote; None for any other text."""
        match = LINE.fullmatch(text)
        if not match:
            return None
        title, done, total, unit, speed, note = match.groups(default="")
        return cls(title, int(done), int(total), unit, float(speed), note)

    @property
    def seconds_left(self) -> float:
        """At this speed; infinite if nothing was done yet."""
        return (self.total - self.done) / self.speed if self.speed else float("inf")


LINE = re.compile(r"(.+?): (\d+) of (\d+) (\w+)s, ([\d.e+-]+) per second(?:; (.*))?")


class Progress:
    """Shows how much of ``total`` is done; used as a context.

    Args:
        title: what is being worked on.
        unit: of what is counted, in the singular.
        done: how many an earlier run had done.
    """

    def __init__(self, title: str, total: int, unit: str, done: int = 0) -> None:
        self.title, self.total, self.unit, self.done, self.before = title, total, unit, done, done
        self.begun = self.last = time.monotonic()
        self.next = self._next_share()
        self.bar = tqdm(total=total, initial=done, desc=title, unit=unit, disable=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.bar.close()

    def advance(self, note: Callable[[], str] = str, last: bool = False) -> None:
        """Count one more; ``note`` is only asked for when it is shown.

        Args:
            last: whether nothing follows, although fewer than ``total`` are done.
        """
        self.done += 1
        self.bar.update()
        now = time.monotonic()
        due = self.done >= self.next or now - self.last > SECONDS_BETWEEN_LINES or last
        if due and not sys.stderr.isatty():
            speed = (self.done - self.before) / max(now - self.begun, 1e-9)
            line = Line(self.title, self.done, self.total, self.unit, speed, note())
            print(line, flush=True)
            self.last, self.next = now, self._next_share()

    def _next_share(self) -> int:
        step = max(1, int(SHARE_BETWEEN_LINES * self.total))
        return min(self.total, (self.done // step + 1) * step)


def each(items: Iterable[Item], title: str, unit: str) -> Iterator[Item]:
    """Yield ``items`` one by one and show how many are done."""
    items = list(items)
    with Progress(title, len(items), unit) as progress:
        for item in items:
            yield item
            progress.advance()
