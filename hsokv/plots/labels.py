"""Place text labels beside the points of a scatter plot, clear of one another."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox


def place_labels(panel: Axes, xy: np.ndarray, bars: np.ndarray, labels: list[str]) -> None:
    """Write each label right of its point, else in the nearest free line, else on the left.

    Labels of points in the upper half are taken from the top and step down, others from the
    bottom and step up, so that the leaders of a cluster fan out and do not cross a label.

    xy: points, (n, 2) in data units. bars: low and high ends, (n, 2), which labels keep off too.
    """
    panel.figure.draw_without_rendering()  # fixes the layout that pixel positions depend on
    scale, points = panel.figure.dpi / 72, panel.transData.transform(xy)
    taken = [Bbox([point - 5 * scale, point + 5 * scale]) for point in points]
    for side in (0, 1):
        ends = panel.transData.transform(np.c_[xy[:, 0], bars[:, side]])
        taken += [Bbox([np.minimum(a, b) - 1, np.maximum(a, b) + 1]) for a, b in zip(points, ends)]
    middle = panel.bbox.y0 + panel.bbox.height / 2
    # From the outside in: the outermost label takes its own line, the next ones follow it.
    for i in np.argsort(-np.abs(points[:, 1] - middle), kind="stable"):
        text = panel.annotate(labels[i], xy[i], fontsize=8.5)
        size, options = np.array(text.get_window_extent().size), []
        text.remove()
        inwards = -1 if points[i, 1] > middle else 1
        for line in (0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8):
            for way in (inwards, -inwards):
                for is_left in (False, True):
                    gap = (9 if line < 1 else 14) * scale
                    shift = [-gap - size[0] if is_left else gap, (way * line - 0.5) * size[1]]
                    box = Bbox([points[i] + shift, points[i] + shift + size])
                    outside = np.any(box.min < panel.bbox.min) or np.any(box.max > panel.bbox.max)
                    # A label three lines away on the right beats one on the left.
                    rank = line + 3 * is_left + 0.1 * (way != inwards)
                    options.append(
                        (box.count_overlaps(taken) + 9 * outside, rank, line, box, is_left)
                    )
        _, _, line, box, is_left = min(options, key=lambda option: option[:2])
        leader = {"arrowstyle": "-", "color": "#666666", "linewidth": 0.6, "shrinkA": 1}
        leader |= {"relpos": (1.0 if is_left else 0.0, 0.5), "shrinkB": 3}
        panel.annotate(
            labels[i],
            xy[i],
            (box.min - points[i]) / scale,
            textcoords="offset points",
            fontsize=8.5,
            arrowprops=leader if line >= 1 else None,
        )
        taken.append(box)
