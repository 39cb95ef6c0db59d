"""Questions about what went wrong: collapse, bad samples, codes unlike the prior, blur."""

import math
from collections.abc import Iterator

from vae.reporting.findings.collapse import onset
from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name, rounded
from vae.reporting.words import figure

SMALL = 0.01
UNWANTED_SHARE = 0.25  # of the rate, up to which the regularisation is said to have worked


def no_rate(group: Group) -> Iterator[str]:
    """Collapse, and where this run shows it."""
    yield (
        "The posterior has collapsed: q(z|x) is the prior for every image, and the decoder draws "
        "the mean image whatever z is. The usual causes are too large a β, a loss averaged over "
        "pixels, and too large a σ."
    )
    onsets = {slug: onset(group, slug) for slug in group.likelihoods}
    found = {slug: interval[1] for slug, interval in onsets.items() if interval}
    first = next((slug for slug, beta in found.items() if math.isfinite(beta)), None)
    if first:
        yield _collapsed(group, first, found[first])
    elif found:
        yield "No likelihood of this run collapses for good at any β of its grid."
    yield "Lower β, or let it grow during the first epochs (`warmup_epochs`)."


def _collapsed(group: Group, slug: str, beta: float) -> str:
    where = f"Here that happens with {likelihood_name(slug)} from β = {beta_name(beta)} on"
    rate = group.mean(slug, beta, "rate")
    share = group.mean(slug, beta, "reconstruction_variance")
    values = [f"the rate is {_small(rate)} nats"] if rate is not None else []
    if share is not None:
        values.append(f"reconstructions keep {_small(100 * share)} % of the images' variance")
    link = figure(group.name, "dimensions", "every dimension")
    return f"{where}{': ' if values else ''}{' and '.join(values)} ({link})."


def _small(value: float) -> str:
    """Two digits, or that there is next to nothing."""
    return f"{value:.2g}" if value > SMALL else f"less than {SMALL}"


def bad_samples(group: Group) -> Iterator[str]:
    """FID of reconstructions, prior samples and samples of a fitted mixture, at the worst β."""
    yield (
        "Then the codes do not fill the prior, and z ~ p(z) asks the decoder for codes it never "
        "saw. A larger β moves the codes to the prior; a mixture fitted to them after training "
        "samples where they are."
    )
    if not (example := group.example("fid_prior")):
        return
    slug, _ = example
    prior, kept = (group.values(slug, f"fid_{x}").mean() for x in ("prior", "reconstruction"))
    if kept.empty:
        return
    beta = (prior / kept).idxmax()
    link = figure(group.name, "fid", "FID against β")
    where = f"With {likelihood_name(slug)} at β = {beta_name(beta)}"
    if prior[beta] <= kept[beta]:
        yield f"With {likelihood_name(slug)} no β of this run shows that ({link})."
        return
    values = f"{rounded(kept[beta])} for reconstructions and {rounded(prior[beta])} for samples"
    yield f"{where} the FID is {values}{_mixture(group, slug, beta, prior[beta])} ({link})."
    yield from _distance(group, slug, beta)


def _mixture(group: Group, slug: str, beta: float, prior: float) -> str:
    fitted = group.mean(slug, beta, "fid_gmm")
    if fitted is None:
        return ""
    return f"{', but' if fitted < prior else ', and still'} {rounded(fitted)} from the mixture"


def _distance(group: Group, slug: str, beta: float) -> Iterator[str]:
    marginal = group.mean(slug, beta, "marginal_kl")
    if marginal is not None:
        most = _at_most(group, slug, beta)
        yield f"All codes together are {most}{rounded(marginal)} nats from the prior there."


def regularisation(group: Group) -> Iterator[str]:
    """The rate, split into what is wanted and what is not."""
    yield (
        "Look at all codes together: they should be distributed as the prior, however much each "
        "says about its image. The rate is a sum: the mutual information of image and code, which "
        "is wanted, and the distance of all codes from the prior (marginal KL), which is not."
    )
    if example := group.example("marginal_kl"):
        yield from _split(group, *example)
        yield from _worst(group, example[0])


def _split(group: Group, slug: str, beta: float) -> Iterator[str]:
    names = ("rate", "mutual_information", "marginal_kl")
    rate, information, marginal = (group.mean(slug, beta, name) for name in names)
    where = f"With {likelihood_name(slug)} at β = {beta_name(beta)}"
    link = figure(group.name, "rate_parts", "both against β")
    if rate is None or information is None:
        return
    if group.mean(slug, beta, "mutual_information_saturated"):
        yield (
            f"{where} this run cannot tell: the mutual information is at the most that so few "
            f"images can show ({rounded(information)} nats), so the marginal KL may be anything "
            f"up to {rounded(marginal)} ({link})."
        )
        return
    values = f"{rounded(rate)} nats are {rounded(information)} + {rounded(marginal)}"
    if group.mean(slug, beta, "active_units") == 0:
        verdict = "so it fits only because nothing is left: the posterior has collapsed"
    elif marginal <= UNWANTED_SHARE * rate:
        verdict = "so it worked"
    else:
        verdict = "so it did not work well; a larger β brings the codes nearer to the prior"
    yield f"{where} its {values}, {verdict} ({link})."


def _worst(group: Group, shown: str) -> Iterator[str]:
    """The likelihood whose codes are furthest from the prior, if not the one just shown.

    Where the mutual information is saturated, only a bound of that distance is known.
    """
    found = {}
    for slug in group.likelihoods:
        example = group.example("marginal_kl", [slug])
        if example and not group.mean(*example, "mutual_information_saturated"):
            found[slug] = (group.mean(*example, "marginal_kl"), example[1])
    if not found:
        return
    worst = max(found, key=lambda slug: found[slug][0])
    if worst != shown:
        marginal, beta = found[worst]
        yield (
            f"Of those that can be measured, the codes with {likelihood_name(worst)} "
            f"(β = {beta_name(beta)}) are furthest from the prior, {rounded(marginal)} nats."
        )


def _at_most(group: Group, slug: str, beta: float) -> str:
    """Where the mutual information is saturated, the marginal KL is an upper bound."""
    return "at most " if group.mean(slug, beta, "mutual_information_saturated") else ""


def blur(group: Group) -> Iterator[str]:
    """High-frequency energy of autoencoder and VAE."""
    yield (
        "An autoencoder's code is too small for every detail, and a pixel-wise loss is lowest at "
        "the average of all images that share a code: averages are blurred. A VAE pays for every "
        "nat of its code besides, and noise in the code makes more images share it."
    )
    if not (example := group.example("high_frequency_energy")):
        return
    slug, beta = example
    ae = group.autoencoder(slug, "high_frequency_energy")
    if ae.empty:
        return
    vae = group.mean(slug, beta, "high_frequency_energy")
    otherwise = "" if vae < ae.mean() else ": here the VAE is not the blurrier one"
    yield (
        f"With {likelihood_name(slug)} the autoencoder keeps {100 * ae.mean():.0f} % of the test "
        f"images' energy at high frequencies, the VAE at β = {beta_name(beta)} keeps "
        f"{100 * vae:.0f} %{otherwise} ({figure(group.name, 'spectra', 'spectra')})."
    )
