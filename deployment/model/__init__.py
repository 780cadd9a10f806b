"""The image model: reads the weights that a package carries, and writes them as an ONNX file."""
