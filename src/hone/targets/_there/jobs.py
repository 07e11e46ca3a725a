"""A job there: started in a session of its own and minded, looked at by offsets, ended whole."""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time

from hone.targets._there.answers import read, say, write
from hone.targets._there.ending import contact

MARK = "HONE_JOB_FOLDER"
MOST_TAIL_BYTES = 1 << 22
MOST_FILES = 4096
ENDING_SECONDS = 1.0


def start(order):
    """Start the worker in a session of its own, minded by a process that writes its exit down.

    Answers who runs: `is_ours` where this very order has started it, now or before.
    """
    folder = os.path.expanduser(order["folder"])
    with open(os.path.join(folder, ".start.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        running = read(folder, "process.json")
        is_same = running.get("token") == order["token"]
        if is_same or is_alive(running):
            return {"is_ours": is_same, "pid": running["pid"]}
        end_leftovers(folder, 5.0)
        for name in ("process.json", "exit.json", "stop"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(folder, name))
        pid = spawn(folder, order)
        return {"is_ours": True, "pid": pid}


def spawn(folder, order):
    """The worker's process id; its minder is this process's grandchild and outlives it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            if os.fork() == 0:
                mind(folder, order, writing)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = json.loads(pipe.readline() or '{"error": "it could not be started"}')
    if "error" in said:
        raise OSError(errno.ENOEXEC, said["error"], order["command"][0])
    return said["pid"]


def mind(folder, order, writing):
    """Start the worker, wait for it, write down how it ended."""
    # Not one file of the call stays open: its lock would be held, its line never end.
    os.closerange(3, writing)
    os.closerange(writing + 1, MOST_FILES)
    with open(os.path.join(folder, "worker.log"), "ab") as log, open(os.devnull, "rb") as nothing:
        for number, stream in enumerate((nothing, log, log)):
            os.dup2(stream.fileno(), number)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    environment = dict(os.environ, **order["environment"])
    environment[MARK] = folder
    with os.fdopen(writing, "w") as pipe:
        try:
            worker = subprocess.Popen(
                order["command"] + [folder],
                env=environment,
                cwd=folder,
                preexec_fn=lambda: begin(order.get("nice", 0)),
            )
        except OSError as error:
            pipe.write(json.dumps({"error": error.strerror or str(error)}) + "\n")
            return
        identity = {"pid": worker.pid, "started": started(worker.pid), "token": order["token"]}
        write(folder, "process.json", identity)
        pipe.write(json.dumps(identity) + "\n")
    code = worker.wait()
    write(folder, "exit.json", {"code": code, "at": time.time(), "token": order["token"]})


def begin(nice):
    """The worker listens to signals again, and gives way."""
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.nice(nice)
    # Linux shares the processor between sessions first, by niceness only inside each.
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as session:
        session.write(str(nice))


def look(order):
    """Whether the worker lives, how it ended, and what it has written since the last look."""
    folder = os.path.expanduser(order["folder"])
    contact(os.path.dirname(os.path.dirname(folder)))
    if not os.path.isdir(folder):
        return {"is_gone": True}
    running = read(folder, "process.json")
    alive = is_alive(running)  # before the files: what it wrote last is then never missed
    ending = {} if alive or not running else ending_of(folder, running)
    tails = {name: tail(folder, name, at) for name, at in order.get("from", {}).items()}
    checkpoints = os.path.join(folder, "checkpoints")
    say(
        {
            "is_alive": alive,
            "exit": ending.get("code"),
            "process": running,
            "identity": read(folder, "identity.json"),
            "has_result": os.path.exists(os.path.join(folder, "result.json")),
            "checkpoints": sorted(os.listdir(checkpoints)) if os.path.isdir(checkpoints) else [],
            "time": time.time(),
            "tails": {name: [len(block), is_same] for name, (block, is_same) in tails.items()},
        }
    )
    for block, _ in tails.values():
        sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()
    return None


def ending_of(folder, running):
    """How the worker ended, which its minder writes down a moment after."""
    deadline = time.time() + ENDING_SECONDS
    while True:
        ending = read(folder, "exit.json")
        if ending.get("token") == running["token"]:
            return ending
        if time.time() > deadline:
            return {}  # the minder ended too: the machine went down
        time.sleep(0.02)


def tail(folder, name, at):
    """(bytes after the offset, whether those before it are the same as on the other side)."""
    try:
        with open(os.path.join(folder, name), "rb") as file:
            file.seek(max(0, at["offset"] - at["shown"]))
            is_same = hashlib.sha256(file.read(at["shown"])).hexdigest() == at["sha256"]
            return (file.read(MOST_TAIL_BYTES) if is_same else b""), is_same
    except FileNotFoundError:
        return b"", at["offset"] == 0


def ask(order):
    """Ask the worker to write a checkpoint and end."""
    with open(os.path.join(os.path.expanduser(order["folder"]), "stop"), "w"):
        pass
    return {}


def end(order):
    """End the worker and all that it started: by signal, after the grace by force."""
    folder = os.path.expanduser(order["folder"])
    return {"how": end_leftovers(folder, order["grace_seconds"])}


def end_leftovers(folder, grace):
    """Says what it took: nothing, terminated or killed."""
    if not family(folder):
        return "nothing"
    send(folder, signal.SIGTERM)
    deadline = time.time() + grace
    while family(folder) and time.time() < deadline:
        time.sleep(0.05)
    if not family(folder):
        return "terminated"
    deadline = time.time() + 10
    while family(folder) and time.time() < deadline:
        send(folder, signal.SIGKILL)
        time.sleep(0.05)
    return "killed"


def send(folder, number):
    """A signal to everything of the job."""
    for pid in family(folder):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def family(folder):
    """The processes of a job: its worker, and whatever carries its mark."""
    running = read(folder, "process.json")
    found = {running["pid"]} if is_alive(running) else set()
    mark = (MARK + "=" + folder).encode()
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
            if mark in file.read().split(b"\0") and started(int(name)):
                found.add(int(name))
    return found


def is_alive(running):
    """Whether exactly this process still runs."""
    return bool(running.get("started")) and started(running["pid"]) == running["started"]


def started(pid):
    """When a process began, in words that no later one with its number shares; "" if it ended."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            words = file.read().rpartition(")")[2].split()
        with open("/proc/sys/kernel/random/boot_id") as file:
            boot = file.read().strip()
        return "" if words[0] in "ZX" else boot + " " + words[19]
    except OSError:
        if os.path.isdir("/proc/self"):
            return ""
    done = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    state, _, at = done.stdout.decode().strip().partition(" ")
    return "" if state.startswith("Z") else at.strip()
