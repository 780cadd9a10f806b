//! Previews: what an edit would come to, in words of the API, and a token for just that.

use super::{
    super::editable,
    plan::{self, Plan},
    request,
    token::Seen,
};
use crate::{
    app::AppState,
    features::{
        accounting::{self, NewEntry, decimal},
        customers,
        inventory::{self, Exchanged, unit_cost},
        orders::{
            error::OrderError,
            model::{Credit, Goods, Line, Order, credit_entry, invoice_entry, sale_entry},
            repo,
        },
    },
    platform::{authn::TenantCtx, authz::Permission, db::TenantTx, http::IfMatch},
};
use countinghouse_contract::{
    Currency, InvoiceId, OrderId,
    accounting::EntrySource,
    edits::{EditPreview, EditedOrder, JournalChange, JournalChangeLine, OrderPatch, PreviewLine, StockChange},
};
use uuid::Uuid;

/// What the caller may see.
#[derive(Clone, Copy)]
struct Sees {
    costs: bool,
    books: bool,
}

/// Works an edit out as it would be made now, and makes nothing of it.
pub async fn preview(
    state: &AppState,
    ctx: &TenantCtx,
    id: OrderId,
    if_match: IfMatch,
    patch: OrderPatch,
) -> Result<EditPreview, OrderError> {
    let request = request::check(patch)?;
    let sees = Sees { costs: ctx.may(Permission::CostsRead), books: ctx.may(Permission::AccountingRead) };
    let stamps = state.edit_stamps.clone();
    ctx.transaction(move |tx| {
        let order = editable(repo::find(tx, id)?.ok_or(OrderError::NotFound)?, &if_match)?;
        let customer = match request.new_customer() {
            Some(customer) => customers::snapshot_in(tx, customer)?,
            None => None,
        };
        let drafted = plan::draft(tx, &order, &request, customer)?;
        let seen = Seen::of(tx, &order, &request, &drafted);
        let edit_token = seen.token(&stamps, tx, &order);
        let plan = plan::settle(tx, order, drafted, inventory::look_in)?;
        Ok(EditPreview {
            edit_token,
            before: edited(&plan.before, &plan.before, sees),
            after: edited(&plan.after, &plan.before, sees),
            stock_changes: plan.goods.iter().map(|one| stock_change(one, &plan, sees)).collect(),
            journal_changes: sees.books.then(|| journal_changes(tx, &plan)),
            expires_at: seen.expires_at,
        })
    })
    .await
}

/// `stands`: the order that knows which lines have their ids already.
fn edited(order: &Order, stands: &Order, sees: Sees) -> EditedOrder {
    let known = stands.lines_by_id();
    let line = |line: &Line| PreviewLine {
        id: known.contains_key(&line.id).then_some(line.id),
        product_id: line.product,
        sku: line.sku.clone(),
        name: line.name.clone(),
        quantity: line.quantity,
        unit_price: order.money(line.unit_price),
        discount_pct: line.discount_pct.to_decimal(),
        discount: order.money(line.amounts.discount),
        tax_rate: line.tax_rate.to_decimal(),
        tax: order.money(line.amounts.tax),
        line_total: order.money(line.amounts.net),
        line_gross: order.money(line.amounts.net + line.amounts.tax),
        unit_cost: sees.costs.then(|| order.money(unit_cost(line.cost, line.quantity))),
    };
    EditedOrder {
        lines: order.lines.iter().map(line).collect(),
        totals: order.sums.to_wire(order.currency),
        cost_of_goods: sees.costs.then(|| order.money(order.kept_cost())),
        gross_profit: sees.costs.then(|| order.money(order.kept_sales() - order.kept_cost())),
        commission: order.money(order.commission()),
        amount_due: order.money(order.due()),
        due_date: order.invoice.map(|issued| issued.due_date),
        customer_id: order.buyer.customer,
        customer: order.buyer.contact.clone(),
        billing_address: order.buyer.billing_address.clone(),
        shipping_address: order.buyer.shipping_address.clone(),
        note: order.note.clone(),
    }
}

fn stock_change(one: &Exchanged, plan: &Plan, sees: Sees) -> StockChange {
    let lines = plan.before.lines.iter().chain(&plan.after.lines);
    let sku = lines.filter(|line| line.product == one.asked.product).map(|line| line.sku.clone()).next();
    StockChange {
        product_id: one.asked.product,
        sku: sku.unwrap_or_default(),
        put_back: one.asked.put_back,
        taken: one.asked.taken,
        on_hand_before: one.before.on_hand,
        on_hand_after: one.after.on_hand,
        value: sees.costs.then(|| plan.after.money(one.after.value - one.before.value)),
    }
}

/// The entries that [`super::write`] posts, but for the ids of what they are posted for.
fn journal_changes(tx: &TenantTx<'_>, plan: &Plan) -> Vec<JournalChange> {
    let (before, after) = (&plan.before, &plan.after);
    let (nobody, difference) = (InvoiceId(Uuid::nil()), plan.cost_difference());
    let entries = match plan.reissued {
        Some(terms) => vec![
            (EntrySource::CreditNote, credit_entry(before, nobody, terms.date, Credit::of_invoice(before).posted)),
            (EntrySource::Invoice, invoice_entry(after, nobody, terms.date, Goods::Difference(difference))),
        ],
        None if before.invoice.is_none() => {
            vec![(EntrySource::Sale, sale_entry(after, "Edit of order", difference, accounting::today(tx)))]
        }
        None => Vec::new(),
    };
    let posted = entries.into_iter().map(|(source, entry)| journal_change(source, entry, after.currency));
    posted.filter(|change| !change.lines.is_empty()).collect()
}

fn journal_change(source: EntrySource, entry: NewEntry, currency: Currency) -> JournalChange {
    let side = |minor: i128| decimal(minor.max(0), currency);
    let lines = entry.lines.amounts().map(|(account, minor)| JournalChangeLine {
        account: account.code().to_owned(),
        debit: side(minor),
        credit: side(-minor),
    });
    JournalChange { source, date: entry.date, lines: lines.collect(), memo: entry.memo }
}
