"""The questions that users of VAEs ask most, answered with one run's own numbers.

An answer whose number is missing from the run keeps the part that needs none.
"""

from vae.reporting.group import Group
from vae.reporting.questions.choosing import (
    cross_entropy_or_squared_error,
    latent_size,
    sum_or_mean,
    which_beta,
)
from vae.reporting.questions.failing import bad_samples, blur, no_rate, regularisation
from vae.reporting.questions.measuring import literature, meaningful_fid, sample_or_mean

QUESTIONS = {
    "Which β should I use?": which_beta,
    "Sum or mean?": sum_or_mean,
    "BCE or MSE, and what does each assume?": cross_entropy_or_squared_error,
    "Why is my KL zero, and why do all my reconstructions look the same?": no_rate,
    "Good reconstructions but bad samples?": bad_samples,
    "How do I know that the regularisation worked?": regularisation,
    "Why are VAEs blurrier than autoencoders, and autoencoders blurry at all?": blur,
    "Sample or mean at test time?": sample_or_mean,
    "How large a latent space?": latent_size,
    "Why does my likelihood differ from the literature?": literature,
    "Is FID meaningful on such images?": meaningful_fid,
}


def questions(group: Group) -> list[tuple[str, str]]:
    """Every question with its answer, a few sentences of Markdown."""
    return [(question, " ".join(answer(group))) for question, answer in QUESTIONS.items()]
