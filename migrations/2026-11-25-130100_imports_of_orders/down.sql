REVOKE SELECT, INSERT, UPDATE (last_number) ON invoice_counters FROM countinghouse_worker;
REVOKE SELECT, INSERT ON orders, order_lines, invoices FROM countinghouse_worker;
REVOKE SELECT, INSERT, UPDATE ON order_counters FROM countinghouse_worker;
