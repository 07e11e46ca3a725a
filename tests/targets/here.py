"""A target for tests that need no process: its worker is a function, called in this one."""

from __future__ import annotations

from collections.abc import Callable

from hone.workspace.job_folder import Identity, JobFolder


class Here:
    """Stands in for `targets.local`; `work` does to a folder what a worker does to it."""

    def __init__(self, work: Callable[[JobFolder], object]) -> None:
        self._work = work
        self.folders: list[JobFolder] = []

    def start(self, folder: JobFolder) -> Identity:
        """Claim the folder as a worker does, work, and let go."""
        self.folders.append(folder)
        folder.claim()
        identity = folder.identity()
        assert identity is not None
        try:
            self._work(folder)
        finally:
            folder.release()
        return identity

    def is_alive(self, folder: JobFolder) -> bool:
        return folder.is_alive()

    def stop(self, folder: JobFolder, deadline_seconds: float) -> str:
        return "not running"

    def release(self, folder: JobFolder) -> None:
        return None
