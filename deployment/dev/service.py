"""The service itself: built, migrated, started."""

import contextlib
import json
import socket

from .caller import http
from .demo import DEMO_CLIENT, make_demo
from .image_model import image_model_if_possible
from .keys import database_url, forget_everything, has_data, kept_secrets, mock_erp_secrets, refuse_to_mix
from .output import fail, say
from .own_servers import check_own_servers, own_servers, set_up_own_servers
from .places import DATABASE, DEV, ROOT
from .processes import note, note_of, start_process, wait_until_ready
from .programs import clean_environment, run, run_through
from .servers import DEV_SETTINGS, fetch_servers, redis_url, start_servers


def service_environment(port):
    """The configuration of the running service. The owner's password is not in it: only migrations have that."""
    return {
        **clean_environment(),
        "DATABASE_URL": database_url("app"),
        "DATABASE_URL_WORKER": database_url("worker"),
        "DATABASE_URL_PLATFORM": database_url("platform"),
        "REDIS_URL": own_servers().get("redis") or redis_url("dev"),
        "LISTEN": f"127.0.0.1:{port}",
        **{f"RATE_{name}": "100000" for name in ("READS", "WRITES", "UPLOADS", "REPORTS", "LOG_INS", "LOG_INS_ADDRESS")},
        "JWT_KEYS": kept_secrets()["jwt_keys"],
        "MASTER_KEYS": kept_secrets()["master_keys"],
        "IMAGES_FOLDER": str(DEV / "images"),
        "OUTBOUND_ALLOW": "127.0.0.0/8,::1",  # receivers of webhooks on this machine, and the mock ERP
    }


def build(release):
    """Builds the service and answers where cargo put it: the target folder may be configured to be elsewhere."""
    say("Building (the first time takes some minutes)")
    code, messages = run_through(["cargo", "build", "--locked", "--workspace", "--bin", "countinghouse",
                                  "--message-format=json-render-diagnostics", *(["--release"] if release else [])],
                                 capture=True)
    if code:
        fail("the build failed (see above)")
    made = [json.loads(line) for line in messages.splitlines() if line.startswith("{")]
    return next(message["executable"] for message in made
                if message.get("executable") and message["target"]["name"] == "countinghouse")


def choose_port(asked):
    """The one asked for, or last time's, or 8080, or any that is free."""
    if asked and not is_free(asked):
        fail(f"port {asked} is not free")
    return first_free(asked, note_of("dev").get("port"), 8080)


def first_free(*ports):
    """Of these, or any."""
    likely = [port for port in (*ports, 0) if port is not None]
    return next(free for free in map(is_free, likely) if free)


def is_free(port):
    """The port if it can be listened on (0 stands for any); else None."""
    with contextlib.suppress(OSError, OverflowError), socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        return listener.getsockname()[1]
    return None


def start_service(release=False, port=None):
    """Brings up everything, and answers the demo's address and logins."""
    fetch_servers()
    port = choose_port(port)
    refuse_to_mix()
    if own_servers():
        check_own_servers()
    binary = build(release)
    if not has_data():
        forget_everything()  # nothing noted for an earlier one, deleted by hand, holds any more
    passwords = kept_secrets()["passwords"]
    if own_servers():
        set_up_own_servers()
    else:
        start_servers("dev", passwords, DATABASE, DEV_SETTINGS)
    environment = service_environment(port)
    model = image_model_if_possible()
    if model:
        environment["IMAGE_MODEL"] = str(model)
    say("Migrating")
    run([binary, "migrate"], cwd=ROOT, env={**environment, "DATABASE_URL_OWNER": database_url("owner")})
    say("Starting the API")
    url = f"http://127.0.0.1:{port}"
    start_process("dev", "api", [binary, "serve", "--with-worker"], cwd=ROOT, env=environment)
    wait_until_ready("dev", "api", lambda: http("GET", f"{url}/ready")[0] == 200, 60)
    demo = make_demo(url, start_mock_erp(binary, url), binary, environment)
    note("dev", url=url, port=port, ready=True)
    return demo


def start_mock_erp(binary, url):
    """An ERP for the demo client, and answers its address, which is last time's if it is free."""
    say("Starting the mock ERP")
    port = first_free(note_of("dev").get("mock_erp_port"), 8090)
    known = {f"MOCK_ERP_{name.upper()}": secret for name, secret in mock_erp_secrets().items()}
    start_process("dev", "mock-erp", [binary, "mock-erp", "--listen", f"127.0.0.1:{port}", "--callback-url",
                                      f"{url}/api/v1/erp/webhook/{DEMO_CLIENT['slug']}"],
                  cwd=ROOT, env={**clean_environment(), **known})
    mock_erp_url = f"http://127.0.0.1:{port}"
    wait_until_ready("dev", "mock-erp", lambda: http("GET", f"{mock_erp_url}/mock/faults")[0] == 200, 30)
    note("dev", mock_erp_port=port)
    return mock_erp_url


def verify_books(release):
    say("\nProving the books")
    environment = {**clean_environment(), "DATABASE_URL_OWNER": database_url("owner")}
    return run_through([build(release), "verify", "books"], environment)[0]
