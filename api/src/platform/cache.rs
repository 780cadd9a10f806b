//! Redis: what may be forgotten. Truth is never there; when Redis is away the service goes on.

use crate::config;
use futures_util::Stream;
use redis::Msg;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use std::{sync::Arc, time::Duration};

/// How long connecting may take, and a question that no request waits for.
const PATIENCE: Duration = Duration::from_millis(250);

#[derive(Clone)]
pub struct Cache {
    client: redis::Client,
    connection: ConnectionManager,
    prefix: Arc<str>,
    patience: Duration,
}

impl Cache {
    /// Connects when it is first asked, so that the service starts while Redis is away. Needs the
    /// tokio runtime that it will be used in.
    pub fn new(config: &config::Redis) -> Result<Self, redis::RedisError> {
        let client = redis::Client::open(config.url.expose().as_str())?;
        let settings = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE.max(config.patience)));
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), settings)?;
        Ok(Self { client, connection, prefix: Arc::from(config.prefix.as_str()), patience: config.patience })
    }

    /// A key as it stands in Redis; `name` begins with the tenant.
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// How long a request waits for Redis.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// For who speaks to Redis.
    pub fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }

    /// Messages of a channel, until the connection is lost.
    pub async fn listen(&self, channel: &str) -> Result<impl Stream<Item = Msg> + use<>, redis::RedisError> {
        let mut listening = self.client.get_async_pubsub().await?;
        listening.subscribe(self.key(channel)).await?;
        Ok(listening.into_on_message())
    }

    /// Whether Redis answers.
    pub async fn alive(&self) -> bool {
        let mut connection = self.connection.clone();
        let ping = redis::cmd("PING");
        let asked = tokio::time::timeout(PATIENCE * 2, ping.query_async::<String>(&mut connection));
        matches!(asked.await, Ok(Ok(_)))
    }
}
