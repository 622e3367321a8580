"""A real authorization server: its tokens, the rotation of its keys, its going away and coming back."""
import base64
import json
import os
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import upstream_identity
from scene import Failed, equal, metric, require

AUDIENCE = "https://orders.example.com"
ROTATION_S = 20  # an unknown key is asked for once in ten seconds

CONTRACT = """openapi: 3.1.0
info: {title: Orders, version: "1"}
servers: [{url: /}]
paths:
  /orders:
    get:
      operationId: listOrders
      security: [{login: ["orders:read"]}]
      responses: {"200": {description: ok, content: {application/json: {schema: {type: array, items: {type: string}}}}}}
    post:
      operationId: cancelOrders
      security: [{login: ["orders:write"]}]
      responses: {"200": {description: ok, content: {application/json: {schema: {type: array, items: {type: string}}}}}}
components:
  securitySchemes:
    login: {type: openIdConnect, openIdConnectUrl: "%s/.well-known/openid-configuration"}
"""

BACKEND = """
const answer = (request, response) => response.writeHead(200, {'Content-Type': 'application/json'}).end('["first"]');
require('http').createServer(answer).listen(Number(process.argv[1]), '127.0.0.1');
"""

CHECKS = (
    "authorization server: its access tokens are accepted for what they grant",
    "authorization server: what is not an access token of its for this API is refused",
    upstream_identity.GRANT,
    "authorization server: a new key is found, and an old one that is gone is refused",
    "authorization server: it goes away, tokens go on, also over a restart of the gateway",
    "authorization server: it comes back with other keys, and those alone count",
)


class Identity:
    def __init__(self, scene, here, modules):
        self.scene, self.here, self.modules = scene, here, modules
        self.ports = {name: scene.port() for name in ("issuer", "backend", "gateway", "admin")}
        scene.release_ports()
        self.issuer = f"http://127.0.0.1:{self.ports['issuer']}"
        self.old = []
        scene.write("identity/openapi.yaml", CONTRACT % self.issuer)
        # Two lines make the document's security real; the rest is where it runs.
        scene.write("identity.yaml", f"""contract: identity/openapi.yaml
upstream: http://127.0.0.1:{self.ports['backend']}
state_dir: identity/state
listeners:
  - {{listen: "http://127.0.0.1:{self.ports['gateway']}"}}
  - {{listen: "http://127.0.0.1:{self.ports['admin']}", surface: admin}}
hosts: [127.0.0.1]
limits: {{connections: {{failed_authentications_per_address_burst: 1000, failed_authentications_per_identity_burst: 1000}}}}
issuers:
  - {{issuer: "{self.issuer}", audiences: ["{AUDIENCE}"], allow_internal_addresses: true}}
""")
        backend = scene.start("identity-backend", ["node", "-e", BACKEND, str(self.ports["backend"])])
        scene.await_port(backend, self.ports["backend"])
        self.start_issuer()
        self.gateway = scene.start_gateway("identity-gateway", "identity.yaml")

    def start_issuer(self):
        command = ["node", f"{self.here}/authorization_server.mjs", str(self.ports["issuer"]), self.modules]
        with open(self.scene.path("issuer.log"), "wb") as log:
            self.server = subprocess.Popen(command, cwd=self.scene.folder, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT)
        self.server.peer_name = "issuer"
        self.scene.processes.append(self.server)
        self.scene.await_port(self.server, self.ports["issuer"])

    def rotate(self):
        before = self.scene.read("issuer.log").count("keys ")
        self.server.stdin.write(b"rotate\n")
        self.server.stdin.flush()
        self.eventually(lambda: self.scene.read("issuer.log").count("keys ") > before, "the server has no new key")

    def token(self, scope, audience=AUDIENCE):
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": scope, "resource": audience})
        secret = base64.b64encode(b"orders-app:orders-app-secret").decode()
        request = urllib.request.Request(f"{self.issuer}/token", form.encode(), {"Authorization": f"Basic {secret}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)["access_token"]
        except urllib.error.HTTPError as error:
            raise Failed(f"no token: {error.read()[:300]!r}") from None

    def status(self, token, method="GET"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports['gateway']}/orders", method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['admin']}/metrics", timeout=10) as answer:
            return answer.read().decode()

    def log(self):
        return self.scene.read("identity/state/decisions.ndjson")

    @staticmethod
    def eventually(holds, what, seconds=ROTATION_S):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if holds():
                return
            time.sleep(0.2)
        raise Failed(what)

    def accepts(self):
        reads = self.token("orders:read")
        header = json.loads(base64.urlsafe_b64decode(reads.split(".")[0] + "=="))
        equal(header["typ"], "at+jwt", "the type of its tokens")
        equal(self.status(reads), 200, "a token that may read")
        equal(self.status(reads, "POST"), 403, "a token that may not write")
        equal(self.status(self.token("orders:read orders:write"), "POST"), 200, "a token that may write")
        equal(metric(self.metrics(), "caponier_issuer_keys"), 2.0, "keys of the issuer")

    def refuses(self):
        token = self.token("orders:read")
        header, payload, signature = token.split(".")
        equal(self.status(None), 401, "no token")
        equal(self.status(self.token("orders:read", "https://invoices.example.com")), 401, "a token for another API")
        equal(self.status(f"{header}.{payload}.{signature[:-4]}AAAA"), 401, "another signature")
        none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
        equal(self.status(f"{none}.{payload}."), 401, "no signature")
        equal(self.status("opaque-token-of-somebody"), 401, "an opaque token")
        for reason in ("credential-missing", "token-wrong-audience", "token-bad-signature", "token-algorithm", "credential-malformed"):
            self.eventually(lambda: f'"reason":"{reason}"' in self.log(), f"the log does not tell {reason}")
        require(signature not in self.log(), "the log has a signature")

    def rotation(self):
        old = self.token("orders:read")
        self.rotate()
        fresh = self.token("orders:read")
        equal(self.status(old), 200, "a token of the key before, which is still published")
        self.eventually(lambda: self.status(fresh) == 200, "a token of the new key is not accepted")
        equal(self.status(old), 200, "a token of the key before, after the new one was fetched")
        self.rotate()
        newest = self.token("orders:read")
        self.eventually(lambda: self.status(newest) == 200, "a token of the newest key is not accepted")
        equal(self.status(old), 401, "a token of a key that is gone, known as it is")
        equal(self.status(fresh), 200, "a token of the key before the newest")

    def away(self):
        self.old = [self.token("orders:read"), self.token("orders:read")]
        self.scene.end(self.server)
        equal(self.status(self.old[0]), 200, "a token while its server is away")
        equal(self.scene.end(self.gateway), 0, "the end of the gateway")
        self.gateway = self.scene.start_gateway("identity-again", "identity.yaml")
        equal(self.status(self.old[1]), 200, "a token after a restart, while its server is away")
        self.eventually(lambda: metric(self.metrics(), "caponier_issuer_fetch_failures_total") > 0, "no failure is counted")

    def back(self):
        self.start_issuer()
        token = self.token("orders:read")
        self.eventually(lambda: self.status(token) == 200, "a token of the server that came back is not accepted")
        for old in self.old:
            equal(self.status(old), 401, "a token of keys that are gone")
        equal(self.scene.end(self.gateway), 0, "the end of the gateway")


def run(checks, scene, here, modules):
    if not any(checks.wants(name) for name in CHECKS):
        return
    if not modules or not os.path.isdir(f"{modules}/node_modules/oidc-provider"):
        print("skip  authorization server: npm has no registry here", flush=True)
        return
    identity = Identity(scene, here, modules)
    for name, function in zip(CHECKS, (identity.accepts, identity.refuses, lambda: upstream_identity.granted(identity), identity.rotation, identity.away, identity.back)):
        checks.check(name, function)
