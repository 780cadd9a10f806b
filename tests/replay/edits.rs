//! What takes a second factor: orders that are edited, and orders that are cancelled. Each takes a code, so somebody
//! is entered who enrols for it and brings recovery codes, and is taken away afterwards.

use crate::{
    account::{code_of, new_password},
    plan::{Fate, Plan},
    play::{Played, play, played_with},
};
use anyhow::{Context, Result, ensure};
use countinghouse_client::{Client, Session};
use countinghouse_contract::{
    Patch, UserId,
    auth::Login,
    edits::{EditedLine, OrderPatch},
    orders::{Order, OrderLine, OrderStatus},
    users::NewUser,
};

/// One more of the first line, by way of a preview: what is made is what was shown.
pub async fn edits(client: &Client, session: &Session, plan: &Plan) -> Result<Played> {
    let orders = played_with(session, plan, Fate::Edited).await?;
    let left: Vec<&Order> = (orders.iter())
        .filter(|(order, planned)| Some(quantity(order)) == planned.lines.first().map(|line| line.quantity))
        .map(|(order, _)| order)
        .collect();
    let done = orders.len() - left.len();
    changes("edits", client, session, &left, done, async |editor, order, code| {
        let patch = one_more(order);
        let shown = editor.preview_edit(order.id, &patch).await?;
        let edited = editor.edit_order(order.id, &patch, code, Some(&shown.edit_token)).await?;
        ensure!(edited.totals.grand_total == shown.after.totals.grand_total, "it is not what was shown");
        Ok(())
    })
    .await
}

pub async fn cancels(client: &Client, session: &Session, plan: &Plan) -> Result<Played> {
    let orders = played_with(session, plan, Fate::Cancelled).await?;
    let left: Vec<&Order> =
        orders.iter().map(|(order, _)| order).filter(|order| order.status != OrderStatus::Cancelled).collect();
    let done = orders.len() - left.len();
    changes("cancels", client, session, &left, done, async |editor, order, code| {
        Ok(editor.cancel_order(order.id, code).await?)
    })
    .await
}

fn quantity(order: &Order) -> i64 {
    order.lines.first().map_or(0, |line| line.quantity)
}

fn one_more(order: &Order) -> OrderPatch {
    let line = |(at, line): (usize, &OrderLine)| EditedLine {
        id: Some(line.id),
        quantity: line.quantity + i64::from(at == 0),
        ..EditedLine::default()
    };
    OrderPatch { lines: Patch::Value(order.lines.iter().enumerate().map(line).collect()), ..OrderPatch::default() }
}

/// Makes each change with a code of its own; `done` of them are there already.
async fn changes(
    what: &str,
    client: &Client,
    session: &Session,
    orders: &[&Order],
    done: usize,
    change: impl AsyncFn(&Session, &Order, &str) -> Result<()>,
) -> Result<Played> {
    if orders.is_empty() {
        return Ok(Played { there_already: done, ..Played::default() });
    }
    let editor = Editor::enter(client, session).await.context("somebody with a second factor")?;
    ensure!(orders.len() <= editor.codes.len(), "there are not enough recovery codes for {} {what}", orders.len());
    let (change, logged_in) = (&change, &editor.session);
    let all = orders.iter().zip(&editor.codes).map(|(order, code)| async move {
        change(logged_in, order, code).await.with_context(|| format!("{what}: {}", order.order_number))?;
        Ok(true)
    });
    let played = play(what, all, 1).await?;
    session.delete_user(editor.user).await?;
    Ok(Played { there_already: done, ..played })
}

/// Somebody with a second factor of their own.
struct Editor {
    session: Session,
    user: UserId,
    codes: Vec<String>,
}

impl Editor {
    async fn enter(client: &Client, session: &Session) -> Result<Self> {
        let password = new_password()?;
        // Those of a run that was broken off are still there.
        let username = format!("editor-{}", password.chars().take(8).collect::<String>());
        let new =
            NewUser { username: username.clone(), password: password.clone(), role: "manager".to_owned(), email: None };
        let user = session.create_user(&new).await?.id;
        let client_id = session.me().await?.client.slug;
        let login = Login { client_id, username, password: password.clone(), totp_code: None };
        let session = client.login(login).await?;
        let enrolment = session.enrol_second_factor(&password).await?;
        let codes = session.confirm_second_factor(&code_of(&enrolment.secret)?).await?.recovery_codes;
        Ok(Self { session, user, codes })
    }
}
