"""Request bodies of REST v2, field for field as its schema names them (2.0.0)."""

from __future__ import annotations

from emulators.schema import Schema, array, boolean, choice, integer, mapping, record, text

CUDA = text(pattern=r"^\d+\.\d+$")
KEY = text(pattern=r"^(ssh|ecdsa|sk)-[^\s]+ [^\s]+([ \t][^\n\r]*)?$")
PERSISTENT = record("size path", size=integer(minimum=10), path=text())
NETWORK = array(record("volumeId path", volumeId=text(), path=text()), maxItems=1)
MOUNTS = record(persistent=PERSISTENT, network=NETWORK)
NAME = text(minLength=1)
CONTAINER: dict[str, Schema] = {
    "args": text(),
    "disk": integer(minimum=1),
    "env": mapping(text()),
    "image": text(),
    "ports": array(text(pattern=r"^\d+/(tcp|http|udp)$")),
    "registry": {"type": ["string", "null"]},
}
GPU = record(
    "id",
    id=text(),
    count=integer(minimum=1),
    allowedCudaVersions=array(CUDA),
    minCudaVersion=CUDA,
)
CPU = record("id vcpuCount", id=NAME, vcpuCount=integer(minimum=2))
CREATE_POD = record(
    "name",
    **CONTAINER,
    name=NAME,
    cloud=choice("SECURE", "COMMUNITY"),
    cpu=CPU,
    dataCenterIds=array(text()),
    globalNetworking=boolean(),
    gpu=GPU,
    mounts=MOUNTS,
    startJupyter=boolean(),
    startSsh=boolean(),
    templateId=NAME,
)
UPDATE_POD = record(
    **CONTAINER,
    globalNetworking=boolean(),
    locked=boolean(),
    mounts=MOUNTS,
    name=NAME,
    templateId=text(),
)
ACTION = record("action", action=choice("start", "stop", "restart", "terminate"))
TEMPLATE_FIELDS: dict[str, Schema] = {
    **CONTAINER,
    "name": NAME,
    "allowedCudaVersions": array(CUDA),
    "category": choice("CPU", "NVIDIA", "AMD"),
    "mounts": record(persistent=PERSISTENT),
    "public": boolean(),
    "serverless": boolean(),
    "startJupyter": boolean(),
    "startSsh": boolean(),
}
CREATE_TEMPLATE = record("name image", **TEMPLATE_FIELDS)
UPDATE_TEMPLATE = record(**TEMPLATE_FIELDS)
CREATE_VOLUME = record(
    "name size dataCenter",
    name=NAME,
    size=integer(minimum=10, maximum=4096),
    dataCenter=NAME,
    type=choice("STANDARD", "HIGH_PERFORMANCE"),
)
UPDATE_VOLUME = record(name=NAME, size=integer(minimum=10, maximum=4096))
SSH_KEYS = record("keys", keys=array(KEY))
ENDPOINT_FIELDS: dict[str, Schema] = {
    **CONTAINER,
    "cpu": array(CPU, minItems=1),
    "dataCenterIds": array(text()),
    "flashboot": choice("OFF", "FLASHBOOT", "PRIORITY_FLASHBOOT"),
    "gpu": record(
        pools=array(text(), minItems=1),
        excludedTypes=array(text(minLength=1)),
        count=integer(minimum=1),
        allowedCudaVersions=array(CUDA),
        minCudaVersion=CUDA,
    ),
    "name": NAME,
    "networkVolumes": array(text()),
    "scaling": record(
        "type",
        type=choice("QUEUE_DELAY", "REQUEST_COUNT"),
        queueDelay={"type": "number", "minimum": 0.5},
        requestCount=integer(minimum=1),
    ),
    "templateId": text(),
    "timeout": integer(),
    "type": choice("QUEUE", "LOAD_BALANCER"),
    "workers": record(
        min=integer(minimum=0),
        max=integer(minimum=0),
        idleTimeout=integer(minimum=1, maximum=3600),
    ),
}
CREATE_ENDPOINT = record("name type scaling", **ENDPOINT_FIELDS)
UPDATE_ENDPOINT = record(**{k: v for k, v in ENDPOINT_FIELDS.items() if k != "type"})
