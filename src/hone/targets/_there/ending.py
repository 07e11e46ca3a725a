"""A machine that ends itself: at its limit, or when nobody at home has asked for too long.

It does so by the key that its provider gave to it alone; no key of the account is ever there.
"""

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import time

from hone.targets._there.answers import read, write

GUARD = ".guard-"
LOOK_SECONDS = 15.0
AGAIN_SECONDS = 30.0
CALL_SECONDS = 30.0
MOST_OPEN_FILES = 4096
REFUSED = range(400, 500)


def guard(order):
    """Mind this machine from now on; where it is minded already, only what was said is changed.

    `seconds` are left to it; `silent_seconds` may pass without a look from home.
    """
    own = own_key()
    if not own:
        return {"is_guarded": False}
    root, name = os.path.expanduser(order["folder"]), GUARD + own["RUNPOD_POD_ID"] + ".json"
    os.makedirs(root, exist_ok=True)
    said = {
        "until": time.time() + order["seconds"],
        "silent_seconds": order["silent_seconds"],
        "url": order["url"],
    }
    write(root, name, said)
    lock = os.open(os.path.join(root, name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        # Its guard holds the lock for as long as it lives.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return {"is_guarded": True}
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            if os.fork() == 0:
                stand_guard(root, name, lock)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(lock)
    return {"is_guarded": True}


def contact(root):
    """Home has asked: the time of silence begins anew."""
    with contextlib.suppress(OSError):
        for name in os.listdir(root):
            if name.startswith(GUARD) and name.endswith(".json"):
                os.utime(os.path.join(root, name))


def stand_guard(root, name, lock):
    """Wait until the machine has to end, then end it, again and again until it is gone."""
    # Not one file of the call stays open: its line would never end.
    os.closerange(0, lock)
    os.closerange(lock + 1, MOST_OPEN_FILES)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with open(os.devnull, "r+b", buffering=0) as nothing:
        for number in range(3):
            os.dup2(nothing.fileno(), number)
    said = {}
    while True:
        said = read(root, name) or said
        left = seconds_left(said, os.path.join(root, name))
        if left <= 0:
            end_this_machine(said["url"])
            left = AGAIN_SECONDS
        time.sleep(min(left, LOOK_SECONDS))


def seconds_left(said, path):
    """Until the limit, or until home has been silent for too long, whichever comes first."""
    try:
        asked_at = os.stat(path).st_mtime
    except OSError:
        asked_at = time.time()  # its disk is in trouble: the limit still holds
    return min(said["until"], asked_at + said["silent_seconds"]) - time.time()


def end_this_machine(url):
    """Ask the provider to delete it; by its own program where the API refuses the key."""
    import urllib.error
    import urllib.request

    own = own_key()
    pod = own["RUNPOD_POD_ID"]
    headers = {"Authorization": "Bearer " + own["RUNPOD_API_KEY"], "User-Agent": "hone"}
    asked = urllib.request.Request(url + "/v2/pods/" + pod, method="DELETE", headers=headers)
    try:
        urllib.request.urlopen(asked, timeout=CALL_SECONDS).close()
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in REFUSED:
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                command = ["runpodctl", "remove", "pod", pod]
                environment = dict(os.environ, **own)
                subprocess.run(command, env=environment, timeout=CALL_SECONDS, check=False)
    except OSError:
        return  # not to be reached now: asked again


def own_key():
    """The pod's name and the key that is good for it alone; empty where there is none.

    A login may lack what the container was started with, which its first process has.
    """
    names = ("RUNPOD_POD_ID", "RUNPOD_API_KEY")
    for found in (os.environ, of_the_first_process()):
        if all(found.get(name) for name in names):
            return {name: found[name] for name in names}
    return {}


def of_the_first_process():
    """The environment of process 1, where this user may see it."""
    try:
        with open("/proc/1/environ", "rb") as file:
            lines = file.read().decode(errors="replace").split("\0")
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
