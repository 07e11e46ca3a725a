"""How the other machine answers, and the few things that every verb there needs."""

import errno
import json
import os
import sys

ANSWER = "HONE1 "  # a login script may print before it


def say(answer):
    """One line of the answer, at once."""
    sys.stdout.buffer.write((ANSWER + json.dumps(answer) + "\n").encode())
    sys.stdout.buffer.flush()


def inside(root, name):
    """The path of a name under root; never outside of it."""
    path = os.path.normpath(os.path.join(root, name))
    if os.path.isabs(name) or not path.startswith(os.path.normpath(root) + os.sep):
        raise OSError(errno.EACCES, "a path outside of its folder", name)
    return path


def existing(path):
    """The nearest folder upwards that exists."""
    while not os.path.isdir(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


def read(folder, name):
    """A small JSON file; empty where there is none, or it is no JSON."""
    try:
        with open(os.path.join(folder, name)) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def write(folder, name, value):
    """A small JSON file, whole or not at all."""
    aside = os.path.join(folder, "." + name)
    with open(aside, "w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, os.path.join(folder, name))
