"""Chromium in front, oidc-provider behind: a person logs in, calls, is asked again, logs out; several tabs at once."""
import os

from scene import equal, require

CHECK = "browser: Chromium logs in, calls from several tabs, steps up and logs out"
BROWSER_S = 100

CONTRACT = """openapi: 3.1.0
info: {title: Shop, version: "1"}
servers: [{url: /}]
security: [{browser: []}]
paths:
  /orders:
    get: {operationId: showOrders, responses: &page {"200": {description: ok, content: {text/html: {}}}}}
    post: {operationId: makeOrder, responses: &page {"200": {description: ok, content: {text/html: {}}}}}
  /count:
    get: {operationId: readCount, responses: {"200": {description: ok, content: {text/html: {}}}}}
    post: {operationId: count, responses: {"200": {description: ok, content: {text/html: {}}}}}
  /payment:
    get: {operationId: pay, x-caponier: {step_up: {max_age: 10s}}, responses: {"200": {description: ok, content: {text/html: {}}}}}
  /home:
    get: {operationId: home, security: [], x-caponier: {public: {reason: a page for everybody}}, responses: {"200": {description: ok, content: {text/html: {}}}}}
components:
  securitySchemes:
    browser: {type: apiKey, in: cookie, name: __Host-shop}
""".replace("&page ", "")

BACKEND = """
let count = 0;
const tokens = new Set();
const answer = (request, response) => {
  if (request.url === '/count' && request.method === 'POST') ++count;
  if (request.headers.authorization && !tokens.has(request.headers.authorization)) {
    tokens.add(request.headers.authorization);
    console.log('tokens ' + tokens.size);
  }
  if (request.headers.cookie) console.log('a cookie came');
  const body = request.url === '/count' ? String(count) : `<!doctype html><title>Shop</title>orders of ${request.headers['caponier-subject']}`;
  response.writeHead(200, {'Content-Type': 'text/html'}).end(body);
};
require('http').createServer(answer).listen(Number(process.argv[1]), '127.0.0.1');
"""


def logs_in(scene, here, modules):
    ports = {name: scene.port() for name in ("issuer", "backend", "gateway")}
    scene.release_ports()
    issuer, origin = f"http://127.0.0.1:{ports['issuer']}", f"https://localhost:{ports['gateway']}"
    scene.certificate("shop")
    scene.write("browser/openapi.yaml", CONTRACT)
    os.chmod(scene.write("browser/secret", "shop-secret-of-the-peers"), 0o600)
    scene.write("browser.yaml", f"""contract: browser/openapi.yaml
upstream: http://127.0.0.1:{ports['backend']}
state_dir: browser/state
listeners:
  - listen: https://127.0.0.1:{ports['gateway']}
    certificates: [{{certificate: shop.crt, key: shop.key}}]
hosts: [localhost, 127.0.0.1]
issuers:
  - issuer: "{issuer}"
    audiences: [shop]
    allow_internal_addresses: true
    client: {{id: shop, secret: "file://{scene.path('browser/secret')}"}}
security_schemes:
  browser:
    session: {{issuer: "{issuer}", origin: "{origin}", after_login: /home, after_logout: "{origin}/home"}}
""")
    backend = scene.start("browser-backend", ["node", "-e", BACKEND, str(ports["backend"])])
    scene.await_port(backend, ports["backend"])
    # Its back channel goes to a certificate that nobody signed.
    server = scene.start("login-server", ["node", f"{here}/login_server.mjs", str(ports["issuer"]), modules, origin], env={**os.environ, "NODE_TLS_REJECT_UNAUTHORIZED": "0"})
    scene.await_port(server, ports["issuer"])
    gateway = scene.start_gateway("browser-gateway", "browser.yaml")
    said = scene.run("node", f"{here}/browser.mjs", modules, origin, scene.path("profile"), seconds=BROWSER_S, ok=None)
    require("failed" not in said and said.count("ok ") == 7, said.strip()[-400:])
    require("refreshes " in scene.read("login-server.log"), "no token was renewed")
    seen = scene.read("browser-backend.log")
    require("tokens 2" in seen, "the backend saw no renewed token")
    require("a cookie came" not in seen, "a cookie went to the backend")
    equal(scene.end(gateway), 0, "the end of the gateway")
    log = scene.read("browser/state/decisions.ndjson")
    for secret in ("shop-secret-of-the-peers", "eyJ", "__Host"):
        require(secret not in log, f"the log has {secret}")


def run(checks, scene, here, modules):
    if not checks.wants(CHECK):
        return
    if not modules or not os.path.isdir(f"{modules}/node_modules/playwright-core"):
        print("skip  browser: npm has no registry here", flush=True)
        return
    checks.check(CHECK, logs_in, scene, here, modules)
