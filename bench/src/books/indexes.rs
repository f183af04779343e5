//! Leaves out the indexes of a table that is to be filled, and makes them again as they were.

use tokio_postgres::Client;

/// What was left out, as statements that make it again.
pub(super) struct LeftOut {
    remake: Vec<String>,
}

impl LeftOut {
    pub async fn leave_out(client: &Client, tables: &[&str]) -> anyhow::Result<Self> {
        let mut remake = Vec::new();
        for row in client.query(include_str!("indexes.sql"), &[&tables]).await? {
            client.batch_execute(&row.get::<_, String>("leave_out")).await?;
            remake.push(row.get("remake"));
        }
        Ok(Self { remake })
    }

    pub async fn remake(self, client: &Client) -> anyhow::Result<()> {
        client.batch_execute("set maintenance_work_mem = '512MB'").await?;
        for statement in self.remake {
            client.batch_execute(&statement).await?;
        }
        Ok(())
    }
}
