//! Every sentence of every notice, in English. A translation is a file like this one.
//!
//! Invariant (R11): no sentence tells what a message is about, who wrote it (an invitation excepted: its
//! reader must know whom to trust), or anything of a patient.

use super::words::{Action, Place, Spoken, Words, shown};
use crate::types::NoticeContent;

const LANGUAGE: &str = "en";

/// The sentences of a mail. `None`: this kind does not go by mail.
pub fn mail(content: &NoticeContent, name: &str, place: &Place) -> Option<Words> {
    let portal = &place.portal_url;
    let action = |label: &str, link: String| Some(Action { label: label.to_owned(), link });
    let not_you = "If this was not you, please call your support now: somebody may be using your account.";
    let (subject, before, action, after): (&str, Vec<String>, Option<Action>, Vec<String>) = match content {
        NoticeContent::Invitation { link, inviter, practice, .. } => {
            let who = match practice {
                Some(practice) => format!("{inviter} ({practice})"),
                None => inviter.clone(),
            };
            (
                "You are invited to read a secure message",
                vec![
                    format!("{who} has written to you through the practice's secure mail."),
                    "To read the message, please register: it takes about three minutes and costs nothing. You \
                     need the phone whose number was given for you, for a code."
                        .to_owned(),
                ],
                action("Register", shown(link)?),
                vec![
                    "The link is for you alone and works for 7 days. If you do not expect a message, you need \
                     not do anything."
                        .to_owned(),
                ],
            )
        }
        NoticeContent::SecureMessage => (
            "You have a secure message",
            vec!["A secure message is waiting for you.".to_owned()],
            action("Read it in the portal", portal.clone()),
            vec![
                "Or read it in your mail program, where it has arrived already.".to_owned(),
                "For the patients' sake this mail does not say who wrote, or about what. Which notices you get, \
                 you choose in the portal's messaging settings."
                    .to_owned(),
            ],
        ),
        NoticeContent::ResetLink { link } => (
            "Choose a new password",
            vec!["You, or somebody who knows your address, asked for a new portal password.".to_owned()],
            action("Choose a new password", shown(link)?),
            vec![
                "The link works once, for one hour. If you did not ask for it, you need not do anything: your \
                 password stays as it is."
                    .to_owned(),
            ],
        ),
        NoticeContent::EmailLink { link } => (
            "Confirm your new email address",
            vec![
                "Please confirm that this is the new email address of your account. You are asked to sign in, if you \
                 are not signed in already."
                    .to_owned(),
            ],
            action("Confirm this address", shown(link)?),
            vec![
                "The link works once, for one hour. Until then nothing changes. If you did not ask for it, you \
                 need not do anything."
                    .to_owned(),
            ],
        ),
        NoticeContent::EmailChanged => (
            "Your email address was changed",
            vec![
                "The email address of your account was changed; notices go to the new one from now on.".to_owned(),
            ],
            None,
            vec![not_you.to_owned()],
        ),
        NoticeContent::PhoneChanged => (
            "Your phone numbers were changed",
            vec![
                "A phone number of your account was added or removed, or codes go to another one from now on."
                    .to_owned(),
            ],
            None,
            vec![not_you.to_owned()],
        ),
        NoticeContent::PasswordChanged => (
            "Your password was changed",
            vec!["The portal password of your account was changed.".to_owned()],
            None,
            vec![not_you.to_owned()],
        ),
        NoticeContent::SecondStepChanged => (
            "The second step of your sign-in was changed",
            vec![
                "Two-step verification, the authenticator app or the recovery codes of your account were changed."
                    .to_owned(),
            ],
            None,
            vec![not_you.to_owned()],
        ),
        NoticeContent::AccountLocked => (
            "Your account is locked",
            vec![
                "Your account is locked, because a wrong password was given five times, or because your support \
                 locked it. Nobody can sign in now, you neither. Messages to you still arrive and wait."
                    .to_owned(),
                "Please call your support to have it unlocked.".to_owned(),
            ],
            None,
            vec![
                "If you did not mistype your password: somebody else tried to sign in. Tell your support that, too."
                    .to_owned(),
            ],
        ),
        NoticeContent::AccountUnlocked { link } => (
            "Your account is unlocked",
            vec!["Your support has unlocked your account. Please choose a new password now.".to_owned()],
            action("Choose a new password", shown(link)?),
            vec![
                "The link works once, for one hour. After that, use \"Forgot your password?\" in the portal."
                    .to_owned(),
            ],
        ),
        NoticeContent::NewSignIn { device, address } => (
            "New sign-in to your account",
            vec![format!(
                "Somebody has just signed in to your account with a browser that we do not know: {device}, from the \
                 internet address {address}."
            )],
            action("See your sign-ins", format!("{portal}/sign-ins")),
            vec![format!("If it was you, all is well. {not_you}")],
        ),
        NoticeContent::NewAppPassword { device } => (
            "A mail program was added to your account",
            vec![format!("An app password was made for your account, named \"{device}\".")],
            action("See your mail programs", portal.clone()),
            vec![not_you.to_owned()],
        ),
        NoticeContent::SupportRead => (
            "Your support has looked into your mail",
            vec![
                "Somebody of your support has looked at your mailbox, after a second person there agreed to it. \
                 Who it was, when and why is written down."
                    .to_owned(),
            ],
            None,
            vec!["If you do not know why, please call your support and ask.".to_owned()],
        ),
        NoticeContent::MailExported => (
            "Your support has made a copy of your mail",
            vec![
                "Somebody of your support has copied the messages of your account into files. Who it was, when \
                 and why is written down."
                    .to_owned(),
            ],
            None,
            vec!["If you did not ask for it, please call your support and ask.".to_owned()],
        ),
        NoticeContent::PhoneCode { .. } => return None,
    };
    let name = match content {
        NoticeContent::Invitation { name, .. } => name,
        _ => name,
    };
    let greeting = if name.is_empty() { "Hello,".to_owned() } else { format!("Hello {name},") };
    Some(Words {
        language: LANGUAGE,
        subject: subject.to_owned(),
        greeting,
        before,
        action,
        copy_link: "Or copy this address into your browser:",
        after,
        closing: format!("This mail was written by a program, nobody reads answers to it. {portal}"),
    })
}

/// The text of a text message, one or two of 160 letters. `None`: this kind does not go so.
pub fn text(content: &NoticeContent, place: &Place) -> Option<String> {
    let portal = &place.portal_url;
    Some(match content {
        NoticeContent::SecureMessage => {
            format!("You have a secure message. Read it in your mail program or at {portal}")
        }
        NoticeContent::PhoneCode { code } => format!(
            "{} is your code for {portal}. It is good for 10 minutes. We never ask for it by phone or mail.",
            shown(code)?
        ),
        NoticeContent::AccountLocked => {
            "Your secure mail account is locked. Please call your support to have it unlocked.".to_owned()
        }
        NoticeContent::NewSignIn { .. } => format!(
            "New sign-in to your secure mail account. If it was not you, call your support now. {portal}"
        ),
        NoticeContent::EmailChanged
        | NoticeContent::PhoneChanged
        | NoticeContent::PasswordChanged
        | NoticeContent::SecondStepChanged
        | NoticeContent::NewAppPassword { .. } => format!(
            "Your secure mail account was changed. If it was not you, call your support now. {portal}"
        ),
        NoticeContent::SupportRead | NoticeContent::MailExported => {
            format!(
                "Your support has looked into your secure mail. If you do not know why, call them. {portal}"
            )
        }
        // Links go to the address that they prove.
        NoticeContent::Invitation { .. }
        | NoticeContent::ResetLink { .. }
        | NoticeContent::EmailLink { .. }
        | NoticeContent::AccountUnlocked { .. } => return None,
    })
}

/// What a call says: the code digit by digit, three times. `None`: this kind is not spoken.
pub fn spoken(content: &NoticeContent) -> Option<Spoken> {
    let NoticeContent::PhoneCode { code } = content else { return None };
    let digits: Vec<String> = shown(code)?.chars().map(String::from).collect();
    let digits = digits.join(", ");
    Some(Spoken {
        language: "en-US",
        sentences: vec![
            "Hello. This is your secure mail portal.".to_owned(),
            format!("Your code is: {digits}."),
            format!("Once more: {digits}."),
            format!("And again: {digits}."),
            "Goodbye.".to_owned(),
        ],
    })
}
