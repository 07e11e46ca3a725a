"""Hone and what it needs, put there: a wheel unpacked, an environment made."""

import fcntl
import os
import shutil
import subprocess
import sys
import zipfile


def unpack(order):
    """A wheel into a folder of its own, whole or not at all."""
    folder, wheel = os.path.expanduser(order["folder"]), os.path.expanduser(order["wheel"])
    if os.path.isdir(folder):
        return {"is_there": True}
    if os.path.isfile(wheel):
        aside = f"{folder}.{os.getpid()}"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(aside)
        try:
            os.rename(aside, folder)
        except OSError:
            shutil.rmtree(aside)  # another call was quicker
            if not os.path.isdir(folder):
                raise
    return {"is_there": False}


def environment(order):
    """An environment of Hone's own with what it needs; one that is whole is left as it is."""
    folder = os.path.expanduser(order["folder"])
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    python = os.path.join(folder, "bin", "python")
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(os.path.join(folder, ".complete")):
            return {"code": 0, "said": "", "python": python}
        shutil.rmtree(folder, ignore_errors=True)
        sees = ["--system-site-packages"] if order["sees_host"] else []
        code, said = carry_out([sys.executable, "-m", "venv"] + sees + [folder], order)
        if code == 0:
            listed = os.path.join(folder, "requirements.txt")
            with open(listed, "w") as file:
                file.write(order["requirements"])
            pip = [python, "-m", "pip", "install", "--no-input", "--no-deps", "--require-hashes"]
            code, said = carry_out(pip + ["-r", listed], order)
        if code == 0:
            with open(os.path.join(folder, ".complete"), "w"):
                pass
        return {"code": code, "said": said, "python": python}


def carry_out(command, order):
    """(exit code, end of what it said); an index is told by environment, it may hold a password."""
    index = {"PIP_INDEX_URL": order["index"]} if order.get("index") else {}
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_QUIET": "1"}
    done = subprocess.run(
        command,
        env=dict(os.environ, **quiet, **index),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=order["timeout_seconds"],
    )
    return done.returncode, done.stdout.decode(errors="replace")[-4000:]
