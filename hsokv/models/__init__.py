"""Networks that turn texts into vectors and classify them."""

from hsokv.models.averages import AverageNetwork, TokenAverageEncoder
from hsokv.models.build import build_network
from hsokv.models.device import DEVICES, pick_device
from hsokv.models.texts import TrainingSet, encode_texts
from hsokv.models.transformer import GatedClassifier, GatedMemoryTransformer, Packed, pack

__all__ = [
    "AverageNetwork",
    "DEVICES",
    "GatedClassifier",
    "GatedMemoryTransformer",
    "Packed",
    "TokenAverageEncoder",
    "TrainingSet",
    "build_network",
    "encode_texts",
    "pack",
    "pick_device",
]
