"""What repeating a run changes: longer training, other draws of the evaluation, other splits."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from vae.metrics import METRICS
from vae.reporting.findings.committed import TABLES, committed
from vae.reporting.group import Group
from vae.reporting.names import Choice, beta_equals, beta_name, likelihood_name, rounded
from vae.reporting.words import counted, families, listed

CRITERION = ["likelihood", "criterion"]
FIDS = {"expected": "fid_prior", "drawn": "fid_prior_drawn"}  # whose images are compared


@dataclass(frozen=True)
class Twice:
    """What training all of it anew with twice the budget changed.

    Attributes:
        likelihoods: those compared, of ``every`` one.
        answers, inside: best βs compared, and those of them within the other's interval.
        same: sets of βs that stayed as they were.
        moved: those whose value there changed by more than the spread over seeds explains.
        nats: the largest change of the mean test ELBO, over βs; ``worst`` says of which model.
    """

    likelihoods: tuple[str, ...]
    every: tuple[str, ...]
    answers: int
    inside: int
    same: int
    moved: int
    nats: float
    worst: Choice

    def __str__(self) -> str:
        names = families(self.likelihoods, self.every)
        return (
            f"Checked by training all of it with twice the budget ({names}, "
            f"`benchmarks/results/twice.csv`): β\\* agrees within its interval in {self.inside} "
            f"of {self.answers} answers, the set stays the same in {self.same}. The value at the "
            f"best β changed by more than the spread over seeds explains in {self.moved}, the "
            f"test ELBO by up to {rounded(self.nats)} nats ({self.worst})."
        )


def twice(group: Group, tables: Path = TABLES) -> Twice | None:
    """Where the check was made on this group's dataset and likelihoods."""
    answers, elbos = (committed(group, tables, name) for name in ("twice.csv", "twice_elbo.csv"))
    told = answers.dropna(subset="beta_star_agrees")
    if told.empty or elbos.empty:
        return None
    worst = elbos.loc[elbos.change.abs().idxmax()]
    return Twice(
        tuple(answers.likelihood.unique()),
        tuple(group.likelihoods),
        len(told),
        int(told.beta_star_agrees.astype(bool).sum()),
        int(told.same_set.astype(bool).sum()),
        int((~told.value_agrees.astype(bool)).sum()),
        float(abs(worst.change)),
        Choice(worst.likelihood, worst.beta),
    )


@dataclass(frozen=True)
class Repeat:
    """What repeating a run in another way changed.

    Attributes:
        likelihoods: those compared, of ``every`` one.
        answers, inside: best βs compared, and those of them within the other's interval.
        same: sets of βs that stayed as they were.
        outside: likelihood and criterion of the answers that are not inside.
        moved: likelihood, criterion and both values at the best β, where these differ by more than
            the spread over seeds explains.
    """

    likelihoods: tuple[str, ...]
    every: tuple[str, ...]
    answers: int
    inside: int
    same: int
    outside: tuple[tuple[str, str], ...]
    moved: tuple[tuple[str, str, float, float], ...]

    @property
    def stayed(self) -> str:
        """What agrees, as the end of a sentence."""
        others = [f"{METRICS[c].label} with {likelihood_name(s)}" for s, c in self.outside]
        but = f" (not by {listed(others)})" if others else ""
        return (
            f"β\\* agrees within its interval in {self.inside} of {self.answers} answers{but}, "
            f"the set stays the same in {self.same}."
        )


class Redrawn(Repeat):
    """Repeated by measuring the same models with other draws of all that is random in it."""

    def __str__(self) -> str:
        return (
            f"Checked by measuring anew ({families(self.likelihoods, self.every)}, "
            f"`benchmarks/results/redrawn*.csv`) with other codes, images, binarisations and "
            f"probes, in the features of networks trained anew: {self.stayed}{self._values()}"
        )

    def _values(self) -> str:
        if not self.moved:
            return " No value at the best β changed by more than the spread over seeds explains."
        told = [
            f"{METRICS[criterion].label} with {likelihood_name(slug)} "
            f"({rounded(before)} → {rounded(after)})"
            for slug, criterion, before, after in self.moved
        ]
        return (
            " Values at the best β that changed by more than the spread over seeds explains: "
            f"{listed(told)}. Intervals of what is measured in features hold for one network's."
        )


class Resplit(Repeat):
    """Repeated by training and measuring on other parts of the same images."""

    def __str__(self) -> str:
        return (
            f"Checked by training and measuring on another split of the same images "
            f"({families(self.likelihoods, self.every)}, `benchmarks/results/resplit*.csv`): "
            f"{self.stayed} The value at the best β, of other test images, changed by more than "
            f"the spread over seeds explains in {len(self.moved)}: intervals hold for one split."
        )


def redrawn(group: Group, tables: Path = TABLES) -> Redrawn | None:
    """Where models of this group's dataset and likelihoods were measured twice."""
    return _repeat(Redrawn, group, tables)


def resplit(group: Group, tables: Path = TABLES) -> Resplit | None:
    """Where another split of this group's dataset was trained on."""
    return _repeat(Resplit, group, tables)


def _repeat(kind: type[Repeat], group: Group, tables: Path) -> Repeat | None:
    """From the tables that are called as the kind is."""
    told = committed(group, tables, f"{kind.__name__.lower()}*.csv")
    told = told.dropna(subset="beta_star_agrees")
    if told.empty:
        return None
    inside = told.beta_star_agrees.astype(bool)
    moved = told[~told.value_agrees.astype(bool)]
    return kind(
        tuple(told.likelihood.unique()),
        tuple(group.likelihoods),
        len(told),
        int(inside.sum()),
        int(told.same_set.astype(bool).sum()),
        tuple(told[~inside][CRITERION].itertuples(index=False, name=None)),
        tuple(moved[[*CRITERION, "value", "value_second"]].itertuples(index=False, name=None)),
    )


@dataclass(frozen=True)
class Longer:
    """What training on for as many epochs again improves the validation objective by, in nats.

    Attributes:
        likelihoods: those compared, of ``every`` one.
        betas: that were trained on.
        epochs: the budget, after which the same training went on.
        least, most: the smallest and the largest improvement, and of which models.
    """

    likelihoods: tuple[str, ...]
    every: tuple[str, ...]
    betas: tuple[float, ...]
    epochs: int
    least: tuple[float, Choice]
    most: tuple[float, Choice]

    def __str__(self) -> str:
        names = families(self.likelihoods, self.every)
        betas = listed([beta_name(beta) for beta in self.betas])
        least, most = (f"{rounded(nats)} nats ({of})" for nats, of in (self.least, self.most))
        return (
            f"Checked by training on from {self.epochs} to {2 * self.epochs} epochs ({names}, "
            f"β = {betas}, `benchmarks/results/longer_*.csv`): the validation objective falls by "
            f"another {least} to {most}. Longer training would change the values by so much; it "
            f"would move a best β only where βs gain differently."
        )


def longer(group: Group, tables: Path = TABLES) -> Longer | None:
    """Where some were trained on beyond this group's budget."""
    left = _left(group, tables)
    if left.empty:
        return None
    least, most = (left.loc[index] for index in (left.nats.idxmin(), left.nats.idxmax()))
    return Longer(
        tuple(left.likelihood.unique()),
        tuple(group.likelihoods),
        tuple(sorted(left.beta.unique())),
        int(left.epochs.iloc[0]),
        *((row.nats, Choice(row.likelihood, row.beta)) for row in (least, most)),
    )


def longer_table(group: Group, tables: Path = TABLES) -> pd.DataFrame:
    """A row per likelihood, a column per β: what as many epochs again improve, in nats."""
    left = _left(group, tables)
    if left.empty:
        return pd.DataFrame()
    shown = left.pivot(index="likelihood", columns="beta", values="nats")
    shown = shown.reindex([s for s in group.likelihoods if s in shown.index])
    columns = {beta: beta_equals(beta) for beta in shown.columns}
    names = shown.index.map(likelihood_name)
    return shown.map(rounded).rename(columns=columns).set_index(names).reset_index()


def _left(group: Group, tables: Path) -> pd.DataFrame:
    """A row per model trained on, ``nats``: the objective at the budget minus that at twice it."""
    table = committed(group, tables, "longer*.csv")
    budget = group.rows("epochs").value.max()
    if table.empty or not {budget, 2 * budget} <= set(table.epochs):
        return pd.DataFrame()
    model = ["likelihood", "beta"]
    objective = table.groupby([*model, "epochs"], sort=False).objective.mean().unstack()
    nats = (objective[budget] - objective[2 * budget]).rename("nats")
    return nats.reset_index().assign(epochs=budget)


@dataclass(frozen=True)
class Bottoms:
    """At which β FID is lowest when the same training goes on.

    Attributes:
        paths: by kind of images and likelihood, the lowest of ``betas`` and its FID after each of
            ``epochs``, of which the first is this group's budget.
        seeds: over which FIDs are averaged.
    """

    paths: dict[str, dict[str, tuple[tuple[float, float], ...]]]
    betas: tuple[float, ...]
    epochs: tuple[int, ...]
    seeds: int

    @property
    def moved(self) -> bool:
        """Whether some lowest β is another after the last budget than after the first."""
        return any(path[0][0] != path[-1][0] for of in self.paths.values() for path in of.values())

    def __str__(self) -> str:
        verdict = "moves" if self.moved else "does not move"
        said = [
            f"of {kind} images "
            + listed(f"{self._path(path)} with {likelihood_name(s)}" for s, path in of.items())
            for kind, of in self.paths.items()
        ]
        return (
            f"Checked by training on from {self.epochs[0]} to {listed(map(str, self.epochs[1:]))} "
            f"epochs (β = {listed(map(beta_name, self.betas))}, {counted(self.seeds, 'seed')}, "
            f"`benchmarks/results/budgets_*.csv`): the β at which FID is lowest {verdict}, "
            f"{'; '.join(said)}."
        )

    def _path(self, path: tuple[tuple[float, float], ...]) -> str:
        betas = [beta_name(beta) for beta, _ in path]
        where = betas[0] if len(set(betas)) == 1 else ", then ".join(betas)
        return f"at β = {where} ({listed([rounded(fid) for _, fid in path])})"


def bottoms(group: Group, tables: Path = TABLES) -> Bottoms | None:
    """Where some were trained on beyond this group's budget and their FID measured.

    Several likelihoods are told together if they have the same βs, budgets and seeds.
    """
    table, budget = committed(group, tables, "budgets*.csv"), group.rows("epochs").value.max()
    table = table[table.epochs >= budget] if len(table) else table
    grids = {}
    for slug, rows in table.groupby("likelihood", sort=False):
        of = {kind: rows.pivot_table(name, "epochs", "beta") for kind, name in FIDS.items()}
        grid = of["expected"]
        whole = grid.notna().all(axis=None) and min(grid.shape) > 1
        if whole and grid.index[0] == budget:
            grids[slug] = of
    if not grids:
        return None
    first = next(iter(grids.values()))["expected"]
    alike = {
        slug: of
        for slug, of in grids.items()
        if of["expected"].index.equals(first.index)
        and of["expected"].columns.equals(first.columns)
    }
    paths = {kind: {slug: _lowest(of[kind]) for slug, of in alike.items()} for kind in FIDS}
    seeds = table[table.likelihood.isin(alike)].seed.nunique()
    return Bottoms(paths, tuple(first.columns), tuple(first.index), seeds)


def _lowest(fids: pd.DataFrame) -> tuple[tuple[float, float], ...]:
    """The β with the lowest value of each row, and that value."""
    return tuple(zip(fids.idxmin(axis=1), fids.min(axis=1), strict=True))
