"""Are codes of use? How well a simple classifier names the class of an image from its code."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

from vae.data.datasets import Dataset, spaced
from vae.evaluation.cells import Estimate, average
from vae.evaluation.real_images import MOST_TRAINING, training_images
from vae.models import VAE
from vae.randomness import generator

FEW_LABELS, DRAWS = 10, 5  # labels of each class, and how often they are drawn
NEIGHBOURS = 5
MOST_NEWTON = 1500


class Probe:
    """Labelled images, and what can be learned of them from their codes.

    Of images without classes nothing is asked: every accuracy is left out.
    """

    def __init__(self, dataset: Dataset, seed: int, device: torch.device) -> None:
        self.train = training_images(dataset, MOST_TRAINING, seed).to(device)
        self.test = dataset.unit("test").to(device)
        self.labels = spaced(dataset.labels["train"], MOST_TRAINING).numpy()
        self.truth = dataset.labels["test"].numpy()
        self.labelled = dataset.labelled
        self.few = list(_few_of_each(self.labels, seed))

    def of_model(self, model: VAE) -> dict[str, Estimate]:
        """Accuracies from posterior means, or from the autoencoder's codes."""
        return self.of_features(lambda x: model.encode(x).mean)

    @torch.no_grad()
    def of_features(self, features: Callable[[Tensor], Tensor]) -> dict[str, Estimate]:
        """Accuracies from ``features`` (N, F) of images."""
        if not self.labelled:
            return {}
        parts = [[features(p) for p in x.split(1000)] for x in (self.train, self.test)]
        return self.of_codes(*(torch.cat(part).double().cpu().numpy() for part in parts))

    def of_pixels(self) -> dict[str, Estimate]:
        """Accuracies from the images themselves."""
        return self.of_features(lambda x: x.flatten(1))

    def of_components(self, count: int) -> dict[str, Estimate]:
        """Accuracies from ``count`` principal components, as many as there are at most."""
        if not self.labelled:
            return {}
        train, test = (x.flatten(1).cpu().numpy() for x in (self.train, self.test))
        pca = PCA(min(count, *train.shape), svd_solver="covariance_eigh").fit(train)
        return self.of_codes(pca.transform(train), pca.transform(test))

    def of_codes(self, train: np.ndarray, test: np.ndarray) -> dict[str, Estimate]:
        """Accuracies of classifiers of ``train`` codes (N, d) on ``test`` codes (M, d).

        Codes are centred and divided by one number, the ``spread`` of the training codes.
        """
        centre, scale = train.mean(0), spread(train)
        train, test = (train - centre) / scale, (test - centre) / scale
        linear = _linear(train.shape[1] * (1 + int(self.labels.max())))
        few = [self._correct(linear, train[i], self.labels[i], test) for i in self.few]
        nearest = KNeighborsClassifier(NEIGHBOURS)
        return {
            "probe_accuracy": average(self._correct(linear, train, self.labels, test)),
            "probe_accuracy_10_labels": average(torch.stack(few).mean(0)),
            "knn_accuracy": average(self._correct(nearest, train, self.labels, test)),
        }

    def _correct(self, classifier, codes: np.ndarray, labels: np.ndarray, test) -> Tensor:
        """1 for every test image that is named rightly, else 0, (M,)."""
        return torch.from_numpy(classifier.fit(codes, labels).predict(test) == self.truth).double()


def spread(codes: np.ndarray) -> float:
    """Root of the variance per direction, averaged with the variances as weights; 1 if all are 0.

    So dimensions that hardly move neither count nor are enlarged, and no rotation matters.
    """
    covariance = np.atleast_2d(np.cov(codes, rowvar=False))
    total = np.trace(covariance)
    return float(np.sqrt(np.square(covariance).sum() / total)) if total > 0 else 1.0


def _linear(weights: int) -> LogisticRegression:
    """The same optimum by either solver; Newton's memory grows with the square of the weights."""
    if weights > MOST_NEWTON:
        return LogisticRegression(solver="lbfgs", max_iter=2000)
    return LogisticRegression(solver="newton-cholesky", max_iter=100)


def _few_of_each(labels: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Indices of ``FEW_LABELS`` images of every class, drawn ``DRAWS`` times."""
    for draw in range(DRAWS):
        stream = generator("cpu", seed, "few labels", draw)
        order = torch.randperm(len(labels), generator=stream).numpy()
        chosen = [order[labels[order] == c][:FEW_LABELS] for c in np.unique(labels)]
        yield np.concatenate(chosen)
