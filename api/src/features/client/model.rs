//! What a client's profile is, and the form of what stands in it.

use crate::platform::authn::Policies;
use countinghouse_contract::{Currency, client};

/// The part that a client changes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    pub currency: Currency,
    pub time_zone: String,
    pub business_overview: Option<String>,
    pub opening_hours: Option<String>,
    pub closing_hours: Option<String>,
    pub return_refund_policy: Option<String>,
    pub whatsapp_number: Option<String>,
    pub messenger: Option<String>,
    pub allowed_origins: Vec<String>,
    pub policies: Policies,
}

#[derive(Debug, Clone)]
pub struct Client {
    pub slug: String,
    pub profile: Profile,
    pub version: i64,
}

impl Client {
    pub fn into_wire(self) -> client::Profile {
        let Profile { policies, .. } = self.profile;
        client::Profile {
            slug: self.slug,
            name: self.profile.name,
            currency: self.profile.currency,
            time_zone: self.profile.time_zone,
            business_overview: self.profile.business_overview,
            opening_hours: self.profile.opening_hours,
            closing_hours: self.profile.closing_hours,
            max_discount_pct: policies.max_discount_pct.to_decimal(),
            return_refund_policy: self.profile.return_refund_policy,
            sales_commission_pct: policies.sales_commission_pct.to_decimal(),
            payment_terms_days: policies.payment_terms_days,
            whatsapp_number: self.profile.whatsapp_number,
            messenger: self.profile.messenger,
            // Links to other systems name the keys that they need: there is none yet.
            required_api_keys: Vec::new(),
            allowed_origins: self.profile.allowed_origins,
            prices_include_tax: policies.prices_include_tax,
            shipping_tax_rate: policies.shipping_tax_rate.to_decimal(),
            auto_invoice: policies.auto_invoice,
            low_stock_threshold: policies.low_stock_threshold,
            version: self.version,
        }
    }
}

/// `HH:MM`, of 24 hours.
pub fn is_time_of_day(text: &str) -> bool {
    let below = |part: &str, limit: u8| {
        part.len() == 2
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse::<u8>().is_ok_and(|number| number < limit)
    };
    text.split_once(':').is_some_and(|(hour, minute)| below(hour, 24) && below(minute, 60))
}

/// A telephone number as E.164 has it: `+`, the country's code, at most 15 digits.
pub fn is_telephone_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_four_digits() {
        for good in ["00:00", "09:05", "23:59"] {
            assert!(is_time_of_day(good), "{good}");
        }
        for bad in ["", "9:00", "24:00", "12:60", "12:5", "12.30", " 9:00", "+9:00", "09:00:00", "０9:00", "09:00\n"] {
            assert!(!is_time_of_day(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_telephone_number_names_its_country() {
        for good in ["+4915112345678", "+1234567", "+123456789012345"] {
            assert!(is_telephone_number(good), "{good}");
        }
        for bad in ["", "+", "4915112345678", "+0491511234", "+49 151 1234567", "+123456", "+1234567890123456"] {
            assert!(!is_telephone_number(bad), "{bad:?}");
        }
    }
}
