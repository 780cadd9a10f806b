"""Reads tensors from a file of PyTorch before 1.6, without PyTorch, and without running what such a file may ask for.

The file is a row of pickles (a magic number, a version, the machine's sizes, the tensors, the names of the storages),
and behind them each storage: how many elements, then the elements. A pickle may name any function to
call; this reader knows four names, and refuses a file with another.
"""

import pickle
import struct
import sys
from array import array
from collections import OrderedDict

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001


class Tensor:
    """Where a tensor's numbers lie in its storage."""

    def __init__(self, storage, offset, shape, strides, *_):
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def values(self):
        """Its numbers in the order of its shape, the last index fastest."""
        places = [self.offset]
        for length, stride in zip(self.shape, self.strides):
            places = [place + step * stride for place in places for step in range(length)]
        numbers = self.storage.numbers
        return [numbers[place] for place in places]


class Storage:
    """Numbers that tensors share; they come behind the pickles."""

    def __init__(self, kind):
        self.kind, self.numbers = kind, None


class Reader(pickle.Unpickler):
    """Refuses every name but these."""

    names = {
        ("torch._utils", "_rebuild_tensor_v2"): Tensor,
        ("collections", "OrderedDict"): OrderedDict,
        ("torch", "FloatStorage"): "f",
        ("torch", "LongStorage"): "q",
    }

    def __init__(self, file, storages):
        super().__init__(file)
        self.storages = storages

    def find_class(self, module, name):
        if (module, name) not in self.names:
            raise ValueError(f"the weights name {module}.{name}, which is not called")
        return self.names[module, name]

    def persistent_load(self, reference):
        _, kind, key, *_ = reference
        return self.storages.setdefault(key, Storage(kind))


def read(path):
    """{name: Tensor} of a file."""
    storages = {}
    with path.open("rb") as file:
        magic, version, machine, tensors, keys = (Reader(file, storages).load() for _ in range(5))
        if magic != MAGIC or version != VERSION or not machine["little_endian"]:
            raise ValueError(f"{path} is not of the kind that is read here")
        for key in keys:
            storage = storages[key]
            (length,) = struct.unpack("<q", file.read(8))
            storage.numbers = array(storage.kind)
            storage.numbers.frombytes(file.read(length * storage.numbers.itemsize))
            if sys.byteorder == "big":
                storage.numbers.byteswap()
    return tensors
