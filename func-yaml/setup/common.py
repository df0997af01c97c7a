"""What the documents are made of: files beside them, and the environment."""

import json
import os
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PLACEHOLDER = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


class Wrong(Exception):
    """A document that cannot be used, in words for the caller."""


def read(name):
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def filled(value):
    if isinstance(value, dict):
        return {fill(key): filled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one) for one in value]
    return fill(value) if isinstance(value, str) else value


def fill(text):
    def replace(match):
        name = match[1]
        if name not in os.environ:
            raise Wrong(f"{name} is not set")
        return os.environ[name]

    return PLACEHOLDER.sub(replace, text)
