"""What several charts are made of."""

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from vae.reporting.figures.panels import seed_line

pytestmark = pytest.mark.usefixtures("closed_figures")


@pytest.mark.parametrize("betas", [[1.0], [1.0, 2.0]])
def test_the_spread_over_seeds_shows_of_a_single_beta_as_well(betas):
    _, ax = plt.subplots()
    rows = [{"beta": beta, "value": value} for beta in betas for value in (3.0, 5.0)]
    seed_line(ax, pd.DataFrame(rows))
    boxes = [(made.get_datalim(ax.transData), made.get_linewidth()[0]) for made in ax.collections]
    seen = [box for box, linewidth in boxes if box.width > 0 or linewidth > 0]
    assert [(box.y0, box.y1) for box in seen] == [(3.0, 5.0)]
