REVOKE SELECT (tenant_id, bytes) ON image_files FROM countinghouse_platform;
DROP POLICY platform_all ON image_files;
REVOKE SELECT (tenant_id) ON product_images FROM countinghouse_platform;
DROP POLICY platform_all ON product_images;
