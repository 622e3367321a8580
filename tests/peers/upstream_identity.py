"""What upstreams are told of callers: verified by the very programs that docs/upstream-identity.md shows; and a token of a real authorization server by which an upstream is called."""
import base64
import json
import os
import re
import time
import urllib.request

from scene import equal, require

ISSUER, AUDIENCE = "https://gateway.internal", "https://items.internal"
LANGUAGES = {"Python": ("verify.py", ["/usr/bin/python3"]), "Node.js": ("verify.mjs", ["node"]), "Ruby": ("verify.rb", ["ruby"])}
CHECKS = tuple(f"identity tokens: verified in {language}" for language in LANGUAGES)
GRANT = "authorization server: an upstream is called by a token of the gateway's own"

CONTRACT = """openapi: 3.1.0
info: {title: Items, version: "1"}
servers: [{url: /}]
paths:
  /items:
    get:
      operationId: listItems
      security: [{login: []}]
      responses: {"200": {description: ok, content: {application/json: {schema: {type: object}}}}}
components:
  securitySchemes:
    login: {type: http, scheme: bearer}
"""

# Tells which credentials came with the request.
BACKEND = """
require('http').createServer((request, response) => response.writeHead(200, {'Content-Type': 'application/json'}).end(JSON.stringify(
  {identity: request.headers['caponier-identity'], authorization: request.headers.authorization}))).listen(Number(process.argv[1]), '127.0.0.1');
"""


def encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims_of(token):
    return json.loads(decode(token.split(".")[1]))


class UpstreamIdentity:
    def __init__(self, scene, here):
        self.scene = scene
        self.ports = {name: scene.port() for name in ("backend", "gateway")}
        scene.release_ports()
        page = open(os.path.join(here, "../../docs/upstream-identity.md")).read()
        for name, text in re.findall(r"^```\w+ file=(verify\.\w+)\n(.*?)^```$", page, re.S | re.M):
            scene.write(f"upstream-identity/{name}", text)
        scene.write("upstream-identity/openapi.yaml", CONTRACT)
        scene.write("upstream-identity.yaml", f"""contract: upstream-identity/openapi.yaml
upstream: {{url: "http://127.0.0.1:{self.ports['backend']}", identity_token: {{audience: "{AUDIENCE}"}}}}
identity_token: {{issuer: "{ISSUER}"}}
state_dir: upstream-identity/state
listeners: [{{listen: "http://127.0.0.1:{self.ports['gateway']}"}}]
hosts: [127.0.0.1]
""")
        backend = scene.start("told-backend", ["node", "-e", BACKEND, str(self.ports["backend"])])
        scene.await_port(backend, self.ports["backend"])
        gateway = scene.start("told-gateway", [scene.binary, "run", "--dev", "--config", "upstream-identity.yaml"])
        scene.await_port(gateway, self.ports["gateway"])
        self.url = f"http://127.0.0.1:{self.ports['gateway']}"

    def token(self):
        caller = self.scene.run(self.scene.binary, "token", "--subject", "alice", "--expires-in", "5m", "--state-dir", "upstream-identity/state").strip()
        request = urllib.request.Request(f"{self.url}/items", headers={"Authorization": f"Bearer {caller}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["identity"]

    def signed(self, claims, typ="caponier-identity+jwt"):
        """By the gateway's own key, which signs nothing of the kind by itself."""
        key = json.loads(self.scene.read("upstream-identity/state/identity-token-keys.json"))["keys"][0]
        self.scene.write("upstream-identity/key.pem", key["pem"])
        text = encode(json.dumps({"alg": "ES256", "typ": typ, "kid": key["kid"]}).encode()) + "." + encode(json.dumps(claims).encode())
        self.scene.write("upstream-identity/input", text)
        self.scene.run("openssl", "dgst", "-sha256", "-sign", "upstream-identity/key.pem", "-out", "upstream-identity/der", "upstream-identity/input")
        with open(self.scene.path("upstream-identity/der"), "rb") as f:
            der = f.read()
        r_size = der[3]
        r, s = der[4:4 + r_size], der[6 + r_size:]
        return text + "." + encode(b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (r, s)))

    def verify(self, language, token, accepted):
        name, command = LANGUAGES[language]
        arguments = [f"{self.url}/.well-known/jwks.json", ISSUER, AUDIENCE]
        out = self.scene.run(*command, f"upstream-identity/{name}", *arguments, input=token, ok=(0,) if accepted else (1,))
        require(accepted or out == "", f"{language} says something about what it refuses: {out}")
        return out

    def holds(self, language):
        token = self.token()
        told = json.loads(self.verify(language, token, True))
        equal(told, claims_of(token), "what was told")
        equal((told["sub"], told["operation"], told["aud"]), ("alice", "listItems", AUDIENCE), "who calls what")
        now = int(time.time())
        good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": now, "exp": now + 60}
        self.verify(language, self.signed(good), True)
        head, payload, signature = token.split(".")
        other = encode(json.dumps({**claims_of(token), "sub": "mallory"}).encode())
        none = encode(b'{"alg":"none","typ":"caponier-identity+jwt"}')
        for what, wrong in (("changed", f"{head}.{other}.{signature}"), ("unsigned", f"{none}.{payload}."), ("no token", "nothing"),
                            ("expired", self.signed({**good, "iat": now - 120, "exp": now - 60})), ("without an end", self.signed({k: v for k, v in good.items() if k != "exp"})),
                            ("of another audience", self.signed({**good, "aud": "https://other.internal"})), ("of another issuer", self.signed({**good, "iss": "https://other.internal"})),
                            ("of another kind", self.signed(good, "at+jwt")), ("of nobody", self.signed({k: v for k, v in good.items() if k != "sub"}))):
            try:
                self.verify(language, wrong, False)
            except Exception as error:
                raise type(error)(f"a token {what}: {error}") from None


def run(checks, scene, here):
    if not any(checks.wants(name) for name in CHECKS):
        return
    told = UpstreamIdentity(scene, here)
    for name, language in zip(CHECKS, LANGUAGES):
        checks.check(name, told.holds, language)


def granted(identity):
    """`identity`: the checks of the authorization server, whose server is there."""
    scene = identity.scene
    ports = {name: scene.port() for name in ("backend", "gateway")}
    scene.release_ports()
    scene.write("grant/secret", "orders-app-secret\n")
    os.chmod(scene.path("grant/secret"), 0o600)
    scene.write("grant/openapi.yaml", CONTRACT.replace("security: [{login: []}]", "security: []\n      x-caponier: {public: {reason: test}}"))
    scene.write("grant.yaml", f"""contract: grant/openapi.yaml
upstream:
  url: http://127.0.0.1:{ports['backend']}
  token: {{issuer: "{identity.issuer}", scope: ["orders:read"], resource: "https://orders.example.com"}}
issuers:
  - issuer: {identity.issuer}
    client: {{id: orders-app, secret: "file://{scene.path('grant/secret')}"}}
    audiences: ["https://orders.example.com"]
    allow_internal_addresses: true
state_dir: grant/state
listeners: [{{listen: "http://127.0.0.1:{ports['gateway']}"}}]
hosts: [127.0.0.1]
""")
    backend = scene.start("grant-backend", ["node", "-e", BACKEND, str(ports["backend"])])
    scene.await_port(backend, ports["backend"])
    gateway = scene.start_gateway("grant-gateway", "grant.yaml")
    seen = set()
    for _ in range(3):
        request = urllib.request.Request(f"http://127.0.0.1:{ports['gateway']}/items")
        with urllib.request.urlopen(request, timeout=10) as answer:
            seen.add(json.load(answer)["authorization"])
    equal(len(seen), 1, "tokens that the upstream saw")
    claims = claims_of(seen.pop().removeprefix("Bearer "))
    equal((claims["iss"], claims["client_id"], claims["aud"], claims["scope"]),
          (identity.issuer, "orders-app", "https://orders.example.com", "orders:read"), "what the token grants")
    equal(scene.end(gateway), 0, "the end of the gateway")
