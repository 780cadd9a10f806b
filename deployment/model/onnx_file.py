"""Writes an ONNX file: the few messages of its format that a network of convolutions needs.

ONNX is protobuf (onnx.proto), in which a message is a row of fields, each with its number. Written by hand it takes no
package, which would have to fit the machine's Python, and the same network is always the same bytes.
"""

import sys
from array import array

FLOAT = 1  # of TensorProto.DataType
INT, INTS = 2, 7  # of AttributeProto.AttributeType


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, value):
    """A number, or a text, bytes or message with its length before it."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def each(number, values):
    return b"".join(field(number, value) for value in values)


def tensor(name, shape, numbers):
    """Numbers become 32-bit floats, each the nearest to what it was."""
    data = array("f", numbers)
    if sys.byteorder == "big":
        data.byteswap()
    return each(1, shape) + field(2, FLOAT) + field(8, name) + field(9, data.tobytes())


def attribute(name, value):
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, INT)
    return field(1, name) + each(8, value) + field(20, INTS)


def node(kind, inputs, output, **attributes):
    return (each(1, inputs) + field(2, output) + field(3, output) + field(4, kind)
            + each(5, (attribute(*pair) for pair in sorted(attributes.items()))))


def value(name, shape):
    """An input or output of floats."""
    dimensions = each(1, (field(1, length) for length in shape))
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, dimensions)))


def model(name, nodes, tensors, inputs, outputs, said):
    """A file; `said` is what it says of itself."""
    graph = each(1, nodes) + field(2, name) + each(5, tensors) + each(11, inputs) + each(12, outputs)
    version = 13  # of the operators
    return (field(1, 8) + field(2, "countinghouse") + field(7, graph) + field(8, field(1, "") + field(2, version))
            + each(14, (field(1, key) + field(2, text) for key, text in sorted(said.items()))))
