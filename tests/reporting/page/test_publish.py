"""What is kept of a published run's pictures."""

import numpy as np
from PIL import Image

from vae.reporting.page.publish import shrink


def test_pictures_become_smaller_and_keep_what_they_show(tmp_path):
    x, y = np.mgrid[:200, :200]
    shades = np.stack([x // 16 * 16, y // 16 * 16, 0 * x], -1).astype(np.uint8)
    path = tmp_path / "group" / "chart.png"
    path.parent.mkdir()
    Image.fromarray(shades).convert("RGBA").save(path, compress_level=0)
    before = path.stat().st_size
    shrink(tmp_path)
    assert path.stat().st_size < before / 10
    kept = np.asarray(Image.open(path).convert("RGB")).astype(int)
    assert np.abs(kept - shades).max() <= 8
    small = path.read_bytes()
    shrink(tmp_path)
    assert path.read_bytes() == small
