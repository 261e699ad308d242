#!/usr/bin/env python3
"""What the reference implementation says of each file: a JSON list of base64 comes in, one of texts goes out.

The figures of safetensors.test.ts are those of safetensors 0.8.0.
"""

import base64
import json
import sys

from safetensors import deserialize


def outcome(data):
    try:
        deserialize(data)
    except Exception as error:
        return str(error)
    return "reads"


print(json.dumps([outcome(base64.b64decode(text)) for text in json.load(sys.stdin)]))
