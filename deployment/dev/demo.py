"""The demo client: made once, through the API."""

import base64
import hmac
import json
import secrets
import struct
import subprocess
import time

from .caller import expect, http
from .keys import mock_erp_secrets
from .output import fail, say
from .places import DEMO, read_json, ROOT, UNFINISHED_DEMO, write_json

DEMO_CLIENT = {"slug": "demo", "name": "Demo Store", "currency": "EUR", "time_zone": "Europe/Berlin"}
DEMO_PRODUCTS = [  # sku, name, price, opening stock, unit cost
    ("MUG-WHITE", "Coffee mug, white, 300 ml", "9.90", 120, "3.10"),
    ("MUG-BLACK", "Coffee mug, black, 300 ml", "9.90", 80, "3.25"),
    ("POT-1L", "Teapot, stoneware, 1 l", "34.50", 25, "14.80"),
    ("KETTLE-17", "Electric kettle, steel, 1.7 l", "49.00", 18, "27.40"),
    ("TOWEL-LINEN", "Tea towel, linen, 50 × 70 cm", "12.95", 60, "4.75"),
    ("BEANS-1KG", "Espresso beans, 1 kg", "21.80", 40, "11.20"),
]


def make_demo(url, mock_erp_url, binary, environment):
    """Makes the superadmin, a client, its products and its link to the mock ERP, and answers their logins with the
    addresses.

    It may be interrupted at any step and goes on there next time: what is chosen is written down before it
    is used, "already there" is an answer like any other, and demo.json appears when all is done.
    """
    if DEMO.exists():
        demo = {**read_json(DEMO), "base_url": url}
        if demo.get("mock_erp_url") != mock_erp_url:
            link_erp(url, demo, mock_erp_url)
        write_json(DEMO, demo)
        return demo
    say("Making the demo client")
    demo = {**read_json(UNFINISHED_DEMO), "base_url": url}
    if "superadmin" not in demo:
        demo["superadmin"] = make_superadmin(binary, environment)
        write_json(UNFINISHED_DEMO, demo)
    if "client" not in demo:
        demo["client"] = {"client_id": DEMO_CLIENT["slug"], "username": "owner", "password": secrets.token_urlsafe(12)}
        write_json(UNFINISHED_DEMO, demo)
    make_client(url, demo)
    make_products(url, demo["client"])
    link_erp(url, demo, mock_erp_url)
    write_json(DEMO, demo)
    UNFINISHED_DEMO.unlink(missing_ok=True)
    return demo


def make_superadmin(binary, environment):
    """The secret for one-time codes is told only once. If a run died between that moment and the writing down,
    nobody can use the name any more; then the superadmin gets another one."""
    password = secrets.token_urlsafe(12)
    for username in ("superadmin", f"superadmin-{secrets.token_hex(2)}"):
        made = subprocess.run(
            [binary, "admin", "create-superadmin", "--username", username, "--password-stdin", "--json"],
            input=password + "\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
        if made.returncode == 0:
            return {"username": username, "password": password, "totp_secret": json.loads(made.stdout)["totp_secret"]}
    fail(f"the superadmin could not be made:\n{made.stderr or made.stdout}")


def make_client(url, demo):
    owner = {name: demo["client"][name] for name in ("username", "password")}
    token = log_in_superadmin(url, demo["superadmin"])
    expect((201, 409), "POST", f"{url}/api/v1/admin/tenants", {"client": DEMO_CLIENT, "owner": owner}, token)


def log_in_superadmin(url, superadmin):
    """A code works once. The one of the last half minute is still good, and using it leaves the present one to
    whoever logs in next; the others are for a run that follows right after an interrupted one."""
    login = {name: superadmin[name] for name in ("username", "password")}
    for step in (-1, 0, 1):
        code = totp(superadmin["totp_secret"], step)
        status, answer = http("POST", f"{url}/api/v1/admin/auth/login", {**login, "totp_code": code})
        if status == 200:
            return answer["access_token"]
    fail(f"the superadmin could not log in: {status} {answer}")


def totp(secret, step=0):
    """RFC 6238 with the usual choices: SHA-1, 6 digits, 30 seconds. `step` counts half minutes from now."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + step), "sha1").digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def make_products(url, client):
    token = expect((200,), "POST", f"{url}/api/v1/auth/login", client)["access_token"]
    for sku, name, price, quantity, unit_cost in DEMO_PRODUCTS:
        product = {"sku": sku, "name": name, "price": price, "tax_rate": "19.00",
                   "opening_stock": {"quantity": quantity, "unit_cost": unit_cost}}
        expect((201, 409), "POST", f"{url}/api/v1/products", product, token)


def link_erp(url, demo, mock_erp_url):
    """Points the demo client at the mock ERP, unless somebody has pointed it elsewhere. Waits between attempts are
    short, for whoever tries faults out."""
    status, answer = http("POST", f"{url}/api/v1/auth/login", demo["client"])
    if status != 200:
        say(f"The mock ERP is at {mock_erp_url} now, and the demo client's link is left as it is: its owner has a "
            "password or a second factor of their own by now (PUT /api/v1/erp/config sets it).")
        return
    token, earlier = answer["access_token"], demo.get("mock_erp_url")
    if expect((200,), "GET", f"{url}/api/v1/erp/config", None, token)["base_url"] in (None, earlier):
        link = {"enabled": True, "base_url": mock_erp_url, "base_delay_seconds": 2, **mock_erp_secrets()}
        expect((200,), "PUT", f"{url}/api/v1/erp/config", link, token)
    demo["mock_erp_url"] = mock_erp_url


def welcome(demo):
    url, client, superadmin = demo["base_url"], demo["client"], demo["superadmin"]
    order = {"lines": [{"sku": DEMO_PRODUCTS[0][0], "quantity": 1}]}
    as_json = "-H 'Content-Type: application/json'"
    token_of = """python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'"""
    return f"""
Countinghouse runs at {url}

    client      {client['client_id']}, user {client['username']}, password {client['password']}
    superadmin  {superadmin['username']}, password {superadmin['password']}, TOTP secret {superadmin['totp_secret']}
                (`./dev totp` prints the present one-time code)
    mock ERP    {demo.get('mock_erp_url', 'not linked')}, where the demo client's orders arrive

The same is in .dev/demo.json for scripts. The API's log is .dev/log/api.log. To try it, paste:

TOKEN=$(curl -sS {url}/api/v1/auth/login {as_json} -d '{json.dumps(client)}' | {token_of})
curl -sS {url}/api/v1/products -H "Authorization: Bearer $TOKEN"
curl -sS {url}/api/v1/orders -H "Authorization: Bearer $TOKEN" {as_json} -d '{json.dumps(order)}'
"""
