DELETE FROM product_daily_sales;
