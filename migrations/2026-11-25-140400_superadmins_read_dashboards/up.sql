-- Superadmins look at clients' dashboards, of one and of all: amounts, counts, SKUs and names of products. They
-- see nothing of customers, no address, and no text that a client wrote but those.

CREATE POLICY platform_all ON account_daily_totals FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON journal_counters FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON journal_entries FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON journal_lines FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON invoice_counters FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON invoices FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON product_daily_sales FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON products FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON stock FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON stock_movements FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON orders FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON order_lines FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON payments FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON returns FOR SELECT TO countinghouse_platform USING (true);
CREATE POLICY platform_all ON return_lines FOR SELECT TO countinghouse_platform USING (true);
GRANT SELECT ON account_daily_totals, journal_counters, invoice_counters, product_daily_sales TO countinghouse_platform;
GRANT SELECT (tenant_id, number, created_at) ON journal_entries TO countinghouse_platform;
GRANT SELECT (tenant_id, entry_number, account, date, amount_minor) ON journal_lines TO countinghouse_platform;
GRANT SELECT (tenant_id, kind, number, date, goods) ON invoices TO countinghouse_platform;
GRANT SELECT (tenant_id, id, sku, name, active, low_stock_threshold) ON products TO countinghouse_platform;
GRANT SELECT (tenant_id, product_id, on_hand, value_minor) ON stock TO countinghouse_platform;
GRANT SELECT (tenant_id, id, product_id, kind, quantity, value_minor, created_at) ON stock_movements
    TO countinghouse_platform;
GRANT SELECT (tenant_id, id, ordered_at, cancelled_at, subtotal_minor, discount_minor, shipping_minor) ON orders
    TO countinghouse_platform;
GRANT SELECT (tenant_id, order_id, id, product_id, discount_pct) ON order_lines TO countinghouse_platform;
GRANT SELECT (tenant_id, kind, amount_minor, received_at) ON payments TO countinghouse_platform;
GRANT SELECT (tenant_id, id, created_at) ON returns TO countinghouse_platform;
GRANT SELECT (tenant_id, return_id, order_line_id, quantity) ON return_lines TO countinghouse_platform;
GRANT SELECT (tenant_id, kind, created_at) ON session_events TO countinghouse_platform;
GRANT SELECT (created_at, expires_at) ON sessions TO countinghouse_platform;
GRANT EXECUTE ON FUNCTION folded_through(bigint), account_days(uuid, date, date), product_sales(uuid, date, date)
    TO countinghouse_platform;
