"""Files in and out, each hashed, each going on where a cut left it."""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import signal
import sys
import time

from hone.targets._there.answers import existing, inside, say

BLOCK = 1 << 18
STALE_SECONDS = 10.0


def sha256(path):
    """The hash of a file, or None where there is none."""
    whole = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(BLOCK), b""):
                whole.update(block)
    except (FileNotFoundError, IsADirectoryError):
        return None
    return whole.hexdigest()


def listing(order):
    """Every file under these names of a folder, with size and hash; parts and asides left out."""
    root, found = os.path.expanduser(order["root"]), []
    for name in order["names"]:
        top = inside(root, name)
        if os.path.isfile(top):
            found.append(name)
        for folder, folders, files in os.walk(top):
            folders[:] = sorted(one for one in folders if not one.startswith("."))
            at = os.path.relpath(folder, root)
            found += [os.path.join(at, one) for one in sorted(files) if not one.startswith(".")]
    result = []
    for name in found:
        with contextlib.suppress(FileNotFoundError):
            path = inside(root, name)
            size = os.path.getsize(path)
            result.append(
                {"path": name.replace(os.sep, "/"), "bytes": size, "sha256": sha256(path)}
            )
    return {"files": result}


def put(order):
    """Take files in: say where each goes on, read the rest, put in place what hashes true."""
    root = os.path.expanduser(order["root"])
    if order.get("mark") and os.path.exists(inside(root, order["mark"])):
        say({"offsets": {}})
        return {"done": [], "bad": []}
    parts = os.path.join(root, ".parts")
    os.makedirs(parts, exist_ok=True)
    with alone(parts):
        wanted, offsets = [], {}
        for one in order["files"]:
            place = inside(root, one["path"])
            has_size = os.path.isfile(place) and os.path.getsize(place) == one["bytes"]
            if has_size and sha256(place) == one["sha256"]:
                continue
            part = os.path.join(parts, one["sha256"])
            size = os.path.getsize(part) if os.path.exists(part) else 0
            offsets[one["path"]] = size if size <= one["bytes"] else 0
            wanted.append((one, place, part))
        needed = sum(one["bytes"] - offsets[one["path"]] for one, _, _ in wanted)
        free = shutil.disk_usage(root).free
        if needed and needed + order.get("spare_bytes", 0) > free:
            raise OSError(errno.ENOSPC, f"{free} bytes are free, {needed} are needed", root)
        say({"offsets": offsets})
        done, bad = [], []
        for one, place, part in wanted:
            if not receive(part, offsets[one["path"]], one["bytes"]):
                return None  # cut off: what has come stays for the next time
            if sha256(part) == one["sha256"]:
                os.makedirs(os.path.dirname(place), exist_ok=True)
                os.replace(part, place)
                done.append(one["path"])
            else:
                os.remove(part)
                bad.append(one["path"])
        if order.get("mark") and not bad:
            with open(inside(root, order["mark"]), "w"):
                pass
        shutil.rmtree(parts, ignore_errors=True)
    return {"done": done, "bad": bad}


def receive(part, offset, size):
    """Append what comes to the part until it has its size; False where the line was cut."""
    with open(part, "ab") as file:
        file.truncate(offset)
        while offset < size:
            # What is there already, not all that is asked for: a cut must cost nothing.
            block = sys.stdin.buffer.read1(min(BLOCK, size - offset))  # type: ignore[attr-defined]
            if not block:
                return False
            file.write(block)
            file.flush()
            offset += len(block)
        os.fsync(file.fileno())
    return True


@contextlib.contextmanager
def alone(folder):
    """One upload into a folder at a time; one that hangs on a dead line is ended."""
    path = os.path.join(os.path.dirname(folder), ".putting")
    with open(path, "a+") as lock:
        seen, since = -1, time.time()
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                size = sum(entry.stat().st_size for entry in os.scandir(existing(folder)))
                if size != seen:
                    seen, since = size, time.time()
                elif time.time() - since > STALE_SECONDS:
                    lock.seek(0)
                    with contextlib.suppress(ValueError, ProcessLookupError):
                        os.kill(int(lock.read()), signal.SIGTERM)
                    since = time.time()
                time.sleep(0.1)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        os.makedirs(folder, exist_ok=True)
        yield


def get(order):
    """Send files from where the other side has them; their sizes are known from the listing."""
    root = os.path.expanduser(order["root"])
    gone = [one["path"] for one in order["files"] if not os.path.exists(inside(root, one["path"]))]
    say({"gone": gone})
    for one in order["files"] if not gone else []:
        with open(inside(root, one["path"]), "rb") as file:
            file.seek(one["offset"])
            left = one["bytes"] - one["offset"]
            while left > 0:
                block = file.read(min(BLOCK, left))
                if not block:
                    return None
                sys.stdout.buffer.write(block)
                left -= len(block)
    sys.stdout.buffer.flush()
    return None


def remove(order):
    """Delete a folder under another one; one that is gone is no error."""
    shutil.rmtree(inside(os.path.expanduser(order["root"]), order["name"]), ignore_errors=True)
    return {}
