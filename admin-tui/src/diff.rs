//! What differs between two messages: by the places of their JSON, or line by line where one is none.

use serde_json::Value;

/// More is no help to anybody.
const MOST: usize = 40;

/// Each difference in a line of its own; empty where there is none.
pub fn differences(before: &str, after: &str) -> Vec<String> {
    if before == after {
        return Vec::new();
    }
    let mut found = Vec::new();
    match (serde_json::from_str::<Value>(before), serde_json::from_str::<Value>(after)) {
        (Ok(before), Ok(after)) => compare("", &before, &after, &mut found),
        _ => by_lines(before, after, &mut found),
    }
    let left_out = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    if left_out > 0 {
        found.push(format!("and {left_out} more"));
    }
    found
}

fn compare(place: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    let within = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            for (name, value) in one {
                compare(&within(name), value, other.get(name).unwrap_or(&Value::Null), found);
            }
            for (name, value) in other.iter().filter(|(name, _)| !one.contains_key(*name)) {
                compare(&within(name), &Value::Null, value, found);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            for at in 0..one.len().max(other.len()) {
                let of = |values: &[Value]| values.get(at).cloned().unwrap_or_default();
                compare(&format!("{place}[{at}]"), &of(one), &of(other), found);
            }
        }
        (one, other) if one != other => found.push(format!("{place}: {one} → {other}")),
        _ => {}
    }
}

fn by_lines(before: &str, after: &str, found: &mut Vec<String>) {
    let (one, other): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    found.extend(one.iter().filter(|line| !other.contains(line)).map(|line| format!("- {line}")));
    found.extend(other.iter().filter(|line| !one.contains(line)).map(|line| format!("+ {line}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_that_differs_is_named() {
        let before = r#"{"order": "SO-1", "lines": [{"sku": "A", "quantity": 1}, {"sku": "B"}], "gone": true}"#;
        let after = r#"{"order": "SO-1", "lines": [{"sku": "A", "quantity": 2}], "new": "x"}"#;
        assert_eq!(
            differences(before, after),
            ["gone: true → null", "lines[0].quantity: 1 → 2", "lines[1]: {\"sku\":\"B\"} → null", "new: null → \"x\""]
        );
        assert_eq!(differences(before, before), [""; 0]);
        // The same, written otherwise.
        assert_eq!(differences(r#"{"a": 1, "b": 2}"#, r#"{"b":2,"a":1}"#), [""; 0]);
    }

    #[test]
    fn what_is_no_json_is_compared_by_its_lines_and_never_told_at_length() {
        assert_eq!(differences("out of order\nretry", "<html>\nretry"), ["- out of order", "+ <html>"]);
        let many: String = (0..100).map(|at| format!("{at}\n")).collect();
        let told = differences("", &many);
        assert_eq!((told.len(), told.last().map(String::as_str)), (MOST + 1, Some("and 60 more")));
    }
}
