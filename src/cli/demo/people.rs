//! The demo's practices and people, and the accounts of load programs: whatever is missing is made.

use std::path::Path;

use anyhow::Context as _;

use super::state::{Person, State};
use crate::service::portal_password::PortalPasswords;
use crate::store::{Account, NewAccount, Role, Store, random_app_password};
use crate::types::{AccountId, Address, PracticeId, Secret, Tier};

/// First name, last name, role, practice, whether a User Manager (R8).
type Part = (&'static str, &'static str, Role, Option<&'static str>, bool);

const MARKET: &str = "Zahnarztpraxis am Markt";
const NORTH: &str = "Kieferorthopädie Nordstadt";
const LOAD: &str = "Load programs";

/// Two practices with three paid accounts each, and a dentist of his own with a free one.
const PEOPLE: [Part; 7] = [
    ("Anna", "Weber", Role::Doctor, Some(MARKET), true),
    ("Bert", "Brandt", Role::Staff, Some(MARKET), false),
    ("Cora", "Lindner", Role::Staff, Some(MARKET), false),
    ("Dora", "Stein", Role::Doctor, Some(NORTH), true),
    ("Emil", "Yıldız", Role::Doctor, Some(NORTH), false),
    ("Fiona", "Krüger", Role::Staff, Some(NORTH), false),
    ("Georg", "Frei", Role::Doctor, None, false),
];

/// Makes who is missing. A start that was cut off may have left accounts whose passwords nobody knows:
/// they get new ones.
pub(super) async fn ensure(store: &Store, state: &mut State, dir: &Path) -> anyhow::Result<()> {
    let hasher = PortalPasswords::default();
    for (first, last, role, practice, user_manager) in PEOPLE {
        let email = email_of(first, practice)?;
        if state.people.iter().any(|p| p.email == email.as_str()) {
            continue;
        }
        let portal_password = random_app_password()?;
        let hash = hasher.hash(portal_password.clone()).await?;
        let account = if let Some(account) = store.resolve(&email).await? {
            store.set_portal_password(account.id, Some(&hash)).await?;
            account
        } else {
            let practice = match practice {
                Some(name) => Some(ensure_practice(store, name).await?),
                None => None,
            };
            let person = NewAccount {
                practice,
                first_name: first.to_owned(),
                last_name: last.to_owned(),
                role,
                tier: if practice.is_some() { Tier::Paid } else { Tier::Free },
                user_manager,
                email,
                portal_password: Some(hash),
            };
            store.account_create(person).await?
        };
        let (_, secret) = store.app_password_create(account.id, "Demo").await?;
        state.people.push(person(&account, Some(&portal_password), &secret)?);
        state.save(dir)?;
    }
    Ok(())
}

/// `load1` … `loadN`, all in one practice, and their app passwords.
pub(super) async fn ensure_load(
    store: &Store,
    state: &mut State,
    count: usize,
    secret: Option<&str>,
    dir: &Path,
) -> anyhow::Result<()> {
    /// As Thunderbird's list shows it.
    const DEVICE: &str = "Load program";
    let have = state.load.len();
    if have < count {
        let practice = ensure_practice(store, LOAD).await?;
        let there = store.accounts(Some(practice)).await?;
        let mut accounts: std::collections::HashMap<String, (AccountId, Address)> =
            there.into_iter().map(|a| (a.email.to_string(), (a.id, a.secure_address))).collect();
        let wanted = (have + 1..=count)
            .map(|n| Ok((format!("load{n}"), format!("load{n}@load.test").parse::<Address>()?)))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let missing: Vec<NewAccount> = wanted
            .iter()
            .filter(|(_, email)| !accounts.contains_key(email.as_str()))
            .map(|(name, email)| NewAccount {
                practice: Some(practice),
                first_name: name.clone(),
                last_name: String::new(),
                role: Role::Staff,
                tier: Tier::Paid,
                user_manager: false,
                email: email.clone(),
                portal_password: None,
            })
            .collect();
        let made = store.accounts_create(&missing).await?;
        accounts.extend(missing.iter().map(|m| m.email.to_string()).zip(made));
        let mut added = Vec::with_capacity(wanted.len());
        for (name, email) in wanted {
            let (id, secure) = accounts.get(email.as_str()).context("an account is missing")?;
            added.push((*id, name, email, secure.clone()));
        }
        let secrets = secrets(store, &added, secret, DEVICE).await?;
        for ((_, name, email, secure), app_password) in added.into_iter().zip(secrets) {
            state.load.push(Person {
                name,
                email: email.to_string(),
                secure_address: secure.to_string(),
                practice: Some(LOAD.to_owned()),
                tier: Tier::Paid.as_str().to_owned(),
                roles: vec![Role::Staff.as_str().to_owned()],
                portal_password: None,
                app_password,
                phone: None,
                totp_secret: None,
            });
        }
        state.save(dir)?;
    }
    // Another secret than the last time: those from then get it as well, beside their own.
    if let Some(secret) = secret
        && state.load.iter().any(|p| p.app_password != secret)
    {
        let practice = ensure_practice(store, LOAD).await?;
        let ids: Vec<AccountId> = store.accounts(Some(practice)).await?.iter().map(|a| a.id).collect();
        store.app_passwords_add(&ids, DEVICE, &Secret::new(secret)).await?;
        for person in &mut state.load {
            secret.clone_into(&mut person.app_password);
        }
        state.save(dir)?;
    }
    Ok(())
}

/// The given secret for all at once, or one of its own for each, several at a time.
async fn secrets(
    store: &Store,
    accounts: &[(AccountId, String, Address, Address)],
    secret: Option<&str>,
    device: &'static str,
) -> anyhow::Result<Vec<String>> {
    const AT_ONCE: usize = 16;
    if let Some(secret) = secret {
        let ids: Vec<AccountId> = accounts.iter().map(|a| a.0).collect();
        store.app_passwords_add(&ids, device, &Secret::new(secret)).await?;
        return Ok(vec![secret.to_owned(); accounts.len()]);
    }
    let mut secrets = vec![String::new(); accounts.len()];
    let mut tasks = tokio::task::JoinSet::new();
    let mut next = accounts.iter().enumerate();
    loop {
        while tasks.len() < AT_ONCE
            && let Some((at, account)) = next.next()
        {
            let (store, id) = (store.clone(), account.0);
            tasks.spawn(async move { (at, store.app_password_create(id, device).await) });
        }
        let Some(done) = tasks.join_next().await else { return Ok(secrets) };
        let (at, made) = done?;
        secrets[at] = shown(&made?.1)?;
    }
}

async fn ensure_practice(store: &Store, name: &str) -> anyhow::Result<PracticeId> {
    Ok(match store.practice(name).await? {
        Some(practice) => practice.id,
        None => store.practice_create(name, None).await?.id,
    })
}

/// The demo's own `anna` and so on, for whoever sends its mail.
pub(super) fn email_of(first: &str, practice: Option<&str>) -> anyhow::Result<Address> {
    let domain = match practice {
        Some(MARKET) => "praxis-am-markt.test",
        Some(_) => "kfo-nordstadt.test",
        None => "zahnarzt-frei.test",
    };
    Ok(format!("{}@{domain}", first.to_lowercase()).parse()?)
}

fn person(account: &Account, portal_password: Option<&Secret>, secret: &Secret) -> anyhow::Result<Person> {
    let mut roles = vec![account.role.as_str().to_owned()];
    if account.user_manager {
        roles.push("user-manager".to_owned());
    }
    Ok(Person {
        name: account.display_name(),
        email: account.email.to_string(),
        secure_address: account.secure_address.to_string(),
        practice: account.practice_name.clone(),
        tier: account.tier.as_str().to_owned(),
        roles,
        portal_password: portal_password.map(shown).transpose()?,
        app_password: shown(secret)?,
        phone: None,
        totp_secret: None,
    })
}

fn shown(secret: &Secret) -> anyhow::Result<String> {
    Ok(std::str::from_utf8(secret.expose())?.to_owned())
}
