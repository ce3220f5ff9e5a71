"""Figures: tidy frames in, (figure, axes) out."""

from hsokv.plots.charts import (
    plot_accuracy_by_condition,
    plot_accuracy_vs,
    plot_accuracy_vs_cost,
    plot_paired_differences,
)
from hsokv.plots.diagrams import draw_flow
from hsokv.plots.specifications import plot_specifications
from hsokv.plots.style import flow_style, save_figure, use_style
from hsokv.plots.tables import show_table

__all__ = [
    "draw_flow",
    "flow_style",
    "plot_accuracy_by_condition",
    "plot_accuracy_vs",
    "plot_accuracy_vs_cost",
    "plot_paired_differences",
    "plot_specifications",
    "save_figure",
    "show_table",
    "use_style",
]
