"""The HTTP face of REST v2, and the real SSH servers behind its pods."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

from emulators.bill import Bill
from emulators.clock import Clock, iso
from emulators.faults import Faults
from emulators.limits import Window
from emulators.rp_pods import billing, catalog
from emulators.rp_pods.account import Account, Timing
from emulators.rp_pods.hosts import Hosts
from emulators.rp_pods.inventory import found, problem
from emulators.rp_pods.records import FAULTS, EndMachine, Pod, StartMachine
from emulators.shell import Answer, Refusal, Reply, Request, Route

WINDOWS = {"minute": (60, 60), "hour": (3000, 3600), "day": (50_000, 86_400)}
MOST_LINES = 5000


class RunPodPods:
    """One account; `image_environment` is what the image sets (a PATH with a Python, say)."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 0,
        key: str = "rpa_emulated",
        timing: Timing | None = None,
        image_environment: Mapping[str, str] | None = None,
    ) -> None:
        # Called with each endpoint that is made or changed, and with None when it is deleted.
        self.on_endpoint: Callable[[str, dict[str, Any] | None], None] | None = None
        self.clock = clock or Clock()
        self.faults = Faults(FAULTS)
        self.bill = Bill()
        self.workers_bill = self.bill  # of endpoints, where their workers are another emulator's
        self.key = key
        self.url = ""
        self.jobs_url = "https://api.runpod.ai"
        self.spend_limit = 80.0
        self.per_minute: int | None = None
        timing = timing or Timing()
        self.hosts = Hosts(dict(image_environment or {}), timing.ports_lag)
        self.account = Account(self.faults, self.bill, seed=seed, timing=timing)
        self._windows = {name: Window(most, seconds) for name, (most, seconds) in WINDOWS.items()}
        self._is_closed = False

    def routes(self) -> list[Route]:
        """Every route of REST v2 that Hone could need, and GraphQL for the balance."""
        return [
            ("GET", "/v2/account/ssh-keys", self.ssh_keys),
            ("PUT", "/v2/account/ssh-keys", self.ssh_keys),
            ("GET", "/v2/pods", self.list_pods),
            ("POST", "/v2/pods", self.create_pod),
            ("GET", "/v2/pods/{id}", self.get_pod),
            ("PATCH", "/v2/pods/{id}", self.update_pod),
            ("DELETE", "/v2/pods/{id}", self.delete_pod),
            ("POST", "/v2/pods/{id}/action", self.act),
            ("GET", "/v2/pods/{id}/logs", self.logs),
            *self._things("templates", "templates"),
            *self._things("network-volumes", "networkVolumes"),
            *self._things("serverless", "endpoints"),
            ("GET", "/v2/serverless/{id}/workers", self.workers),
            ("GET", "/v2/catalog/gpus", self.gpus),
            ("GET", "/v2/catalog/gpus/{id}", self.gpu),
            ("GET", "/v2/catalog/datacenters", self.data_centers),
            ("GET", "/v2/catalog/templates", self.public_templates),
            ("GET", "/v2/billing/pods", self.billing("pods")),
            ("GET", "/v2/billing/network-volumes", self.billing("network-volumes")),
            ("GET", "/v2/billing/serverless", self.billing("serverless")),
            ("POST", "/graphql", self.graphql),
        ]

    @contextlib.contextmanager
    def admit(self, request: Request, pattern: str | None) -> Iterator[None]:
        """A bearer token: the account's, or a pod's for itself alone; within the rate limits."""
        said = request.headers.get("authorization", "")
        if not said.startswith("Bearer "):
            raise problem(401, "missing bearer token")
        token = said.removeprefix("Bearer ").strip()
        if token != self.key:
            own = next((pod.id for pod in self.account.pods.values() if pod.key == token), None)
            if own is None:
                raise problem(401, "invalid bearer token")
            is_own = request.path == f"/v2/pods/{own}"
            if not is_own or request.method not in ("GET", "DELETE"):
                raise problem(403, "access denied")
        self._limit()
        try:
            yield
        except Refusal as refusal:
            refusal.reply.headers.update(self._limit_headers())
            raise

    def _limit(self) -> None:
        now = self.clock.now()
        struck = self.faults.strike("rate_limited")
        for name, window in self._windows.items():
            most = self.per_minute if name == "minute" and self.per_minute else window.most
            wait = window.wait_seconds(now, most)
            if struck is not None:
                wait = float(struck.get("seconds", 12))
            if wait > 0:
                refusal = problem(429, f"rate limit exceeded for the {name} window")
                headers = {**self._limit_headers(), "Retry-After": str(max(1, round(wait)))}
                refusal.reply.headers.update(headers)
                raise refusal
        for window in self._windows.values():
            window.take(now)

    def _limit_headers(self) -> dict[str, str]:
        now = self.clock.now()
        parts, policies = [], []
        for name, window in self._windows.items():
            waits = window.times[0] + window.seconds - now if window.times else window.seconds
            parts.append(f'"{name}";r={window.left};t={max(0, round(waits))}')
            policies.append(f'"{name}";q={window.most};w={window.seconds}')
        return {"RateLimit": ", ".join(parts), "RateLimit-Policy": ", ".join(policies)}

    def absent(self, request: Request, allowed: Sequence[str]) -> Reply:
        """404, or 405 with what is allowed."""
        if not allowed:
            return problem(404, "resource not found").reply
        reply = problem(405, "The requested method is not allowed for this path.").reply
        reply.headers["Allow"] = ", ".join(allowed)
        return reply

    def _ok(self, body: Any, status: int = 200) -> Reply:
        return Reply(status, body, headers=self._limit_headers())

    def ssh_keys(self, request: Request) -> Reply:
        """The account's public keys."""
        inventory = self.account.inventory
        if request.method == "PUT":
            inventory.replace_keys(_json(request))
        return self._ok({"keys": inventory.ssh_keys})

    def _pod(self, pod: Pod) -> dict[str, Any]:
        return self.account.document(pod, self.clock.now())

    def list_pods(self, request: Request) -> Reply:
        """All pods."""
        return self._ok({"pods": [self._pod(pod) for pod in self.account.pods.values()]})

    def create_pod(self, request: Request) -> Reply:
        """Rent one."""
        return self._ok(self._pod(self.account.create(_json(request), self.clock.now())), 201)

    def get_pod(self, request: Request, id: str) -> Reply:
        """One pod."""
        return self._ok(self._pod(self.account.pod(id)))

    def update_pod(self, request: Request, id: str) -> Reply:
        """Change it."""
        return self._ok(self._pod(self.account.update(id, _json(request), self.clock.now())))

    def delete_pod(self, request: Request, id: str) -> Reply:
        """Give it back."""
        self.account.delete(id, self.clock.now())
        return self._ok(None, 204)

    def act(self, request: Request, id: str) -> Reply:
        """A state transition."""
        pod = self.account.act(id, _json(request), self.clock.now())
        return self._ok(None, 204) if pod is None else self._ok(self._pod(pod))

    def logs(self, request: Request, id: str) -> Reply:
        """What the machine printed so far, as events; ends there, which the real one does not."""
        pod = self.account.pod(id)
        tail = min(int(request.query.get("tail", MOST_LINES)), MOST_LINES)
        seen = int(request.headers.get("last-event-id", 0))
        lines = self.hosts.processes.log(pod.id).splitlines()
        at = iso(self.clock.now())

        async def events() -> AsyncIterator[bytes]:
            for number, line in list(enumerate(lines, 1))[-tail:]:
                if number > seen:
                    told = json.dumps({"source": "container", "line": line, "ts": at})
                    yield f"id: {number}\ndata: {told}\n\n".encode()

        return Reply(200, events(), headers=self._limit_headers(), kind="text/event-stream")

    def _things(self, path: str, word: str) -> list[Route]:
        """The five routes of a kind of thing that is made, listed, changed and deleted."""
        inventory = self.account.inventory
        things = {
            "templates": inventory.templates,
            "network-volumes": inventory.volumes,
            "serverless": inventory.endpoints,
        }[path]
        name = word.removesuffix("s")

        def make(request: Request) -> Reply:
            body, now = _json(request), self.clock.now()
            if path == "templates":
                return self._ok(inventory.create_template(body), 201)
            if path == "network-volumes":
                return self._ok(inventory.create_volume(body, now), 201)
            made = inventory.create_endpoint(body, now, self.jobs_url)
            self._tell(str(made["id"]), made)
            return self._ok(made, 201)

        def change(request: Request, id: str) -> Reply:
            body, now = _json(request), self.clock.now()
            if path == "templates":
                return self._ok(inventory.update_template(id, body))
            if path == "network-volumes":
                return self._ok(inventory.update_volume(id, body, now))
            changed = inventory.update_endpoint(id, body)
            self._tell(id, changed)
            return self._ok(changed)

        def remove(request: Request, id: str) -> Reply:
            if path == "templates":
                inventory.delete_template(id)
            elif path == "network-volumes":
                inventory.delete_volume(id, self.clock.now())
            else:
                found(things, id, name)
                del things[id]
                self._tell(id, None)
            return self._ok(None, 204)

        return [
            ("GET", f"/v2/{path}", lambda request: self._ok({word: list(things.values())})),
            ("POST", f"/v2/{path}", make),
            ("GET", f"/v2/{path}/{{id}}", lambda request, id: self._ok(found(things, id, name))),
            ("PATCH", f"/v2/{path}/{{id}}", change),
            ("DELETE", f"/v2/{path}/{{id}}", remove),
        ]

    def _tell(self, id: str, endpoint: dict[str, Any] | None) -> None:
        if self.on_endpoint is not None:
            self.on_endpoint(id, endpoint)

    def workers(self, request: Request, id: str) -> Reply:
        """Workers of an endpoint: none, jobs are emulated elsewhere."""
        found(self.account.inventory.endpoints, id, "endpoint")
        return self._ok({"workers": []})

    def _availability(self, request: Request, id: str) -> str | None:
        is_wanted = request.query.get("include") == "AVAILABILITY"
        if is_wanted != ("product" in request.query):
            raise problem(400, "product is required with include=AVAILABILITY, and only with it")
        if not is_wanted:
            return None
        is_gone = any(
            one.name == "no_capacity" and one.times and one.options.get("gpu") in (None, id)
            for one in self.faults.armed
        )
        return "NONE" if is_gone else "HIGH"

    def gpus(self, request: Request) -> Reply:
        """The catalog."""
        types = catalog.GPUS.values()
        return self._ok(
            {"gpus": [catalog.shown(g, self._availability(request, g.id)) for g in types]}
        )

    def gpu(self, request: Request, id: str) -> Reply:
        """One GPU type."""
        if id not in catalog.GPUS:
            raise problem(404, "gpu type not found")
        return self._ok(catalog.shown(catalog.GPUS[id], self._availability(request, id)))

    def data_centers(self, request: Request) -> Reply:
        """Where things can be."""
        shown = [
            {
                "id": id,
                "name": name,
                "region": region,
                "globalNetwork": True,
                "networkVolumeTypes": ["STANDARD"],
                "compliance": [],
            }
            for id, (name, region) in catalog.DATA_CENTERS.items()
        ]
        return self._ok({"dataCenters": shown})

    def public_templates(self, request: Request) -> Reply:
        """Templates that were made public."""
        templates = self.account.inventory.templates.values()
        return self._ok({"templates": [one for one in templates if one["public"]]})

    def billing(self, kind: str) -> Answer:
        """History of one kind."""

        def answer(request: Request) -> Reply:
            bill = self.workers_bill if kind == "serverless" else self.bill
            return self._ok(billing.history(bill, kind, request.query, self.clock.now()))

        return answer

    def graphql(self, request: Request) -> Reply:
        """The balance, which REST v2 does not have; nothing else is answered."""
        query = str(_json(request).get("query", ""))
        if "myself" not in query or "{" not in query:
            return Reply(body={"errors": [{"message": "Cannot query this field here."}]})
        now = self.clock.now()
        known = {
            "id": "user_emulated",
            "email": "emulated@example.org",
            "clientBalance": round(self.account.balance(now), 6),
            "currentSpendPerHr": round(
                sum(pod.price_per_hour for pod in self.account.pods.values()), 4
            ),
            "spendLimit": self.spend_limit,
        }
        return Reply(body={"data": {"myself": {k: v for k, v in known.items() if k in query}}})

    def tick(self) -> None:
        """Pass the time and carry out what it brings."""
        if self._is_closed:
            return
        # First what requests have brought: a pod that was stopped must not show its old port.
        self._carry_out()
        now = self.clock.now()
        self.hosts.processes.exited()
        self.hosts.machines.tick(now)
        for machine in self.hosts.machines.living.values():
            if machine.port:
                self.account.reachable(machine.id, machine.port)
        self.account.pass_time(now)
        self._carry_out()

    def _carry_out(self) -> None:
        while self.account.effects:
            effect = self.account.effects.popleft()
            if isinstance(effect, StartMachine):
                if effect.pod_id in self.account.pods:
                    self.hosts.boot(self.account.pods[effect.pod_id], self.clock.now())
            elif isinstance(effect, EndMachine):
                self.hosts.end(effect)
            else:
                self.hosts.machines.change_host_key(effect.pod_id)

    def close(self) -> None:
        """End every pod and remove every folder."""
        self._is_closed = True
        self.hosts.close()


def _json(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        raise problem(400, "request body is not valid JSON") from None
