"""The answer in short, above everything else."""

from collections import Counter
from collections.abc import Iterator

from vae.reporting.findings.criteria import QUALITY
from vae.reporting.findings.likelihoods import champions
from vae.reporting.group import Group
from vae.reporting.names import beta_name
from vae.reporting.words import counted, criterion_name, number
from vae.statistics import LEAST_SEEDS

NO_ANSWER = "With a single β, or none that trained with every seed, nothing is best."


def lead(group: Group) -> str:
    """The usual best β by likelihood and by sample quality, and the best likelihoods."""
    said = [*usual(group, group.likelihood_criterion), *usual(group, QUALITY)]
    if said and group.seeds < LEAST_SEEDS:
        said.append(f"All this is a first guess, from {counted(group.seeds, 'seed')}.")
    return " ".join([*(said or [NO_ANSWER]), *champions(group)])


def usual(group: Group, criterion: str) -> Iterator[str]:
    """The β that is best with most likelihoods, and how far the others go."""
    answers = group.answers(criterion)
    if not answers:
        return
    betas = [row.best_beta for row in answers.values()]
    beta, count = max(Counter(betas).items(), key=lambda pair: (pair[1], -pair[0]))
    by = f"By {criterion_name(group.metric(criterion))}"
    low, high = beta_name(min(betas)), beta_name(max(betas))
    edge = any(row.at_edge for row in answers.values())
    beyond = ", the edge of the grid: the true one may lie beyond" if edge else ""
    if count == len(betas):
        every = " with every likelihood" if count > 1 else ""
        yield f"{by} **β = {beta_name(beta)}** is best{every}{beyond}."
    elif count == 1:
        yield (
            f"{by} **the best β depends on the likelihood** and goes from {low} to {high}{beyond}."
        )
    else:
        yield (
            f"{by} **β = {beta_name(beta)}** is best with {number(count)} of "
            f"{number(len(betas))} likelihoods; the best go from {low} to {high}{beyond}."
        )
