//! Pictures, each with whether it is searchable.

use crate::{
    platform::{
        db::{DbError, TenantTx, prepared},
        files::FileKey,
        http::PageRequest,
    },
    schema::product_images,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{ImageId, ProductId, TenantId};
use diesel::{
    OptionalExtension, QueryableByName,
    prelude::*,
    sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

/// A picture as it is kept.
#[derive(Debug, Clone, QueryableByName)]
pub struct Image {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    product_id: Uuid,
    #[diesel(sql_type = Binary)]
    pub sha256: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    #[diesel(sql_type = Text)]
    pub format: String,
    #[diesel(sql_type = Integer)]
    pub width: i32,
    #[diesel(sql_type = Integer)]
    pub height: i32,
    #[diesel(sql_type = Bool)]
    pub searchable: bool,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

impl Image {
    pub fn id(&self) -> ImageId {
        ImageId(self.id)
    }

    pub fn product_id(&self) -> ProductId {
        ProductId(self.product_id)
    }
}

/// One that is entered.
#[derive(Debug, Clone)]
pub struct NewImage {
    pub id: ImageId,
    pub product_id: ProductId,
    pub sha256: [u8; 32],
    pub bytes: i64,
    pub format: &'static str,
    pub width: i32,
    pub height: i32,
    pub original: FileKey,
    pub display: FileKey,
}

#[derive(QueryableByName)]
struct Standing {
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    same: Option<Uuid>,
}

/// Whether there is such a product.
pub fn product_exists(tx: &mut TenantTx<'_>, product: ProductId) -> Result<bool, DbError> {
    let tenant = tx.tenant_id();
    let found = prepared("SELECT id FROM products WHERE tenant_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(product.0);
    Ok(found.get_result::<Id>(tx.conn()).optional()?.is_some())
}

/// The same, and nobody else enters a picture of it until the transaction ends.
pub fn lock_product(tx: &mut TenantTx<'_>, product: ProductId) -> Result<bool, DbError> {
    let tenant = tx.tenant_id();
    let found = prepared("SELECT id FROM products WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(product.0);
    Ok(found.get_result::<Id>(tx.conn()).optional()?.is_some())
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    #[expect(dead_code, reason = "that there is a row says it all")]
    id: Uuid,
}

/// How many pictures a product has, and which of them is this very upload.
pub fn standing(
    tx: &mut TenantTx<'_>,
    product: ProductId,
    sha256: [u8; 32],
) -> Result<(i64, Option<ImageId>), DbError> {
    let tenant = tx.tenant_id();
    let found: Standing = prepared(
        "SELECT count(*) AS count, (array_agg(id) FILTER (WHERE sha256 = $3))[1] AS same \
         FROM product_images WHERE tenant_id = $1 AND product_id = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(product.0)
    .bind::<Binary, _>(sha256.to_vec())
    .get_result(tx.conn())?;
    Ok((found.count, found.same.map(ImageId)))
}

pub fn insert(tx: &mut TenantTx<'_>, image: &NewImage) -> Result<(), DbError> {
    let (tenant, now, user) = (tx.tenant_id(), tx.now(), tx.actor().user_id);
    diesel::insert_into(product_images::table)
        .values((
            product_images::tenant_id.eq(tenant.0),
            product_images::id.eq(image.id.0),
            product_images::product_id.eq(image.product_id.0),
            product_images::sha256.eq(image.sha256.to_vec()),
            product_images::bytes.eq(image.bytes),
            product_images::format.eq(image.format),
            product_images::width.eq(image.width),
            product_images::height.eq(image.height),
            product_images::original_sha256.eq(image.original.sha256.to_vec()),
            product_images::display_sha256.eq(image.display.sha256.to_vec()),
            product_images::created_by.eq(user.0),
            product_images::created_at.eq(now),
            product_images::original_generation.eq(image.original.generation),
            product_images::display_generation.eq(image.display.generation),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Newest first. All of a product's are few: what comes before a page is passed over.
pub fn list(tx: &mut TenantTx<'_>, product: ProductId, asked: PageRequest) -> Result<Vec<Image>, DbError> {
    let tenant = tx.tenant_id();
    let (time, id) = asked.after.map(|after| (after.created_at, after.id)).unzip();
    Ok(prepared(
        "SELECT i.id, i.product_id, i.sha256, i.bytes, i.format, i.width, i.height, i.created_at, \
             EXISTS (SELECT FROM image_vectors v JOIN image_indexes x ON x.tenant_id = v.tenant_id \
                 AND x.model = v.model WHERE v.tenant_id = i.tenant_id AND v.image_id = i.id) AS searchable \
         FROM product_images i WHERE i.tenant_id = $1 AND i.product_id = $2 \
             AND ($3::timestamptz IS NULL OR (i.created_at, i.id) < ($3, $4)) \
         ORDER BY i.created_at DESC, i.id DESC LIMIT $5",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(product.0)
    .bind::<Nullable<Timestamptz>, _>(time)
    .bind::<Nullable<SqlUuid>, _>(id)
    .bind::<BigInt, _>(asked.rows())
    .load(tx.conn())?)
}

pub fn find(tx: &mut TenantTx<'_>, product: ProductId, id: ImageId) -> Result<Option<Image>, DbError> {
    let tenant = tx.tenant_id();
    Ok(prepared(
        "SELECT i.id, i.product_id, i.sha256, i.bytes, i.format, i.width, i.height, i.created_at, \
             EXISTS (SELECT FROM image_vectors v JOIN image_indexes x ON x.tenant_id = v.tenant_id \
                 AND x.model = v.model WHERE v.tenant_id = i.tenant_id AND v.image_id = i.id) AS searchable \
         FROM product_images i WHERE i.tenant_id = $1 AND i.id = $2 AND i.product_id = $3",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(product.0)
    .get_result(tx.conn())
    .optional()?)
}

/// Takes a picture out, with its vectors; its files are collected when nothing else refers to them.
pub fn delete(tx: &mut TenantTx<'_>, product: ProductId, id: ImageId) -> Result<bool, DbError> {
    let tenant = tx.tenant_id();
    let one = product_images::table.find((tenant.0, id.0)).filter(product_images::product_id.eq(product.0));
    Ok(diesel::delete(one).execute(tx.conn())? > 0)
}

/// What is sent of a picture.
#[derive(Debug, Clone, QueryableByName)]
pub struct Stored {
    #[diesel(sql_type = Text)]
    pub format: String,
    #[diesel(sql_type = Binary)]
    original: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    original_generation: i64,
    #[diesel(sql_type = BigInt)]
    original_bytes: i64,
    #[diesel(sql_type = Binary)]
    display: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    display_generation: i64,
    #[diesel(sql_type = BigInt)]
    display_bytes: i64,
}

impl Stored {
    /// Its file, and how long that is.
    pub fn original(&self, tenant: TenantId) -> (FileKey, i64) {
        let sha256 = of_bytes(&self.original);
        (FileKey { tenant, sha256, generation: self.original_generation }, self.original_bytes)
    }

    pub fn display(&self, tenant: TenantId) -> (FileKey, i64) {
        let sha256 = of_bytes(&self.display);
        (FileKey { tenant, sha256, generation: self.display_generation }, self.display_bytes)
    }
}

/// A CHECK holds them at this length.
pub(super) fn of_bytes(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().unwrap_or_default()
}

/// The files of a picture; of this product, where one is named.
pub fn stored(tx: &mut TenantTx<'_>, product: Option<ProductId>, id: ImageId) -> Result<Option<Stored>, DbError> {
    let TenantId(tenant) = tx.tenant_id();
    Ok(prepared(
        "SELECT i.format, i.original_sha256 AS original, i.original_generation, o.bytes AS original_bytes, \
             i.display_sha256 AS display, i.display_generation, d.bytes AS display_bytes \
         FROM product_images i \
         JOIN image_files o ON o.tenant_id = i.tenant_id AND o.sha256 = i.original_sha256 \
         JOIN image_files d ON d.tenant_id = i.tenant_id AND d.sha256 = i.display_sha256 \
         WHERE i.tenant_id = $1 AND i.id = $2 AND ($3::uuid IS NULL OR i.product_id = $3)",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Nullable<SqlUuid>, _>(product.map(|product| product.0))
    .get_result(tx.conn())
    .optional()?)
}
