"""The generated Python client against the running service: what an integrator writes."""

import importlib
import pkgutil
import sys

import countinghouse_client
from countinghouse_client import AuthenticatedClient, Client
from countinghouse_client.api.auth import post_auth_login
from countinghouse_client.api.orders import get_orders, post_orders
from countinghouse_client.api.products import post_products
from countinghouse_client.models import Login, NewOrder, NewOrderLine, NewProduct, OpeningStock, Problem

base_url, client_id, username, password = sys.argv[1:]

for module in pkgutil.walk_packages(countinghouse_client.__path__, "countinghouse_client."):
    importlib.import_module(module.name)

login = Login(client_id=client_id, username=username, password=password)
logged_in = post_auth_login.sync(client=Client(base_url=base_url), body=login)
api = AuthenticatedClient(base_url=base_url, token=logged_in.access_token)

stock = OpeningStock(quantity=2, unit_cost="8.00")
product = post_products.sync(client=api, body=NewProduct(sku="PY-1", name="Lamp", price="19.90", opening_stock=stock),
                             idempotency_key="python-1")
assert product.price == "19.90", product

order = post_orders.sync(client=api, body=NewOrder(lines=[NewOrderLine(product_id=product.id, quantity=2)]))
assert order.totals.grand_total == "39.80", order

short = post_orders.sync_detailed(client=api, body=NewOrder(lines=[NewOrderLine(sku="PY-1", quantity=1)]))
assert short.status_code == 409 and isinstance(short.parsed, Problem), short
assert short.parsed.code == "insufficient_stock", short.parsed

page = get_orders.sync(client=api, limit=1)
assert page.data[0].id == order.id, page
print("python: done")
