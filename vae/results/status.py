"""Where a run stands, read from the files and logs that it has written so far.

It works on any machine that sees the results folder, while the run goes on elsewhere.
"""

import math
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from vae.configuration.benchmark import Benchmark
from vae.configuration.jobs import JOBS
from vae.configuration.sweep import Sweep
from vae.files import read_json
from vae.progress import Line

COLUMNS = ("stage", "done", "speed", "ends by", "last said")
SILENT = 600  # seconds without a line after which a job may be dead
PART = "part "  # begins the titles of the stacks that a sweep is trained in


@dataclass(frozen=True)
class Stage:
    """Where one sweep stands.

    Attributes:
        name: waiting, training, measuring, measured or failed.
        done: how much of the stage's work is done.
        speed: in units of that work.
        ends: when the stage ends at the latest, in seconds since the epoch; None if unknown.
        said: the last validation values, or why it failed.
    """

    name: str
    done: str = ""
    speed: str = ""
    ends: float | None = None
    said: str = ""


def status(benchmark: Benchmark) -> str:
    """A row per sweep, then what the rest of the run still lacks."""
    results = Path(benchmark.results)
    stages = {slug: stage(results, sweep) for slug, sweep in benchmark.sweeps.items()}
    rows = [(slug, s.name, s.done, s.speed, _clock(s.ends), s.said) for slug, s in stages.items()]
    frame = pd.DataFrame(rows, columns=["sweep", *COLUMNS])
    measured = sum(s.name == "measured" for s in stages.values())
    lacking = [str(path) for path in _ends(benchmark) if not path.is_file()]
    rest = f"not there yet: {', '.join(lacking)}" if lacking else "the report is there"
    return f"{_text(frame)}\n\n{measured} of {len(stages)} sweeps measured; {rest}"


def _ends(benchmark: Benchmark) -> list[Path]:
    """What is written once per run, in order."""
    results = Path(benchmark.results)
    data = [results / "data" / f"{s.dataset}.npz" for s in benchmark.sweeps.values()]
    tables = [results / "metrics.csv", results / "best_beta.csv"]
    return list(dict.fromkeys([*data, *tables, Path(benchmark.report) / "report.md"]))


def _text(frame: pd.DataFrame) -> str:
    """The columns that say anything, aligned to the left."""
    kept = frame.loc[:, (frame != "").any()]
    rows = [list(kept.columns), *kept.to_numpy().tolist()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


def _clock(ends: float | None) -> str:
    """A time of day, with the day if that is not today."""
    if ends is None or not math.isfinite(ends):
        return ""
    at, today = time.localtime(ends), time.localtime()
    return time.strftime("%H:%M" if at[:3] == today[:3] else "%d %b %H:%M", at)


def stage(results: Path, sweep: Sweep) -> Stage:
    """Where ``sweep`` stands, by what is in the folder ``results``."""
    record = results / "models" / sweep.slug / "sweep.json"
    if not record.is_file():
        return _training(results / "logs" / "train" / f"{sweep.slug}.log", sweep)
    if Sweep.from_dict(read_json(record)["sweep"]) != sweep:
        return Stage("waiting", said="was trained with other settings")
    folder = results / "metrics" / sweep.slug
    missing = [job.name for job in JOBS if not (folder / f"{job.name}.csv").is_file()]
    if not missing:
        return Stage("measured", f"{len(sweep.cells)} cells")
    logs = results / "logs"
    stages = [_of_log("measuring", logs / f"evaluate_{m}" / f"{sweep.slug}.log") for m in missing]
    begun = [s for s in stages if s.name != "waiting"]
    return begun[0] if begun else Stage("measuring", f"{len(sweep.cells)} cells trained")


def _training(log: Path, sweep: Sweep) -> Stage:
    found = _of_log("training", log)
    line = last_line(log)
    if found.ends is None or not line or not line.title.startswith(PART):
        return found
    part, parts = (int(word) for word in line.title.split(",")[0].split()[1::2])
    ends = found.ends + (parts - part) * line.total / line.speed
    return Stage(
        found.name, f"{found.done}, part {part} of {parts}", found.speed, ends, found.said
    )


def _of_log(name: str, log: Path) -> Stage:
    """What a log says of a stage called ``name``."""
    if not log.is_file():
        return Stage("waiting")
    line, written = last_line(log), log.stat().st_mtime
    last = log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
    if last.startswith("error: ") or "Error: " in last:
        return Stage("failed", said=last)
    if line is None:
        return Stage(name, "just begun")
    quiet = time.time() - written
    said = f"silent for {quiet / 60:.0f} min: {line.note}" if quiet > SILENT else line.note
    done = f"{line.done} of {line.total} {line.unit}s"
    return Stage(name, done, f"{line.speed:.3g}/s", written + line.seconds_left, said)


def last_line(log: Path) -> Line | None:
    """The last line of a log that tells of progress."""
    if not log.is_file():
        return None
    lines = map(
        Line.parse, reversed(log.read_text(encoding="utf-8", errors="replace").splitlines())
    )
    return next((line for line in lines if line), None)
