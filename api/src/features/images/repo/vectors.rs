//! What pictures look like. Vectors go into the database as texts, which it reads once for each statement: a
//! parameter that is cast where it stands would be read anew for each row that it is compared with.

use super::images::of_bytes;
use crate::platform::{
    db::{DbError, TenantTx, prepared},
    files::FileKey,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{ImageId, ProductId, TenantId};
use diesel::{
    OptionalExtension, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{Array, BigInt, Binary, Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

#[derive(QueryableByName)]
struct ModelOf {
    #[diesel(sql_type = Text)]
    model: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// By which model's vectors the client is searched; none where nothing was embedded yet.
pub fn searched_model(tx: &mut TenantTx<'_>) -> Result<Option<String>, DbError> {
    let tenant = tx.tenant_id();
    let found = prepared("SELECT model FROM image_indexes WHERE tenant_id = $1").bind::<SqlUuid, _>(tenant.0);
    Ok(found.get_result::<ModelOf>(tx.conn()).optional()?.map(|row| row.model))
}

/// A picture near what was asked for, with its product.
#[derive(Debug, Clone, QueryableByName)]
pub struct Near {
    #[diesel(sql_type = SqlUuid)]
    pub image_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub product_id: Uuid,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Bool)]
    pub active: bool,
    #[diesel(sql_type = Double)]
    pub score: f64,
}

/// Vectors are read from their index in this transaction, where a client's lie together: the planner takes the table,
/// with those of all clients, where one client has many of them. It plans that once: it would do so at each search, for
/// a plan that knows how many are asked for seems to it so much the better.
pub fn read_in_their_index(tx: &mut TenantTx<'_>) -> Result<(), DbError> {
    const SETTINGS: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; \
         SET LOCAL plan_cache_mode = force_generic_plan";
    Ok(tx.conn().batch_execute(SETTINGS)?)
}

/// What a product's pictures look like.
#[derive(Debug, QueryableByName)]
pub struct LooksOf {
    /// By which model's vectors the client is searched.
    #[diesel(sql_type = Nullable<Text>)]
    pub model: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    pub vectors: Vec<String>,
}

/// What a product's pictures look like to the model by which the client is searched; none where there is no such
/// product.
pub fn looks_of(tx: &mut TenantTx<'_>, product: ProductId) -> Result<Option<LooksOf>, DbError> {
    let tenant = tx.tenant_id();
    let found = prepared(
        "SELECT s.model, ARRAY( \
             SELECT v.vector::text FROM product_images i JOIN image_vectors v \
                 ON v.tenant_id = i.tenant_id AND v.model = s.model AND v.image_id = i.id \
             WHERE i.tenant_id = $1 AND i.product_id = p.id) AS vectors \
         FROM products p LEFT JOIN image_indexes s ON s.tenant_id = p.tenant_id \
         WHERE p.tenant_id = $1 AND p.id = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(product.0);
    Ok(found.get_result(tx.conn()).optional()?)
}

/// The pictures that are nearest to any of what is asked for, four of which are compared at a time (a, b, c and d),
/// with their products.
///
/// - The nearest of the first thousand are looked for first: none that is further away than these can be among the
///   nearest of all, and is not put in order.
/// - Products are looked up one by one: for a plan that does not know how few there are, all would be read.
/// - `NaN` is further away than anything.
macro_rules! near {
    ($distance:literal) => {
        concat!(
            "WITH asked AS MATERIALIZED ( \
                 SELECT ($3)[n]::halfvec AS a, ($3)[n + 1]::halfvec AS b, ($3)[n + 2]::halfvec AS c, \
                     ($3)[n + 3]::halfvec AS d FROM generate_series(1, cardinality($3), 4) n), \
             nearest AS MATERIALIZED ( \
                 SELECT near.* FROM asked CROSS JOIN LATERAL ( \
                     SELECT CASE WHEN count(*) = $4 THEN max(f.distance) ELSE 'NaN' END AS distance FROM ( \
                         SELECT ",
            $distance,
            " AS distance FROM ( \
                             SELECT v.vector FROM image_vectors v WHERE v.tenant_id = $1 AND v.model = $2 \
                             ORDER BY v.image_id LIMIT 1000) v \
                         ORDER BY distance LIMIT $4) f) furthest \
                 CROSS JOIN LATERAL ( \
                     SELECT v.image_id, v.product_id, ",
            $distance,
            " AS distance FROM image_vectors v WHERE v.tenant_id = $1 AND v.model = $2 AND ",
            $distance,
            " <= furthest.distance ORDER BY distance, v.image_id LIMIT $4) near \
                 ORDER BY near.distance, near.image_id LIMIT $4) \
             SELECT n.image_id, n.product_id, p.sku, p.name, p.active, \
                 round(least(1 - n.distance, 1)::numeric, 6)::float8 AS score \
             FROM nearest n CROSS JOIN LATERAL (SELECT p.sku, p.name, p.active FROM products p \
                 WHERE p.tenant_id = $1 AND p.id = n.product_id LIMIT 1) p \
             ORDER BY n.distance, n.image_id"
        )
    };
}

const NEAR_ONE: &str = near!("(v.vector <=> asked.a)");
const NEAR_SEVERAL: &str =
    near!("least(v.vector <=> asked.a, v.vector <=> asked.b, v.vector <=> asked.c, v.vector <=> asked.d)");

/// The pictures that are nearest to any of these vectors, of all that the client has. One may be there for several.
pub fn near(tx: &mut TenantTx<'_>, model: &str, vectors: &[String], most: i64) -> Result<Vec<Near>, DbError> {
    let tenant = tx.tenant_id();
    let text = if vectors.len() == 1 { NEAR_ONE } else { NEAR_SEVERAL };
    Ok(prepared(text)
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Text, _>(model.to_owned())
        .bind::<Array<Text>, _>(vectors.to_owned())
        .bind::<BigInt, _>(most)
        .load(tx.conn())?)
}

/// What a picture looks like to some models. One that was deleted meanwhile gets nothing.
pub fn insert(tx: &mut TenantTx<'_>, image: ImageId, vectors: &[(String, String)]) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    prepared(
        "INSERT INTO image_vectors (tenant_id, model, image_id, product_id, vector) \
         SELECT i.tenant_id, m.model, i.id, i.product_id, m.vector::halfvec \
         FROM product_images i CROSS JOIN unnest($3, $4) m (model, vector) \
         WHERE i.tenant_id = $1 AND i.id = $2 ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(image.0)
    .bind::<Array<Text>, _>(vectors.iter().map(|(model, _)| model.clone()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(vectors.iter().map(|(_, vector)| vector.clone()).collect::<Vec<_>>())
    .execute(tx.conn())?;
    Ok(())
}

/// Where nothing was searched before, this model's vectors are from now on.
fn begin_index(tx: &mut TenantTx<'_>, model: &str) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    prepared("INSERT INTO image_indexes (tenant_id, model, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Text, _>(model.to_owned())
        .bind::<Timestamptz, _>(now)
        .execute(tx.conn())?;
    Ok(())
}

/// A picture that a model has not seen.
#[derive(Debug, Clone, QueryableByName)]
pub struct Unseen {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Binary)]
    original_sha256: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    original_generation: i64,
}

impl Unseen {
    pub fn id(&self) -> ImageId {
        ImageId(self.id)
    }

    pub fn original(&self, tenant: TenantId) -> FileKey {
        FileKey { tenant, sha256: of_bytes(&self.original_sha256), generation: self.original_generation }
    }
}

/// The file of a picture.
pub fn unseen(tx: &mut TenantTx<'_>, image: ImageId) -> Result<Option<Unseen>, DbError> {
    let tenant = tx.tenant_id();
    let found = prepared(
        "SELECT id, original_sha256, original_generation FROM product_images WHERE tenant_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(image.0);
    Ok(found.get_result(tx.conn()).optional()?)
}

/// Pictures that are searched by this model and that another has not seen, from this one on.
pub fn unseen_by(
    tx: &mut TenantTx<'_>,
    searched: &str,
    other: &str,
    after: ImageId,
    most: i64,
) -> Result<Vec<Unseen>, DbError> {
    let tenant = tx.tenant_id();
    Ok(prepared(
        "SELECT i.id, i.original_sha256, i.original_generation FROM image_vectors v \
         JOIN product_images i ON i.tenant_id = v.tenant_id AND i.id = v.image_id \
         WHERE v.tenant_id = $1 AND v.model = $2 AND v.image_id > $4 \
             AND NOT EXISTS (SELECT FROM image_vectors o WHERE o.tenant_id = $1 AND o.model = $3 \
                 AND o.image_id = v.image_id) \
         ORDER BY v.image_id LIMIT $5",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(searched.to_owned())
    .bind::<Text, _>(other.to_owned())
    .bind::<SqlUuid, _>(after.0)
    .bind::<BigInt, _>(most)
    .load(tx.conn())?)
}

/// By which model the client is searched: by this one from now on, where it was by none. It stays so until the
/// transaction ends, and who writes vectors waits for nobody else who does.
pub fn hold_searched_model(tx: &mut TenantTx<'_>, or_else: &str) -> Result<String, DbError> {
    begin_index(tx, or_else)?;
    let tenant = tx.tenant_id();
    let found = prepared("SELECT model FROM image_indexes WHERE tenant_id = $1 FOR SHARE").bind::<SqlUuid, _>(tenant.0);
    Ok(found.get_result::<ModelOf>(tx.conn())?.model)
}

/// As [`searched_model`], and nobody writes vectors by it until the transaction ends.
pub fn lock_searched_model(tx: &mut TenantTx<'_>) -> Result<Option<String>, DbError> {
    let tenant = tx.tenant_id();
    let found =
        prepared("SELECT model FROM image_indexes WHERE tenant_id = $1 FOR NO KEY UPDATE").bind::<SqlUuid, _>(tenant.0);
    Ok(found.get_result::<ModelOf>(tx.conn()).optional()?.map(|row| row.model))
}

/// How many pictures are searched by this model.
pub fn count(tx: &mut TenantTx<'_>, model: &str) -> Result<i64, DbError> {
    let tenant = tx.tenant_id();
    let found = prepared("SELECT count(*) AS count FROM image_vectors WHERE tenant_id = $1 AND model = $2")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Text, _>(model.to_owned());
    Ok(found.get_result::<Count>(tx.conn())?.count)
}

/// From now on the client is searched by this model.
pub fn switch_index(tx: &mut TenantTx<'_>, model: &str) -> Result<(), DbError> {
    let (tenant, now): (_, DateTime<Utc>) = (tx.tenant_id(), tx.now());
    prepared("UPDATE image_indexes SET model = $2, since = $3 WHERE tenant_id = $1")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Text, _>(model.to_owned())
        .bind::<Timestamptz, _>(now)
        .execute(tx.conn())?;
    Ok(())
}

/// Deletes some vectors of other models; how many.
pub fn delete_others(tx: &mut TenantTx<'_>, model: &str, most: i64) -> Result<usize, DbError> {
    let tenant = tx.tenant_id();
    Ok(prepared(
        "DELETE FROM image_vectors WHERE tenant_id = $1 AND (model, image_id) IN ( \
             SELECT model, image_id FROM image_vectors WHERE tenant_id = $1 AND model <> $2 LIMIT $3)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(model.to_owned())
    .bind::<BigInt, _>(most)
    .execute(tx.conn())?)
}
