"""The real servers behind the gateway, each as a static server and as a proxy to the Node API, and the gateway's own files."""
import os

# name: whether the gateway speaks TLS to it
BACKENDS = {"node": False, "nginx": False, "nginx-tls": True, "haproxy": False, "haproxy-tls": True, "caddy": False, "caddy-tls": True, "apache": False}
FILE_BYTES = 3_000_000

NGINX = """daemon off; pid nginx.pid; error_log nginx-errors.log; worker_processes 2; user root;
events {{ worker_connections 1024; }}
http {{
  log_format connections '$connection $connection_requests $status $uri';
  access_log nginx-access.log connections;
  client_body_temp_path nginx-body; proxy_temp_path nginx-proxy; fastcgi_temp_path nginx-f; uwsgi_temp_path nginx-u; scgi_temp_path nginx-s;
  client_max_body_size 0; keepalive_requests 100000;
  upstream api {{ server 127.0.0.1:{node}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{nginx} backlog=4096; listen 127.0.0.1:{nginx-tls} ssl;
    ssl_certificate api.crt; ssl_certificate_key api.key; ssl_protocols TLSv1.2 TLSv1.3;
    root {folder}/static; default_type application/octet-stream;
    location = /file {{ }}
    location = /hello {{ default_type text/plain; return 200 "hello"; }}
    location / {{ proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; proxy_buffering off; }}
  }}
}}
"""
HAPROXY = """global
  maxconn 2000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend plain
  bind 127.0.0.1:{haproxy}
  bind 127.0.0.1:{haproxy-tls} ssl crt {folder}/api.pem
  default_backend api
backend api
  server node 127.0.0.1:{node}
"""
CADDY = """{{
  admin off
  auto_https off
  storage file_system {folder}/caddy
  default_bind 127.0.0.1
}}
(api) {{
  root * {folder}/static
  handle /file {{
    header Content-Type application/octet-stream
    file_server
  }}
  handle {{
    reverse_proxy 127.0.0.1:{node} {{
      flush_interval -1
    }}
  }}
}}
http://127.0.0.1:{caddy} {{
  import api
}}
https://127.0.0.1:{caddy-tls} {{
  tls {folder}/api.crt {folder}/api.key
  import api
}}
"""
APACHE = """ServerRoot {folder}
ServerName localhost
PidFile apache.pid
User www-data
Listen 127.0.0.1:{apache}
ErrorLog apache-errors.log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
TypesConfig /dev/null
DocumentRoot {folder}/static
KeepAlive On
MaxKeepAliveRequests 0
<Location />
  Require all granted
</Location>
<Files file>
  ForceType application/octet-stream
</Files>
ProxyPass /file !
ProxyPass / http://127.0.0.1:{node}/ flushpackets=on
"""


def operation(name, media, extra="", status=200):
    return (f"      operationId: {name}\n      security: []\n"
            f"      x-caponier: {{public: {{reason: real peers}}, rate_limit: {{per_address: 1000000/s}}{extra}}}\n"
            f"      responses: {{\"{status}\": {{description: ok{f', content: {{{media}: {{}}}}' if media else ''}}}}}\n")


def contract():
    """Every path once for each backend, in a folder of its name."""
    out = ["openapi: 3.1.0\ninfo: {title: Peers, version: \"1\"}\nservers: [{url: /}]\npaths:\n"]
    for name in [*BACKENDS, "pair"]:
        goes = f", upstream: {{name: {name}, rewrite: {{prefix: /{name}, with: /}}}}"
        for path in ("hello", "pieces", "endless", "trailers", "hints"):
            out.append(f"  /{name}/{path}:\n    get:\n" + operation(f"{path}-{name}", "text/plain", goes + ", response: stream"))
        out.append(f"  /{name}/file:\n")
        for method in ("get", "head"):
            out.append(f"    {method}:\n" + operation(f"{method}-file-{name}", "application/octet-stream", goes))
        out.append(f"  /{name}/hash:\n    put:\n      requestBody: {{content: {{application/octet-stream: {{}}}}}}\n" +
                   operation(f"hash-{name}", "application/json", goes + ", body_bytes_max: 64MiB"))
    for name in ("node", "ws", "nginx", "haproxy"):
        goes = f", upstream: {{name: {name}, rewrite: {{prefix: /feed, with: /}}}}"
        out.append(f"  /feed/{name}:\n    get:\n" + operation(f"feed-{name}", "", goes, status=101))
    return "".join(out)


def config(ports, extra=""):
    url = lambda name, tls: f"{'https' if tls else 'http'}://127.0.0.1:{ports[name]}"
    lines = ["contract: api.yaml", "state_dir: state", "workers: 2", f"upstream: {url('node', False)}", "listeners:",
             f"  - {{name: plain, listen: \"http://127.0.0.1:{ports['plain']}\"}}",
             f"  - {{name: tls, listen: \"https://127.0.0.1:{ports['tls']}\", certificate: gateway.crt, key: gateway.key}}",
             f"  - {{name: admin, listen: \"http://127.0.0.1:{ports['admin']}\", surface: admin}}", "upstreams:"]
    for name, tls in BACKENDS.items():
        lines.append(f"  {name}: {{url: \"{url(name, tls)}\"{', ca_file: api.crt' if tls else ''}, retries: {{idempotent: true}}}}")
    lines.append(f"  ws: {{url: \"{url('ws', False)}\"}}")
    lines.append(f"  pair: {{endpoints: [\"{url('first', False)}\", \"{url('second', False)}\"], ejection: {{failures: 2, base: 1s}}, retries: {{idempotent: true}}}}")
    lines.append("timeouts: {head: 2s, body_progress: 2s, write_progress: 2s, drain: 5s}")
    lines.append("limits: {http: {interim_answers_max: 4}, connections: {requests_per_address_per_second: 10000000, requests_per_address_burst: 10000000, "
                 "per_address_max: 1000, new_per_address_per_second: 100000, new_per_address_burst: 100000}}")
    return "\n".join(lines) + "\n" + extra


def prepare(scene):
    """Files of all; the ports by name."""
    names = [*BACKENDS, "ws", "first", "second", "plain", "tls", "admin"]
    ports = {name: scene.port() for name in names}
    scene.certificate("api")
    scene.certificate("gateway")
    scene.write("static/file", os.urandom(FILE_BYTES), "wb")
    os.chmod(scene.folder, 0o755)  # Apache's children are somebody else
    values = {**ports, "folder": scene.folder}
    for name, text in (("nginx.conf", NGINX), ("haproxy.cfg", HAPROXY), ("Caddyfile", CADDY), ("apache.conf", APACHE)):
        scene.write(name, text.format(**values))
    for name in ("first", "second"):
        lonely = NGINX.replace("listen 127.0.0.1:{nginx-tls} ssl;", "").replace("ssl_certificate api.crt; ssl_certificate_key api.key; ssl_protocols TLSv1.2 TLSv1.3;", "")
        lonely = lonely.replace("nginx-", f"{name}-").replace("nginx.pid", f"{name}.pid").replace("worker_processes 2; user root;", "worker_processes 1; user root; master_process off;")
        scene.write(f"{name}.conf", lonely.replace("{nginx}", "{" + name + "}").format(**values))
    scene.write("api.yaml", contract())
    scene.write("caponier.yaml", config(ports))
    os.makedirs(scene.path("state"), mode=0o700)
    scene.release_ports()
    return ports


def start(scene, ports, here, modules):
    """Starts them all; the processes by name."""
    nginx = lambda name: ["/usr/sbin/nginx", "-p", scene.folder, "-c", scene.path(f"{name}.conf")]
    home = {**os.environ, "HOME": scene.folder, "XDG_DATA_HOME": scene.folder, "XDG_CONFIG_HOME": scene.folder}
    commands = {"node": ["node", f"{here}/node.mjs", str(ports["node"]), scene.path("static/file")],
                "nginx": nginx("nginx"), "first": nginx("first"), "second": nginx("second"),
                "haproxy": ["/usr/sbin/haproxy", "-db", "-f", scene.path("haproxy.cfg")],
                "caddy": ["caddy", "run", "--config", scene.path("Caddyfile"), "--adapter", "caddyfile"],
                "apache": ["/usr/sbin/apache2", "-f", scene.path("apache.conf"), "-DFOREGROUND"]}
    if modules:
        commands["ws"] = ["node", f"{here}/node.mjs", str(ports["ws"]), scene.path("static/file"), modules]
    peers = {name: scene.start(name, command, env=home) for name, command in commands.items()}
    for name, process in peers.items():
        scene.await_port(process, ports[name])
    return peers
