REVOKE EXECUTE ON FUNCTION folded_through(bigint), account_days(uuid, date, date), product_sales(uuid, date, date)
    FROM countinghouse_platform;
REVOKE SELECT (created_at, expires_at) ON sessions FROM countinghouse_platform;
REVOKE SELECT (tenant_id, kind, created_at) ON session_events FROM countinghouse_platform;
REVOKE SELECT (tenant_id, return_id, order_line_id, quantity) ON return_lines FROM countinghouse_platform;
REVOKE SELECT (tenant_id, id, created_at) ON returns FROM countinghouse_platform;
REVOKE SELECT (tenant_id, kind, amount_minor, received_at) ON payments FROM countinghouse_platform;
REVOKE SELECT (tenant_id, order_id, id, product_id, discount_pct) ON order_lines FROM countinghouse_platform;
REVOKE SELECT (tenant_id, id, ordered_at, cancelled_at, subtotal_minor, discount_minor, shipping_minor) ON orders
    FROM countinghouse_platform;
REVOKE SELECT (tenant_id, id, product_id, kind, quantity, value_minor, created_at) ON stock_movements
    FROM countinghouse_platform;
REVOKE SELECT (tenant_id, product_id, on_hand, value_minor) ON stock FROM countinghouse_platform;
REVOKE SELECT (tenant_id, id, sku, name, active, low_stock_threshold) ON products FROM countinghouse_platform;
REVOKE SELECT (tenant_id, kind, number, date, goods) ON invoices FROM countinghouse_platform;
REVOKE SELECT (tenant_id, entry_number, account, date, amount_minor) ON journal_lines FROM countinghouse_platform;
REVOKE SELECT (tenant_id, number, created_at) ON journal_entries FROM countinghouse_platform;
REVOKE SELECT ON account_daily_totals, journal_counters, invoice_counters, product_daily_sales FROM countinghouse_platform;
DROP POLICY platform_all ON return_lines;
DROP POLICY platform_all ON returns;
DROP POLICY platform_all ON payments;
DROP POLICY platform_all ON order_lines;
DROP POLICY platform_all ON orders;
DROP POLICY platform_all ON stock_movements;
DROP POLICY platform_all ON stock;
DROP POLICY platform_all ON products;
DROP POLICY platform_all ON product_daily_sales;
DROP POLICY platform_all ON invoices;
DROP POLICY platform_all ON invoice_counters;
DROP POLICY platform_all ON journal_lines;
DROP POLICY platform_all ON journal_entries;
DROP POLICY platform_all ON journal_counters;
DROP POLICY platform_all ON account_daily_totals;
