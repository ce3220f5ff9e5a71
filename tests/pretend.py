"""A device that is not there: tensors that say they are on another device and are on the CPU.

Every operation is really computed, so whole flows run and can be compared with the CPU's; what a
GPU would refuse is refused: tensors of two devices in one operation, and NumPy arrays of a tensor
that was not brought back; so are random numbers drawn there. It stands for no speed, rounding or
kernel of a GPU.
"""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("lazy")  # a type whose gradients PyTorch computes on the CPU's own thread
aten = torch.ops.aten
MOVES = {aten._to_copy.default, aten.copy_.default}
TAKES_CPU_INDICES = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default}


class Elsewhere(torch.Tensor):
    """A tensor that says it is on `DEVICE`; `held` holds its numbers."""

    @staticmethod
    def __new__(cls, real):
        """Make a tensor of the same shape that holds no numbers itself."""
        return torch.Tensor._make_wrapper_subclass(
            cls, real.shape, strides=real.stride(), dtype=real.dtype, device=DEVICE
        )

    def __init__(self, real):
        self.held = real

    __torch_function__ = torch._C._disabled_torch_function_impl

    # PyTorch makes a device's tensors of Python lists where no mode can see it.
    def __getitem__(self, index):
        return super().__getitem__(_index(index))

    def __setitem__(self, index, value):
        super().__setitem__(_index(index), value)

    def new_tensor(self, data):
        """Return a tensor there, of this type."""
        return torch.tensor(data, dtype=self.dtype).to(DEVICE)

    def tolist(self):
        """Return the numbers, as every device does."""
        return self.held.tolist()

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        raise RuntimeError(f"{func} outside PretendDevice")


class PretendDevice(TorchDispatchMode):
    """Run every operation on the CPU and refuse what mixes devices."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        tensors = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, torch.Tensor)]
        n_away = sum(isinstance(tensor, Elsewhere) for tensor in tensors)
        goes = torch.device(kwargs["device"]) if kwargs.get("device") is not None else None
        if n_away and func not in MOVES:
            home = [t for t in tensors if not isinstance(t, Elsewhere) and t.ndim]
            if func in TAKES_CPU_INDICES:
                home = [t for t in home if t is args[0] or t.is_floating_point()]
            if home:
                raise RuntimeError(f"{func}: tensors on the CPU and on {DEVICE}")
        is_made_away = goes is not None and goes.type == DEVICE.type
        if (n_away or is_made_away) and torch.Tag.nondeterministic_seeded in func.tags:
            raise RuntimeError(f"{func}: random numbers of {DEVICE} are not the CPU's")
        if is_made_away:
            kwargs["device"] = torch.device("cpu")
        out = func(*tree_map(_real, args), **tree_map(_real, kwargs))
        if func is aten.copy_.default or func.__name__.split(".")[0].endswith("_"):
            return args[0] if isinstance(args[0], torch.Tensor) else out
        if is_made_away or (n_away and goes is None):
            return tree_map(lambda x: Elsewhere(x) if isinstance(x, torch.Tensor) else x, out)
        return out


def _index(index):
    return torch.tensor(index, dtype=torch.int64) if isinstance(index, list) else index


def _real(x):
    return x.held if isinstance(x, Elsewhere) else x
