DROP FUNCTION account_days(uuid, date, date), product_sales(uuid, date, date);
DROP TRIGGER invoices_fold_goods ON invoices;
DROP TRIGGER invoices_note_goods ON invoices;
DROP FUNCTION fold_goods(), note_goods(), goods_of_return(uuid, uuid, jsonb), printed_minor(text);
DROP TABLE product_daily_sales;
ALTER TABLE invoices DROP COLUMN goods;
