// The generated types against the running service: what compiles here is what an integrator writes.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const [, , baseUrl, clientId, username, password] = process.argv as string[];
const stranger = createClient<paths>({ baseUrl });
const loggedIn = await stranger.POST("/api/v1/auth/login", {
  body: { client_id: clientId!, username: username!, password: password! },
});
assert(loggedIn.data, JSON.stringify(loggedIn.error));
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${loggedIn.data.access_token}` } });

const made = await api.POST("/api/v1/products", {
  body: { sku: "TS-1", name: "Lamp", price: "19.90", opening_stock: { quantity: 2, unit_cost: "8.00" } },
  params: { header: { "Idempotency-Key": "typescript-1" } },
});
const product: components["schemas"]["Product"] | undefined = made.data;
assert(product, JSON.stringify(made.error));
assert.equal(product.price, "19.90");
assert.equal(made.response.status, 201);

const order = await api.POST("/api/v1/orders", { body: { lines: [{ product_id: product.id, quantity: 2 }] } });
assert.equal(order.data?.totals.grand_total, "39.80");

const short = await api.POST("/api/v1/orders", { body: { lines: [{ sku: "TS-1", quantity: 1 }] } });
assert.equal(short.response.status, 409);
assert.equal(short.error?.code, "insufficient_stock");

const page = await api.GET("/api/v1/orders", { params: { query: { limit: 1, status: "invoiced" } } });
assert.equal(page.data?.data[0]?.id, order.data?.id);

const changed = await api.PATCH("/api/v1/products/{id}", {
  params: { path: { id: product.id }, header: { "If-Match": "\"1\"" } },
  body: { name: "Desk lamp", barcode: null },
});
assert.equal(changed.data?.name, "Desk lamp");
console.log("typescript: done");
