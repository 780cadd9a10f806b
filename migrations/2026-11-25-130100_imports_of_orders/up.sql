-- Past orders are brought in by a job, too.
GRANT SELECT, INSERT, UPDATE ON order_counters TO countinghouse_worker;
GRANT SELECT, INSERT ON orders, order_lines, invoices TO countinghouse_worker;
GRANT SELECT, INSERT, UPDATE (last_number) ON invoice_counters TO countinghouse_worker;
