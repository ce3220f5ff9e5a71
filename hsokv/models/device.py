"""The device that tensors live on: the CPU or one CUDA GPU.

Random numbers are drawn on the CPU and moved, so that a seed stands for the same weights, batches,
dropout and moves everywhere. Results on a GPU still differ in the last digits, and need not repeat
to the bit. MPS is left out: it has no float64, in which plain averages are taken.
"""

from __future__ import annotations

import os

import torch
from torch import nn

from hsokv.boundary.checks import check_keys

DEVICES = ("auto", "cpu", "cuda")


def pick_device(name: str) -> torch.device:
    """Return the device that a name stands for; 'auto' is the GPU where PyTorch sees one.

    Raises:
        ValueError: an unknown name, or 'cuda' where PyTorch sees no GPU.
    """
    check_keys([name], DEVICES, "device")
    has_gpu = torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        raise ValueError(
            f"device='cuda': PyTorch {torch.__version__} sees no CUDA GPU, expected one; set "
            "device='auto' or 'cpu', or install a CUDA build of PyTorch beside a GPU driver"
        )
    return torch.device("cuda" if has_gpu and name != "cpu" else "cpu")


def run_device() -> str:
    """Return the name of the device that experiments train on: HSOKV_DEVICE, else the CPU.

    Raises:
        ValueError: as `pick_device`.
    """
    return pick_device(os.environ.get("HSOKV_DEVICE") or "cpu").type


def device_of(net: nn.Module) -> torch.device:
    """Return the device a network's weights are on."""
    return next(net.parameters()).device
