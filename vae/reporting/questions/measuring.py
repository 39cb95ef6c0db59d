"""Questions about measuring: which code to use, other people's likelihoods, FID."""

from collections.abc import Iterator

from vae.metrics import INCEPTION
from vae.reporting.findings.certainty import fid_check
from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name, rounded
from vae.reporting.words import figure


def sample_or_mean(group: Group) -> Iterator[str]:
    """What the noise of the code costs in squared error."""
    yield (
        "Sample wherever a bound is computed: ELBO and L_K are averages over q(z|x), and its mean "
        "alone gives neither. To show or compress an image, decode the mean of q(z|x)."
    )
    if example := group.example("mse_mean"):
        slug, beta = example
        sampled, mean = (group.mean(slug, beta, name) for name in ("mse", "mse_mean"))
        if sampled is not None:
            verdict = "so the noise costs" if mean < sampled else "so the mean gains nothing"
            share = f" {100 * (1 - mean / sampled):.0f} % of that" if mean < sampled else ""
            yield (
                f"With {likelihood_name(slug)} at β = {beta_name(beta)} the MSE is "
                f"{rounded(mean)} from the mean and {rounded(sampled)} from a sample, "
                f"{verdict}{share}."
            )


def literature(group: Group) -> Iterator[str]:
    """What to check, with the sizes of the differences in this run."""
    yield (
        "Check four things first: grey or binarised images (and binarised how), a density or a "
        "probability, nats per image or bits per pixel, and the ELBO or a tighter bound."
    )
    if example := group.example("importance_bound"):
        slug, beta = example
        elbo, bound = (group.mean(slug, beta, name) for name in ("elbo", "importance_bound"))
        if elbo is not None and bound > elbo:
            yield (
                f"With {likelihood_name(slug)} at β = {beta_name(beta)} the choice of bound alone "
                f"makes {bound - elbo:.2f} nats: the ELBO is {elbo:.2f}, the "
                f"importance-weighted bound {bound:.2f}."
            )
    floor = group.reference("bernoulli_floor")
    if "bernoulli" in group.likelihoods and floor:
        yield (
            f"On grey images even a perfect Bernoulli reconstruction costs {rounded(floor)} nats, "
            f"on binarised ones nothing."
        )


def meaningful_fid(group: Group) -> Iterator[str]:
    """Whose features, what they notice, and between which values FID can move."""
    plain = "fid_floor" in group.references or INCEPTION + "fid_floor" not in group.references
    if plain:
        accuracy = group.reference("classifier_accuracy")
        known = f" ({100 * accuracy:.1f} % test accuracy)" if accuracy is not None else ""
        yield (
            f"Within one run, yes: its features come from a classifier of these images{known}. "
            f"Never beside a published FID, whose features come from Inception."
        )
    else:
        yield (
            "With care: Inception's features were learned from photographs, of which these images "
            "are none. Compare with published values only at the same number of images."
        )
    link = figure(group.name, "fid_check", "check")
    yield f"{fid_check(group.corruptions).removesuffix('.')} ({link})."
    floor, noise = group.reference("fid_floor"), group.reference("fid_noise")
    if floor is not None and noise is not None:
        yield (
            f"It is {rounded(floor)} between real training and test images, which new samples "
            f"should not hope to beat, and {rounded(noise)} for uniform noise."
        )
