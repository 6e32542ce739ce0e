//! Portal passwords (issue 3, NIST SP 800-63B §3.1.1.2): long enough, not common, not made of the owner's own data;
//! no composition rules, no expiry.
//!
//! `password/common.txt` holds the 8,354 passwords of eight and more characters from Django's list of 19,640
//! common ones (django/contrib/auth/common-passwords.txt.gz of Django 5.2, BSD 3-Clause, compiled by Royce
//! Williams from leaked passwords), in lower case and sorted.

use std::sync::OnceLock;

/// Fewest characters where the password alone signs in.
pub const LONG: usize = 15;
/// Fewest where a factor is asked for at each sign-in.
pub const SHORT: usize = 8;
/// Most characters.
pub const MOST: usize = 128;
/// Words of this place, which whoever guesses tries first (ASVS 5.0, 6.1.2 and 6.2.11).
pub const PLACE: [&str; 14] = [
    "securemail",
    "secure mail",
    "secure-mail",
    "collaborator",
    "truform",
    "postern",
    "portal",
    "dental",
    "dentist",
    "dentistry",
    "medical",
    "doctor",
    "practice",
    "password",
];
/// Shorter pieces of the owner's data may stand in a password.
const PIECE: usize = 4;

static COMMON: &str = include_str!("password/common.txt");

/// What else is asked for at a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// The password alone.
    Nothing,
    /// Always a second step.
    Factor,
}

/// What a good password is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Fifteen characters or more: also alone.
    Alone,
    /// Only together with a factor.
    WithFactor,
}

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordFault {
    /// Too short for what stands beside it, or too long.
    Length,
    /// Many people use it.
    Common,
    /// Made of the owner's name or address.
    Personal,
}

/// R2: whether a new password may be set. `own` is the owner's data: names, addresses, practice.
pub fn check_password(password: &str, own: &[&str], beside: Beside) -> Result<Strength, PasswordFault> {
    let length = password.chars().count();
    let least = match beside {
        Beside::Nothing => LONG,
        Beside::Factor => SHORT,
    };
    if !(least..=MOST).contains(&length) {
        return Err(PasswordFault::Length);
    }
    let folded = password.to_lowercase();
    if is_common(&folded) || is_monotonous(&folded) {
        return Err(PasswordFault::Common);
    }
    if is_made_of(&folded, &PLACE) {
        return Err(PasswordFault::Common);
    }
    if is_made_of(&folded, own) {
        return Err(PasswordFault::Personal);
    }
    Ok(if length >= LONG { Strength::Alone } else { Strength::WithFactor })
}

/// On the list, or a listed one with digits and signs around it, or repeated.
fn is_common(folded: &str) -> bool {
    static LIST: OnceLock<Vec<&'static str>> = OnceLock::new();
    let list = LIST.get_or_init(|| COMMON.lines().collect());
    let listed = |text: &str| list.binary_search(&text).is_ok();
    let bare = folded.trim_matches(|c: char| !c.is_alphabetic());
    let (one, two) = folded.split_at(folded.floor_char_boundary(folded.len() / 2));
    listed(folded) || listed(bare) || (one == two && listed(one))
}

/// One character, or two in turn: `aaaaaaaa`, `abababab`.
fn is_monotonous(folded: &str) -> bool {
    let mut seen: Vec<char> = folded.chars().collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len() <= 2
}

/// What is left after these are taken out is too little to be a password.
fn is_made_of(folded: &str, own: &[&str]) -> bool {
    let mut pieces: Vec<String> = own
        .iter()
        .flat_map(|text| {
            let text = text.to_lowercase();
            let words: Vec<String> =
                text.split(|c: char| !c.is_alphanumeric()).map(ToOwned::to_owned).collect();
            words.into_iter().chain([text])
        })
        .filter(|piece| piece.chars().count() >= PIECE)
        .collect();
    pieces.sort_by_key(|piece| std::cmp::Reverse(piece.len()));
    let mut left = folded.to_owned();
    for piece in &pieces {
        left = left.replace(piece.as_str(), "");
    }
    left != folded && left.chars().filter(|c| c.is_alphanumeric()).count() < SHORT
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: [&str; 4] = ["Anna", "Weber", "anna.weber@praxis.example", "Praxis am Markt"];

    fn judge(password: &str, beside: Beside) -> Result<Strength, PasswordFault> {
        check_password(password, &OWN, beside)
    }

    #[test]
    fn r2_lengths() {
        assert_eq!(judge("kiesel7", Beside::Factor), Err(PasswordFault::Length));
        assert_eq!(judge("kiesel7x", Beside::Factor), Ok(Strength::WithFactor));
        assert_eq!(judge("kiesel7x", Beside::Nothing), Err(PasswordFault::Length));
        assert_eq!(judge("kiesel im garten", Beside::Nothing), Ok(Strength::Alone));
        assert_eq!(judge("äöüäöüßäöüßäxyz", Beside::Nothing), Ok(Strength::Alone), "characters, not bytes");
        let longest = "kiesel im garten".repeat(8);
        assert_eq!(judge(&longest, Beside::Nothing), Ok(Strength::Alone));
        assert_eq!(judge(&format!("{longest}x"), Beside::Nothing), Err(PasswordFault::Length));
    }

    #[test]
    fn r2_common_ones() {
        for common in [
            "password",
            "Password",
            "password123!",
            "iloveyou",
            "12345678",
            "iloveyouiloveyou",
            "aaaaaaaaaaaaaaaa",
            "abababababababab",
        ] {
            assert_eq!(judge(common, Beside::Factor), Err(PasswordFault::Common), "{common}");
        }
    }

    #[test]
    fn words_of_this_place() {
        for word in PLACE {
            assert_eq!(judge(&format!("{word}2026!"), Beside::Factor), Err(PasswordFault::Common), "{word}");
            assert_eq!(word, word.to_lowercase(), "compared folded");
        }
        assert_eq!(judge("the dentist has sold his boat", Beside::Nothing), Ok(Strength::Alone));
    }

    #[test]
    fn r2_own_data() {
        for own in ["annaweber", "Anna.Weber@praxis.example", "weberweber123", "Praxis am Markt 1"] {
            assert_eq!(judge(own, Beside::Factor), Err(PasswordFault::Personal), "{own}");
        }
        assert_eq!(judge("weber kauft sieben kiesel", Beside::Nothing), Ok(Strength::Alone));
    }

    #[test]
    fn the_list_is_sorted_and_folded() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() > 8_000 && lines.is_sorted());
        assert!(lines.iter().all(|l| *l == l.to_lowercase() && l.chars().count() >= SHORT));
    }

    #[test]
    fn nothing_panics() {
        proptest::proptest!(|(password in "\\PC{0,140}", own in "\\PC{0,20}")| {
            let _judged = check_password(&password, &[&own], Beside::Factor);
        });
    }
}
