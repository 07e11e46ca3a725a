"""How a job gets to a worker without a volume, and what it left away from it: by the model hub.

The hub's token is the endpoint's own (HF_TOKEN); a request names the repository alone.
"""

from __future__ import annotations

import base64
import io
import shutil
import tarfile
from pathlib import Path

import hone
from hone import settings
from hone.errors import HoneError
from hone.records import submission as on_volume
from hone.records.submission import Beat
from hone.targets._hub import Hub

CLAIMS = 8  # other jobs commit to the repository too
UNPACKED_BYTES = 1 << 30
STAYS = ("inputs/*", "*.lock", "job.json", "identity.json", "stop", "sent.json")


def unpack(text: str, place: Path) -> None:
    """Put what a request holds into a job's place; what was there of an earlier try goes."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    left = UNPACKED_BYTES
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(text)), mode="r:gz") as archive:
        for one in archive:
            left -= one.size
            if left < 0 or not one.isfile():
                raise HoneError(
                    f"The request holds what no job has, or more than 1 GiB: {one.name[:80]!r}.",
                    hint="hone jobs resume JOB   (sends it anew)",
                )
            archive.extract(one, place, filter="data")


def model_at(name: str) -> str:
    """The folder of a model that an order names: bundled with Hone, or downloaded from the hub."""
    if name.startswith(f"{on_volume.BUNDLED}/"):
        return str(Path(hone.__file__).parent / "bundled" / Path(name).name)
    from huggingface_hub import snapshot_download

    repository, _, revision = name.removeprefix(f"{on_volume.HUB}/").partition("@")
    return snapshot_download(repository, revision=revision)


class Leaving:
    """A private repository at the hub, as the worker writes to it."""

    def __init__(self, repository: str, place: str) -> None:
        token = settings.credential(("HF_TOKEN",))
        if token is None:
            raise HoneError(
                "The endpoint has no token for the model hub.",
                hint="Set HF_TOKEN in the endpoint's environment, as a secret of RunPod's.",
            )
        self.repository = repository
        self.place = place
        self.token = token

    def claim(self, ticket: str, request: str) -> str:
        """Make the ticket this request's; the request that it belongs to.

        The commit names the one before it: of two workers at the same moment one is refused.
        """
        from huggingface_hub import CommitOperationAdd, HfApi
        from huggingface_hub.errors import HfHubHTTPError

        api, name = HfApi(token=self.token), f"{self.place}/{on_volume.TICKETS}/{ticket}"
        trouble: HfHubHTTPError | None = None
        for _ in range(CLAIMS):
            try:
                head = api.repo_info(self.repository).sha
                if found := self._read(name):
                    return found.decode().strip()
                api.create_commit(
                    self.repository,
                    [CommitOperationAdd(name, request.encode())],
                    commit_message=f"Take up {ticket}",
                    parent_commit=head,
                )
                return request
            except HfHubHTTPError as error:
                trouble = error
        raise HoneError(
            f"The hub does not take files into {self.repository}: {str(trouble)[:200]}",
            hint="May the endpoint's HF_TOKEN write there?",
        )

    def ended(self, ticket: str) -> Beat | None:
        """The last beat of a worker that has carried this ticket out, or None."""
        found = self._read(f"{self.place}/{on_volume.BEAT}")
        beat = Beat.model_validate_json(found) if found else None
        return beat if beat is not None and beat.ticket == ticket and beat.ending else None

    def bring_out(self, place: Path, job: str) -> None:
        """Everything that the job left is in the repository afterwards, in one commit."""
        from huggingface_hub import HfApi

        HfApi(token=self.token).upload_folder(
            repo_id=self.repository,
            folder_path=place,
            path_in_repo=self.place,
            commit_message=f"What {job} left",
            ignore_patterns=[*(f"{job}/{name}" for name in STAYS), on_volume.ORDER],
        )

    def _read(self, name: str) -> bytes | None:
        hub = Hub(self.repository, self.token, url=settings.hub_address())
        try:
            return hub.read(name)
        finally:
            hub.close()
