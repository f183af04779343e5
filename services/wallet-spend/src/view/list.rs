//! Lists: `{total, orderBy: [{name, order}], limit, offset, results}`.

use serde::Serialize;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    pub total: i64,
    pub order_by: Vec<Order>,
    pub limit: i64,
    pub offset: i64,
    pub results: Vec<T>,
}

#[derive(Debug, Serialize)]
pub struct Order {
    pub name: &'static str,
    pub order: &'static str,
}
