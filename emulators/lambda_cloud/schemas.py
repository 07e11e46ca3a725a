"""Request bodies of Lambda's API, field for field as its OpenAPI names them (1.10.0)."""

from __future__ import annotations

from emulators.schema import Schema, array, choice, integer, record, text

REGIONS = {
    "asia-northeast-1": "Osaka, Japan",
    "asia-northeast-2": "Tokyo, Japan",
    "asia-south-1": "Mumbai, India",
    "australia-east-1": "Sydney, Australia",
    "europe-central-1": "Frankfurt, Germany",
    "me-west-1": "Tel Aviv, Israel",
    "us-east-1": "Virginia, USA",
    "us-east-2": "Washington DC, USA",
    "us-east-3": "Washington DC, USA",
    "us-midwest-1": "Illinois, USA",
    "us-midwest-2": "Ohio, USA",
    "us-south-1": "Texas, USA",
    "us-south-2": "Texas, USA",
    "us-south-3": "Texas, USA",
    "us-west-1": "California, USA",
    "us-west-2": "Arizona, USA",
    "us-west-3": "Utah, USA",
}
USER_DATA_BYTES = 1_000_000
REGION = choice(*REGIONS)
RULE = record(
    "protocol source_network description",
    protocol=choice("all", "icmp", "tcp", "udp"),
    source_network=text(),
    description=text(),
    port_range=array(integer(minimum=1, maximum=65535), minItems=2, maxItems=2),
)
LAUNCH = record(
    "region_name instance_type_name ssh_key_names",
    region_name=REGION,
    instance_type_name=text(minLength=1),
    ssh_key_names=array(text(), minItems=1, maxItems=1),
    file_system_names=array(text()),
    file_system_mounts=array(
        record("mount_point file_system_id", mount_point=text(), file_system_id=text())
    ),
    hostname=text(),
    name=text(maxLength=64),
    image=record(family=text(), id=text()),
    user_data=text(maxLength=USER_DATA_BYTES),
    tags=array(record("key value", key=text(), value=text())),
    firewall_rulesets=array(record("id", id=text())),
)
INSTANCE_IDS: Schema = record("instance_ids", instance_ids=array(text(), minItems=1))
RENAME = record(name=text(maxLength=64))
ADD_KEY = record("name", name=text(minLength=1, maxLength=64), public_key=text(maxLength=4096))
CREATE_FILE_SYSTEM = record("name region", name=text(minLength=1, maxLength=60), region=REGION)
PUT_RULES = record("data", data=array(RULE))
