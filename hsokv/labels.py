"""Place text labels beside the points of a scatter plot, clear of one another."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox


def place_labels(panel: Axes, xy: np.ndarray, bars: np.ndarray, labels: list[str]) -> None:
    """Write each label at the first free place around its point, with a leader when it is far.

    xy: points, (n, 2) in data units. bars: low and high ends, (n, 2), which labels keep off too.
    """
    panel.figure.draw_without_rendering()  # fixes the layout that pixel positions depend on
    scale, points = panel.figure.dpi / 72, panel.transData.transform(xy)
    taken = [Bbox([point - 5 * scale, point + 5 * scale]) for point in points]
    for side in (0, 1):
        ends = panel.transData.transform(np.c_[xy[:, 0], bars[:, side]])
        taken += [Bbox([np.minimum(a, b) - 1, np.maximum(a, b) + 1]) for a, b in zip(points, ends)]
    for i in np.argsort(-xy[:, 1], kind="stable"):
        text = panel.annotate(labels[i], xy[i], fontsize=8.5)
        size, options = np.array(text.get_window_extent().size), []
        text.remove()
        for radius in (8, 14, 20, 28, 36, 46, 58, 70, 84):
            for ray in ((1, 0), (-1, 0), (0.7, 0.7), (0.7, -0.7), (-0.7, 0.7), (-0.7, -0.7)):
                corner = points[i] + scale * radius * np.array(ray) - size * [ray[0] < 0, 0.5]
                box = Bbox([corner, corner + size])
                outside = np.any(box.min < panel.bbox.min) or np.any(box.max > panel.bbox.max)
                options.append((box.count_overlaps(taken) + 9 * outside, len(options), radius, box))
        _, _, radius, box = min(options, key=lambda option: option[:2])
        leader = {"arrowstyle": "-", "color": "#666666", "linewidth": 0.6} if radius > 14 else None
        offset = (box.min - points[i]) / scale
        panel.annotate(
            labels[i], xy[i], offset, textcoords="offset points", fontsize=8.5, arrowprops=leader
        )
        taken.append(box)
