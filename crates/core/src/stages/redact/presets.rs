//! Which keys and values the presets are about. The one place that lists them.
//!
//! A name is looked for among the words of a key; with `=` it has to be the whole key, with `~` it is found
//! inside a word too. The names are those of the Python original and of what it misses.

use serde::Deserialize;

use super::key_name::Extent;
use super::scan::Detector;

/// A ready-made set of rules. Presets can be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Preset {
    /// Passwords, tokens, keys, cookies, sessions; JWTs, private keys, API keys, credentials in URLs.
    #[serde(rename = "CREDENTIALS")]
    Credentials,
    /// Cardholder data and sensitive authentication data; card numbers.
    #[serde(rename = "PCI-DSS")]
    PciDss,
    /// Personal data under the GDPR of the European Union.
    #[serde(rename = "GDPR")]
    Gdpr,
    /// The same and the identifiers of the United Kingdom.
    #[serde(rename = "UK-GDPR")]
    UkGdpr,
    /// Personal information under the CCPA of California.
    #[serde(rename = "CCPA")]
    Ccpa,
    /// Protected health information under HIPAA.
    #[serde(rename = "HIPAA")]
    Hipaa,
    /// Ways to reach a person.
    #[serde(rename = "CONTACT-INFO")]
    ContactInfo,
    /// Names, birth, age, gender.
    #[serde(rename = "PERSONAL-IDENTIFIERS")]
    PersonalIdentifiers,
    /// Addresses and identifiers of devices and browsers.
    #[serde(rename = "ONLINE-IDENTIFIERS")]
    OnlineIdentifiers,
    /// Bank accounts.
    #[serde(rename = "FINANCIAL-IDENTIFIERS")]
    FinancialIdentifiers,
    /// Identifiers that the United States give.
    #[serde(rename = "US-GOVERNMENT-IDS")]
    UsGovernmentIds,
    /// Identifiers that the United Kingdom gives.
    #[serde(rename = "UK-GOVERNMENT-IDS")]
    UkGovernmentIds,
    /// Identifiers that member states of the European Union give.
    #[serde(rename = "EU-GOVERNMENT-IDS")]
    EuGovernmentIds,
}

impl Preset {
    /// The presets that it consists of beside its own names.
    fn parts(self) -> &'static [Preset] {
        use Preset::*;
        match self {
            Gdpr => &[
                ContactInfo,
                PersonalIdentifiers,
                OnlineIdentifiers,
                FinancialIdentifiers,
                EuGovernmentIds,
            ],
            UkGdpr => &[Gdpr, UkGovernmentIds],
            Ccpa => &[
                ContactInfo,
                PersonalIdentifiers,
                OnlineIdentifiers,
                FinancialIdentifiers,
                UsGovernmentIds,
            ],
            Hipaa => &[ContactInfo, PersonalIdentifiers, UsGovernmentIds],
            _ => &[],
        }
    }

    fn own_names(self) -> &'static [&'static str] {
        match self {
            Preset::Credentials => CREDENTIALS,
            Preset::PciDss => PCI_DSS,
            Preset::Gdpr => &["biometric", "genetic", "health data"],
            Preset::UkGdpr => &[],
            Preset::Ccpa => &["household id", "inferred preferences", "purchase history"],
            Preset::Hipaa => HIPAA,
            Preset::ContactInfo => CONTACT_INFO,
            Preset::PersonalIdentifiers => PERSONAL_IDENTIFIERS,
            Preset::OnlineIdentifiers => ONLINE_IDENTIFIERS,
            Preset::FinancialIdentifiers => FINANCIAL_IDENTIFIERS,
            Preset::UsGovernmentIds => US_GOVERNMENT_IDS,
            Preset::UkGovernmentIds => UK_GOVERNMENT_IDS,
            Preset::EuGovernmentIds => EU_GOVERNMENT_IDS,
        }
    }

    fn own_detectors(self) -> &'static [Detector] {
        match self {
            Preset::Credentials => &[
                Detector::Jwt,
                Detector::PrivateKey,
                Detector::ApiKey,
                Detector::Authorization,
                Detector::Url,
            ],
            Preset::PciDss => &[Detector::Card],
            Preset::ContactInfo => &[Detector::Email],
            Preset::FinancialIdentifiers => &[Detector::Iban],
            Preset::UsGovernmentIds => &[Detector::Ssn],
            _ => &[],
        }
    }

    /// Every name, with how it is looked for.
    pub fn names(self) -> Vec<(&'static str, Extent)> {
        let mut names: Vec<_> = self.own_names().iter().map(|name| read(name)).collect();
        for part in self.parts() {
            names.extend(part.names());
        }
        names
    }

    /// What finds the same things by their looks.
    pub fn detectors(self) -> Vec<Detector> {
        let mut detectors = self.own_detectors().to_vec();
        for part in self.parts() {
            detectors.extend(part.detectors());
        }
        detectors
    }
}

fn read(name: &'static str) -> (&'static str, Extent) {
    if let Some(name) = name.strip_prefix('=') {
        (name, Extent::Whole)
    } else if let Some(name) = name.strip_prefix('~') {
        (name, Extent::Within)
    } else {
        (name, Extent::Words)
    }
}

/// What the field blocker takes out when it is not told what: bodies and dumps, which may hold anything.
pub const BLOCKED: &[&str] = &[
    "body",
    "request body",
    "response body",
    "payload",
    "raw",
    "dump",
    "raw body",
    "raw request",
    "raw response",
];

/// Names of query parameters that are secrets although fields of these names need not be.
pub const QUERY_SECRETS: &[&str] = &[
    "=key",
    "=sig",
    "=sign",
    "=auth",
    "=code",
    "signature",
    "sas",
    "=credential",
    "=st",
    "=ticket",
];

const CREDENTIALS: &[&str] = &[
    "~password",
    "~passwd",
    "~passphrase",
    "~passcode",
    "pwd",
    "=pass",
    "db pass",
    "user pass",
    "mysql pass",
    "pg pass",
    "redis pass",
    "smtp pass",
    "ftp pass",
    "ssh pass",
    "secret",
    "secrets",
    "~clientsecret",
    "token",
    "=tokens",
    "access tokens",
    "refresh tokens",
    "api tokens",
    "~accesstoken",
    "~refreshtoken",
    "~authtoken",
    "~sessiontoken",
    "~bearertoken",
    "id token",
    "csrf",
    "xsrf",
    "jwt",
    "jwts",
    "bearer",
    "~apikey",
    "api token",
    "~privatekey",
    "~secretkey",
    "access key",
    "access keys",
    "signing key",
    "encryption key",
    "master key",
    "shared key",
    "session key",
    "hmac key",
    "ssh key",
    "account key",
    "storage key",
    "credential",
    "credentials",
    "~authorization",
    "=auth",
    "=authentication",
    "auth header",
    "auth cookie",
    "auth code",
    "=session",
    "session id",
    "session ids",
    "=sid",
    "connect sid",
    "jsessionid",
    "phpsessid",
    "cookie",
    "cookies",
    "otp",
    "totp",
    "mfa code",
    "2fa code",
    "one time code",
    "verification code",
    "recovery code",
    "recovery codes",
    "backup code",
    "backup codes",
    "connection string",
];

const PCI_DSS: &[&str] = &[
    "~cardnumber",
    "card numbers",
    "card num",
    "card no",
    "~creditcard",
    "~debitcard",
    "cc number",
    "cc num",
    "=cc",
    "=pan",
    "card pan",
    "primary account number",
    "cvv",
    "cvc",
    "cvv2",
    "cvc2",
    "=csc",
    "=cid",
    "card cid",
    "security code",
    "card security",
    "=expiry",
    "=expiration",
    "expiry date",
    "expiration date",
    "exp date",
    "exp month",
    "exp year",
    "expiry month",
    "expiry year",
    "card exp",
    "card expiry",
    "card expiration",
    "cardholder",
    "cardholder name",
    "card holder",
    "card holder name",
    "name on card",
    "card pin",
    "=pin",
    "pin code",
    "pin block",
    "track data",
    "track1",
    "track2",
];

const CONTACT_INFO: &[&str] = &[
    "email",
    "emails",
    "e mail",
    "~emailaddress",
    "phone",
    "phones",
    "~phonenumber",
    "telephone",
    "mobile",
    "=cell",
    "cell phone",
    "fax",
    "address",
    "addresses",
    "street",
    "postcode",
    "postal code",
    "zipcode",
    "=zip",
    "=city",
    "=town",
    "=state",
    "=province",
    "=country",
];

const PERSONAL_IDENTIFIERS: &[&str] = &[
    "=name",
    "first name",
    "last name",
    "full name",
    "family name",
    "surname",
    "given name",
    "middle name",
    "maiden name",
    "nickname",
    "dob",
    "date of birth",
    "birth",
    "birthday",
    "birthdate",
    "=age",
    "gender",
    "=sex",
];

const ONLINE_IDENTIFIERS: &[&str] = &[
    "ip",
    "ipv4",
    "ipv6",
    "remote address",
    "device id",
    "device identifier",
    "udid",
    "idfa",
    "gaid",
    "mac address",
    "mac addr",
    "hardware id",
    "user agent",
    "browser fingerprint",
    "cookie id",
    "tracking id",
    "visitor id",
];

const FINANCIAL_IDENTIFIERS: &[&str] = &[
    "iban",
    "=bic",
    "=swift",
    "swift code",
    "bank account",
    "account number",
    "account num",
    "account no",
    "sort code",
    "routing number",
    "routing no",
    "=routing",
    "bsb",
];

const US_GOVERNMENT_IDS: &[&str] = &[
    "ssn",
    "social security",
    "social security number",
    "itin",
    "ein",
    "passport",
    "passport number",
    "drivers license",
    "driver license",
    "driving license",
    "dl number",
];

const UK_GOVERNMENT_IDS: &[&str] = &[
    "national insurance",
    "ni number",
    "ni num",
    "ni no",
    "nino",
    "nhs number",
    "nhs",
    "passport",
    "driving licence",
    "licence number",
];

const EU_GOVERNMENT_IDS: &[&str] = &[
    "national id",
    "id number",
    "identity number",
    "id card",
    "passport",
    "tax id",
    "tin",
    "vat number",
    "drivers license",
    "driving licence",
    "licence number",
    "license number",
];

const HIPAA: &[&str] = &[
    "mrn",
    "medical record",
    "patient id",
    "health plan",
    "beneficiary id",
    "account number",
    "certificate number",
    "license number",
    "vehicle id",
    "vin",
    "device serial",
    "device identifier",
    "=url",
    "web url",
    "biometric",
    "fingerprint",
    "voiceprint",
    "photo",
    "=image",
];

#[cfg(test)]
mod tests {
    use super::super::key_name::{Folded, Names};
    use super::*;

    fn names(preset: Preset) -> Names {
        let mut names = Names::default();
        for (name, extent) in preset.names() {
            assert!(names.add(name, extent, 0));
        }
        names
    }

    /// The presets of the Python original, name by name.
    const ORIGINAL: &[(Preset, &str)] = &[
        (Preset::ContactInfo, "email, e_mail, email_address, phone, phone_number, telephone, mobile, cell, fax, address, street, street_address, postal_address, postcode, postal_code, zipcode, zip_code, zip, city, town, state, province, country"),
        (Preset::PersonalIdentifiers, "name, first_name, last_name, full_name, surname, given_name, middle_name, maiden_name, nickname, dob, date_of_birth, birth_date, birthday, age, gender, sex"),
        (Preset::OnlineIdentifiers, "ip, ip_address, ipv4, ipv6, client_ip, remote_ip, device_id, device_identifier, udid, idfa, gaid, mac_address, hardware_id, user_agent, browser_fingerprint, cookie_id, tracking_id, visitor_id"),
        (Preset::FinancialIdentifiers, "iban, bic, swift, bank_account, account_number, account_no, sort_code, routing_number, bsb"),
        (Preset::UsGovernmentIds, "ssn, social_security, social_security_number, itin, ein, passport, passport_number, drivers_license, driver_license, dl_number"),
        (Preset::UkGovernmentIds, "national_insurance, ni_number, nino, nhs_number, passport, passport_number, driving_licence, licence_number"),
        (Preset::EuGovernmentIds, "national_id, id_number, identity_number, id_card, passport, passport_number, tax_id, tin, vat_number, drivers_license, licence_number"),
        (Preset::Gdpr, "biometric_data, genetic_data, health_data, email, name, ip, iban, tax_id"),
        (Preset::UkGdpr, "email, nino, nhs_number, health_data"),
        (Preset::Ccpa, "household_id, inferred_preferences, purchase_history, ssn, email"),
        (Preset::Hipaa, "mrn, medical_record_number, patient_id, health_plan_id, beneficiary_id, account_number, certificate_number, license_number, vehicle_id, vin, device_serial, device_identifier, url, web_url, biometric_id, fingerprint, voiceprint, photo, image"),
        (Preset::PciDss, "card_number, credit_card, cc_number, pan, cvv, cvc, cvv2, cid, security_code, card_security, expiry, expiry_date, expiration, exp_date, exp_month, exp_year, cardholder, cardholder_name, card_holder, card_pin, pin, track_data, track1, track2"),
        (Preset::Credentials, "password, passwd, pwd, pass, secret, api_secret, client_secret, shared_secret, token, access_token, refresh_token, auth_token, bearer_token, jwt, api_key, apikey, api_token, private_key, secret_key, signing_key, encryption_key, authorization, auth_header, session_id, session_token, session_key, cookie, session_cookie, auth_cookie, otp, totp, mfa_code, verification_code"),
    ];

    #[test]
    fn every_name_of_the_original_is_covered_in_every_spelling() {
        for (preset, list) in ORIGINAL {
            let names = names(*preset);
            for name in list.split(", ") {
                let mut camel = String::new();
                for word in name.split('_') {
                    let mut letters = word.chars();
                    if let Some(first) = letters.next() {
                        if camel.is_empty() {
                            camel.push(first);
                        } else {
                            camel.extend(first.to_uppercase());
                        }
                    }
                    camel.extend(letters);
                }
                for key in [
                    name.to_owned(),
                    name.replace('_', "-"),
                    name.to_uppercase(),
                    camel,
                ] {
                    assert!(
                        names.find(&Folded::of(&key)).is_some(),
                        "{preset:?} does not know {key}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_keys_that_the_original_leaks_are_found() {
        let credentials = names(Preset::Credentials);
        for key in [
            "accessToken",
            "refreshToken",
            "id_token",
            "idToken",
            "bearer",
            "Cookie",
            "set-cookie",
            "sessionId",
            "clientSecret",
            "access_token",
            "jwt",
            "cookie",
            "session_id",
            "client_secret",
        ] {
            assert!(credentials.find(&Folded::of(key)).is_some(), "{key}");
        }
        let cards = names(Preset::PciDss);
        for key in ["creditCard", "card_number", "cvv", "pin"] {
            assert!(cards.find(&Folded::of(key)).is_some(), "{key}");
        }
        assert!(names(Preset::Ccpa).find(&Folded::of("ssn")).is_some());
    }

    #[test]
    fn the_keys_that_the_original_masks_wrongly_are_left_alone() {
        let credentials = names(Preset::Credentials);
        for key in [
            "author",
            "authorized_count",
            "authentication_ms",
            "tokenizer",
            "max_tokens",
            "prompt_tokens",
            "token_type",
            "tokenCount",
            "secretary",
            "passenger",
            "compass",
            "hasPassword",
            "password_changed_at",
            "cookieName",
            "sessions",
            "keyboard",
        ] {
            assert_eq!(credentials.find(&Folded::of(key)), None, "{key}");
        }
        let cards = names(Preset::PciDss);
        for key in [
            "shipping",
            "japan",
            "pinned",
            "accident",
            "discard",
            "cacheExpiry",
        ] {
            assert_eq!(cards.find(&Folded::of(key)), None, "{key}");
        }
        let personal = names(Preset::Gdpr);
        for key in [
            "hostname",
            "fileName",
            "page",
            "zipped",
            "description",
            "tinted",
        ] {
            assert_eq!(personal.find(&Folded::of(key)), None, "{key}");
        }
    }
}
