//! `/`: what was received, for people. It has no script, and loads nothing but its style; what others sent is text.

use super::{
    Mock,
    calls::{Call, End},
    order::Order,
};
use actix_web::{
    HttpResponse,
    http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY},
    web::Data,
};
use chrono::{DateTime, Utc};
use std::fmt::{self, Write as _};

const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const MOST_ORDERS: usize = 100;
const MOST_CALLS: usize = 50;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
    <meta name=\"viewport\" content=\"width=device-width\">\n<meta http-equiv=\"refresh\" content=\"2\">\n\
    <title>Mock ERP</title>\n<link rel=\"stylesheet\" href=\"/mock/page.css\">\n<h1>Mock ERP</h1>\n";

const ORDERS: &str = "<h2>Orders</h2>\n<table>\n<tr><th>Reference<th>Order<th>Sent as<th>Status<th class=\"number\">Total\
    <th class=\"number\">Items<th class=\"number\">Versions<th class=\"number\">Received<th class=\"number\">Created\
    <th>Changed<th>Last key\n";

const CALLS: &str =
    "<h2>Calls</h2>\n<table>\n<tr><th class=\"number\">#<th>At<th>Call<th>Order<th>Key<th>Fault<th>End\n";

pub async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(include_str!("page.css"))
}

pub async fn show(mock: Data<Mock>) -> HttpResponse {
    let (orders, calls, kept, came) = {
        let memory = mock.memory();
        let (orders, calls) = (&memory.orders, &memory.calls);
        (orders.newest(MOST_ORDERS), calls.newest(MOST_CALLS), orders.len(), calls.len())
    };
    let page = written(&orders, &calls, kept, came).unwrap_or_default();
    HttpResponse::Ok()
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .content_type("text/html; charset=utf-8")
        .body(page)
}

fn written(orders: &[Order], calls: &[Call], kept: usize, came: u64) -> Result<String, fmt::Error> {
    let mut page = HEAD.to_owned();
    writeln!(page, "<p class=\"note\">This is no ERP: it stands in for one while things are tried out.</p>")?;
    writeln!(page, "<p>{kept} orders kept, {came} calls received; the newest come first.</p>")?;
    page.push_str(ORDERS);
    orders.iter().try_for_each(|order| row_of_order(&mut page, order))?;
    page.push_str("</table>\n");
    page.push_str(CALLS);
    calls.iter().try_for_each(|call| row_of_call(&mut page, call))?;
    page.push_str("</table>\n</html>\n");
    Ok(page)
}

fn row_of_order(page: &mut String, order: &Order) -> fmt::Result {
    let (reference, versions) = (Text(&order.erp_reference), order.versions.len());
    let key = order.versions.back().map_or("", |version| version.idempotency_key.as_str());
    let twice = if order.created > 1 { " twice" } else { "" };
    write!(
        page,
        "<tr><td><a href=\"/mock/orders/{reference}\">{reference}</a><td>{}",
        Text(&order.order_increment_id)
    )?;
    let [currency, sent] = [&order.currency, &order.sender_status].map(|text| text.as_deref().unwrap_or_default());
    write!(page, "<td>{}<td>{}", Text(sent), Text(&order.status))?;
    write!(page, "<td class=\"number\">{} {}", Text(&order.grand_total), Text(currency))?;
    write!(
        page,
        "<td class=\"number\">{}<td class=\"number\">{versions}<td class=\"number\">{}",
        order.items, order.received
    )?;
    writeln!(page, "<td class=\"number{twice}\">{}<td>{}<td>{}", order.created, Time(order.changed_at), Text(key))
}

fn row_of_call(page: &mut String, call: &Call) -> fmt::Result {
    let [order, key] = [&call.order, &call.idempotency_key].map(|text| text.as_deref().unwrap_or_default());
    let fault = call.fault.as_ref().map(|fault| format!("{fault:?}")).unwrap_or_default();
    write!(page, "<tr><td class=\"number\">{}<td>{}<td>{} ", call.number, Time(call.at), Text(&call.method))?;
    write!(page, "{}<td>{}<td>{}<td>{}", Text(&call.path), Text(order), Text(key), Text(&fault))?;
    match call.end {
        End::UnderWay => writeln!(page, "<td>under way"),
        End::Answered(status) => writeln!(page, "<td>{status}"),
        End::Reset => writeln!(page, "<td>reset"),
    }
}

/// A text of others, in HTML and in its attributes.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c if c.is_control() => f.write_char('\u{fffd}'),
            c => f.write_char(c),
        })
    }
}

struct Time(DateTime<Utc>);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d %H:%M:%S UTC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_sent_stays_text() {
        let text = Text("<a href='x' title=\"y\">&\u{1b}[2J</a>").to_string();
        assert_eq!(text, "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;\u{fffd}[2J&lt;/a&gt;");
    }
}
