"""What the autoencoder does better than the VAEs of the same network, and what it does not."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name, rounded
from vae.reporting.words import families

DUELS = {
    "fid_gmm": ("generates", "FID with codes from a fitted mixture"),
    "mse_mean": ("reconstructs", "MSE decoded from the mean code"),
}


class Duel(NamedTuple):
    """Autoencoder and VAE with one likelihood: a value per seed, and the VAE's best β."""

    ae: pd.Series
    vae: pd.Series
    beta: float

    @property
    def winner(self) -> str:
        """Who has the lower value in every seed that both have, if anyone."""
        lead = (self.vae - self.ae).dropna()
        if lead.empty:
            return ""
        return "autoencoder" if lead.min() > 0 else "VAE" if lead.max() < 0 else ""

    @property
    def ratio(self) -> float:
        """How many times the loser's value is the winner's."""
        a, b = sorted((self.ae.mean(), self.vae.mean()))
        return b / a

    def __str__(self) -> str:
        a, b = rounded(self.ae.mean()), rounded(self.vae.mean())
        beta = f"β = {beta_name(self.beta)}"
        return (
            f"{a} against {b} at {beta}" if self.winner != "VAE" else f"{b} at {beta} against {a}"
        )


def autoencoder(group: Group) -> Iterator[str]:
    """All of the above."""
    for metric in DUELS:
        yield from duels(group, metric)


def best_vae(group: Group, likelihood: str, metric: str) -> tuple[float, pd.Series] | None:
    """The β whose mean over seeds is lowest, and its values; None where nothing was measured."""
    values = group.values(likelihood, metric)
    if values.empty:
        return None
    beta = values.mean().idxmin()
    return float(beta), values[beta]


def fights(group: Group, metric: str) -> dict[str, Duel]:
    """Every likelihood with values on both sides."""
    found = {}
    for slug in group.likelihoods:
        ae, best = group.autoencoder(slug, metric), best_vae(group, slug, metric)
        if len(ae) and best:
            found[slug] = Duel(ae, best[1], best[0])
    return found


def duels(group: Group, metric: str) -> Iterator[str]:
    """Autoencoder against the VAE at its best β: who wins in every seed, and where neither."""
    found = fights(group, metric)
    verb, unit = DUELS[metric]
    said = []
    for winner, loser in (("autoencoder", "VAE at its best β"), ("VAE", "autoencoder")):
        won = [slug for slug, duel in found.items() if duel.winner == winner]
        if won:
            clearest = max(won, key=lambda slug: found[slug].ratio)
            most = f", most clearly with {likelihood_name(clearest)}" if len(won) > 1 else ""
            said.append(
                f"With {families(won, group.likelihoods)} the {winner} {verb} better than "
                f"the {loser} {_in_seeds(group)}{most}: {unit} {found[clearest]}."
            )
    draws = any(not duel.winner for duel in found.values())
    if draws and said:
        said.append("Elsewhere neither wins in every seed.")
    elif draws:
        said.append(
            f"With no likelihood does either {verb.removesuffix('s')} better in every seed."
        )
    if said:
        yield " ".join(said)


def _in_seeds(group: Group) -> str:
    return "in every seed" if group.seeds > 1 else "in the only seed"
