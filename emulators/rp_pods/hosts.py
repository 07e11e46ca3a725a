"""The real machines behind pods, and the folders that are mounted into them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from emulators.machines import Hardware, Machine, Machines
from emulators.processes import Processes
from emulators.rp_pods import catalog
from emulators.rp_pods.account import HOST
from emulators.rp_pods.records import EndMachine, Pod

MIB_OF_A_GIB = 1024


class Hosts:
    """Boots and ends the machine of a pod. `image_environment` is what the image sets."""

    def __init__(self, image_environment: dict[str, str], ports_lag: float) -> None:
        self.image_environment = image_environment
        self.ports_lag = ports_lag
        self.folder = Path(tempfile.mkdtemp(prefix="rp-pods-"))
        self.processes = Processes(self.folder / "pods")
        self.machines = Machines(self.processes)

    def volume_folder(self, id: str) -> Path:
        """Where the files of a network volume lie, or of a pod's own volume; S3 may serve it."""
        return self.folder / "volumes" / id

    def boot(self, pod: Pod, now: float) -> None:
        """Start the pod's SSH server with the traits that faults gave it."""
        gpu = pod.gpu or {"id": "CPU", "count": 0}
        memory = catalog.GPUS[gpu["id"]].memory if pod.gpu else 0
        traits = pod.traits
        hardware = Hardware(
            gpu=gpu["id"],
            count=gpu["count"],
            memory_mib=memory * MIB_OF_A_GIB,
            is_dead="gpu_dead" in traits,
            disk_bytes=traits.get("disk_full", {}).get("bytes"),
        )
        environment = {**self.image_environment, **pod.env, **pod_environment(pod)}
        machine = Machine(pod.id, "root", pod.public_key, environment, hardware, self._mounts(pod))
        lag = traits.get("sshd_lag", {}).get("seconds", 0)
        machine.opens_at = now + (self.ports_lag + lag if lag else 0)
        machine.bytes_per_second = traits.get("slow_upload", {}).get("bytes_per_second")
        machine.cut_after_bytes = traits.get("connection_cut", {}).get("after_bytes")
        self.machines.start(machine)

    def _mounts(self, pod: Pod) -> dict[str, Path]:
        # Nobody can mount at /workspace here without root: it is ~/workspace instead.
        mounts = {
            Path(one["path"]).name: self.volume_folder(one["volumeId"])
            for one in pod.mounts.get("network", [])
        }
        if "persistent" in pod.mounts:
            mounts[Path(pod.mounts["persistent"]["path"]).name] = self.volume_folder(pod.id)
        return mounts

    def end(self, effect: EndMachine) -> None:
        """Take the machine away, and its own volume when the pod is gone for good."""
        self.machines.end(effect.pod_id)
        if effect.is_for_good:
            shutil.rmtree(self.volume_folder(effect.pod_id), ignore_errors=True)

    def close(self) -> None:
        """End every machine and remove every folder."""
        self.machines.close()
        self.processes.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def pod_environment(pod: Pod) -> dict[str, str]:
    """What RunPod sets on a pod; the key is good for this pod alone."""
    volumes = pod.mounts.get("network", [])
    return {
        "RUNPOD_POD_ID": pod.id,
        "RUNPOD_DC_ID": pod.data_center or "",
        "RUNPOD_POD_HOSTNAME": f"{pod.id}-emulated",
        "RUNPOD_GPU_COUNT": str((pod.gpu or {"count": 0})["count"]),
        "RUNPOD_CPU_COUNT": "8",
        "RUNPOD_PUBLIC_IP": HOST,
        "RUNPOD_API_KEY": pod.key,
        "CUDA_VERSION": "12.8",
        **({"RUNPOD_VOLUME_ID": volumes[0]["volumeId"]} if volumes else {}),
    }
