"""Whether two finished runs say the same: their values, best βs and sets, side by side.

For a run of the same configuration everything must be identical; for one trained twice as long,
on another machine, or on another split of the images (``another_split.py``), answers must agree
within what the first run quotes:

    snakemake --cores 2 --config 'training={epochs: 1000, tolerance: 0.1}' results=results/twice \\
        report=results/twice/report -- results/twice/best_beta.csv
    python benchmarks/agreement.py results results/twice --name twice
"""

import argparse
import sys
from pathlib import Path

import pandas as pd
from scipy import stats

from vae.command import Parser, run
from vae.results.table import CELL, SWEEP, read_table

RESULTS = Path(__file__).parent / "results"
VERDICTS = ["same_best_beta", "same_set", "sets_overlap", "beta_star_agrees", "value_agrees"]
KEYS = [*SWEEP, "criterion"]
ANSWER = ["best_beta", "indistinguishable_betas", "beta_star", "beta_star_low", "beta_star_high"]


def main(arguments: list[str] | None = None) -> None:
    """Print and write the answers side by side, and how many values are identical."""
    options = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("first", type=Path, help="results folder")
    options.add_argument("second", type=Path, help="results folder")
    options.add_argument("--output", type=Path, default=RESULTS, help="folder for the table")
    options.add_argument("--name", default="agreement", help="of the table")
    options = options.parse_args(arguments)
    folders = options.first, options.second
    metrics = one_name([read_table(folder / "metrics.csv") for folder in folders])
    answers = one_name([read_table(folder / "best_beta.csv") for folder in folders])
    print("{} of {} values identical".format(*identical(*metrics)))
    table = agreement(answers, metrics)
    print(table.drop(columns=SWEEP[:3]).round(3).to_string(index=False))
    for verdict in VERDICTS:
        told = table[verdict].dropna()
        print(f"{verdict}: {int(told.sum())} of {len(told)}")
    options.output.mkdir(parents=True, exist_ok=True)
    table.round(5).to_csv(options.output / f"{options.name}.csv", index=False)
    moved = changes(*metrics)
    print(moved.pivot(index="likelihood", columns="beta", values="change").round(2).to_string())
    moved.round(5).to_csv(options.output / f"{options.name}_elbo.csv", index=False)


def one_name(tables: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """The first and second table, the second's dataset named as the first's, if each has one."""
    first, second = tables
    names = first.dataset.unique()
    if len(names) == second.dataset.nunique() == 1:
        second = second.assign(dataset=names[0])
    return [first, second]


def identical(first: pd.DataFrame, second: pd.DataFrame) -> tuple[int, int]:
    """How many values of two metrics.csv are the same to the last digit, and of how many."""
    both = first.merge(second, on=[*CELL, "metric"], how="outer", suffixes=("", "_second"))
    same = (both.value == both.value_second) | (both.value.isna() & both.value_second.isna())
    return int(same.sum()), len(both)


def agreement(answers: list[pd.DataFrame], metrics: list[pd.DataFrame]) -> pd.DataFrame:
    """A row per sweep and criterion: both answers, and whether the second is within the first's.

    ``beta_star_agrees``: the second β* lies in the first's 95 % interval, or the other way round.
    ``value_agrees``: at the first's best β the second's mean over seeds lies in the first's 95 %
    interval of a new mean, from the spread over seeds that the first quotes.
    """
    both = answers[0].merge(answers[1][[*KEYS, *ANSWER]], on=KEYS, suffixes=("", "_second"))
    low, high = both.beta_star_low, both.beta_star_high
    low_second, high_second = both.beta_star_low_second, both.beta_star_high_second
    inside = both.beta_star_second.between(low, high)
    inside |= both.beta_star.between(low_second, high_second)
    told = both.beta_star.notna() & both.beta_star_second.notna()
    value = both.apply(lambda row: mean_at(metrics[1], row), axis=1)
    within = (value - both.value).abs() <= stats.t.ppf(0.975, both.seeds - 1) * both.se * 2**0.5
    columns = [*KEYS, *ANSWER[:3], *(f"{name}_second" for name in ANSWER[:3]), "value", "se"]
    return both[columns].assign(
        value_second=value,
        same_best_beta=both.best_beta == both.best_beta_second,
        same_set=both.indistinguishable_betas == both.indistinguishable_betas_second,
        sets_overlap=[
            bool(set(a.split()) & set(b.split()))
            for a, b in zip(
                both.indistinguishable_betas, both.indistinguishable_betas_second, strict=True
            )
        ],
        beta_star_agrees=inside.where(told).astype("boolean"),
        value_agrees=within,
    )


def changes(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """A row per sweep and β: the test ELBO in both runs, and its change over paired seeds."""
    both = first.merge(second, on=[*CELL, "metric"], suffixes=("", "_second"))
    both = both[(both.metric == "elbo") & (both.model == "vae")]
    both = both.assign(change=both.value_second - both.value)
    groups = both.groupby([*SWEEP, "beta"], sort=False)
    means = groups[["value", "value_second", "change"]].mean()
    return means.assign(change_se=groups.change.sem()).reset_index()


def mean_at(metrics: pd.DataFrame, row: pd.Series) -> float:
    """The mean over seeds of a row's criterion at its best β."""
    own = (metrics[SWEEP] == row[SWEEP]).all(axis=1) & (metrics.model == "vae")
    own &= (metrics.beta == row.best_beta) & (metrics.metric == row.criterion)
    return float(metrics[own].value.mean())


if __name__ == "__main__":
    sys.exit(run(main))
