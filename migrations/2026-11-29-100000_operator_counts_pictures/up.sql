-- How many pictures a client has, and what they take in the object store; what they show nobody sees here.
CREATE POLICY platform_all ON product_images FOR SELECT TO countinghouse_platform USING (true);
GRANT SELECT (tenant_id) ON product_images TO countinghouse_platform;
CREATE POLICY platform_all ON image_files FOR SELECT TO countinghouse_platform USING (true);
GRANT SELECT (tenant_id, bytes) ON image_files TO countinghouse_platform;
