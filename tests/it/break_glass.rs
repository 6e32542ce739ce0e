//! Reading by Support: what is permitted to whom and when, and that nothing happens without a trace.

use std::time::{Duration, SystemTime};

use postern::clock::Clock;
use postern::store::{AccessError, AccessTo, Login, MasterKey, NewAccess, NewAccount, Options, Role, Store};
use postern::types::{AccountId, MailboxId, MailboxName, Origin, SupportName, Tier};
use sqlx::{Connection as _, PgConnection};

use crate::harness::{database, scratch};

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(test);
}

struct Place {
    store: Store,
    url: String,
    clock: Clock,
    account: AccountId,
    inbox: MailboxId,
}

fn name(text: &str) -> SupportName {
    text.parse().unwrap()
}

impl Place {
    async fn new() -> Self {
        let url = database().await;
        let clock = Clock::fixed(SystemTime::now());
        let store = Store::open(Options {
            database_url: url.clone(),
            max_connections: 4,
            master_key: MasterKey::create(&scratch().await.join("master.key")).unwrap(),
            domain: "secure.test".into(),
            clock: clock.clone(),
        })
        .await
        .unwrap();
        let practice = store.practice_create("Praxis", None).await.unwrap().id;
        let new = NewAccount {
            practice: Some(practice),
            first_name: "Anna".to_owned(),
            last_name: "Weber".to_owned(),
            role: Role::Doctor,
            tier: Tier::Paid,
            user_manager: false,
            email: "anna@praxis.test".parse().unwrap(),
            portal_password: None,
        };
        let account = store.account_create(new).await.unwrap().id;
        let inbox = store.mailbox(account, &MailboxName::inbox()).await.unwrap().unwrap().id;
        Self { store, url, clock, account, inbox }
    }

    fn by(&self, who: &str) -> Store {
        self.store.acting_as(Origin::support(name(who)))
    }

    async fn ask(&self, who: &str, login: Option<u32>) -> i64 {
        let to = AccessTo::Message(self.inbox, 7);
        let by = name(who);
        let reason = "Frau Quixmüller asks for it";
        let new = NewAccess { account: self.account, to, reason, by: &by, login: Login(login) };
        self.by(who).access_ask(new).await.unwrap()
    }

    async fn approve(&self, id: i64, who: &str, login: Option<u32>) -> Result<(), AccessError> {
        self.by(who).access_approve(id, &name(who), Login(login)).await.map(|_| ())
    }

    async fn look(&self, id: i64, who: &str) -> Result<(), AccessError> {
        self.by(who).access_use(id, &name(who)).await.map(|_| ())
    }

    async fn count(&self, sql: &str) -> i64 {
        let mut conn = PgConnection::connect(&self.url).await.unwrap();
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut conn).await.unwrap()
    }

    async fn notices(&self) -> i64 {
        self.count("select count(*) from notice where kind = 'support-read'").await
    }
}

#[test]
fn what_is_permitted_when() {
    run(async {
        let place = Place::new().await;
        let minute = Duration::from_mins(1);
        // Nobody else's, not without approval, not one's own.
        let id = place.ask("Ida Berg", Some(1000)).await;
        assert!(matches!(place.look(id, "Ida Berg").await, Err(AccessError::NotApproved)));
        for own in ["Ida Berg", "ida.berg", "IDABERG"] {
            assert!(matches!(place.approve(id, own, Some(1001)).await, Err(AccessError::Own)), "{own}");
        }
        // Another name from the same login is not another person; where the kernel keeps none, the name decides.
        assert!(matches!(place.approve(id, "jan", Some(1000)).await, Err(AccessError::SameLogin)));
        place.clock.advance(minute);
        place.approve(id, "jan", Some(1001)).await.unwrap();
        assert!(matches!(place.approve(id, "eva", None).await, Err(AccessError::Approved)));
        assert!(matches!(place.look(id, "jan").await, Err(AccessError::NotYours)));
        assert_eq!(place.notices().await, 0);
        // For an hour, and the owner is told once.
        place.look(id, "Ida Berg").await.unwrap();
        place.clock.advance(59 * minute);
        place.look(id, "ida berg").await.unwrap();
        assert_eq!(place.notices().await, 1);
        // The database rounds to microseconds.
        place.clock.advance(minute + Duration::from_micros(1));
        assert!(matches!(place.look(id, "Ida Berg").await, Err(AccessError::Over)));
        // A request that nobody approved in a day lapses.
        let late = place.ask("ida", None).await;
        place.clock.advance(24 * 60 * minute + Duration::from_micros(1));
        assert!(matches!(place.approve(late, "jan", None).await, Err(AccessError::Lapsed)));
        // Refused is refused, also after an approval.
        let ended = place.ask("ida", None).await;
        place.approve(ended, "jan", None).await.unwrap();
        place.by("eva").access_end(ended, &name("eva")).await.unwrap();
        assert!(matches!(place.look(ended, "ida").await, Err(AccessError::Ended)));
        assert!(matches!(place.approve(ended, "jan", None).await, Err(AccessError::Ended)));
        assert!(matches!(place.look(99, "ida").await, Err(AccessError::None)));
        // What was refused is in the log as well as what was done.
        let refused = place
            .count(
                "select count(*) from (select action, result from audit_pending union all
                                       select action, result from audit_entry) a
                  where action = 'access-approve' and result = 'refused'",
            )
            .await;
        assert_eq!(refused, 4);
        place.store.close().await;
    });
}

/// Two who approve at once: one does. Two looks at once: one notice.
#[test]
fn at_once() {
    run(async {
        let place = Place::new().await;
        let id = place.ask("ida", None).await;
        let (one, other) = tokio::join!(place.approve(id, "jan", None), place.approve(id, "eva", None));
        assert!(one.is_ok() != other.is_ok());
        let (one, other) = tokio::join!(place.look(id, "ida"), place.look(id, "ida"));
        assert!(one.is_ok() && other.is_ok());
        assert_eq!(place.notices().await, 1);
        place.store.close().await;
    });
}

/// An export cannot be turned into a permission to read, and the schema itself refuses one person for both.
#[test]
fn the_schema_wants_two_people() {
    run(async {
        let place = Place::new().await;
        let by = name("ida");
        let new = NewAccess {
            account: place.account,
            to: AccessTo::Export,
            reason: "the practice leaves",
            by: &by,
            login: Login(None),
        };
        let export = place.by("ida").export_begin(new, "mbox").await.unwrap();
        assert!(matches!(place.approve(export, "jan", None).await, Err(AccessError::None)));
        assert!(matches!(place.look(export, "ida").await, Err(AccessError::NotApproved)));
        let id = place.ask("ida", Some(1000)).await;
        let mut conn = PgConnection::connect(&place.url).await.unwrap();
        for (key, login) in [("ida", "null"), ("jan", "1000")] {
            let sql = format!(
                "update support_access set approved_by = 'x', approved_key = '{key}', approved_login = {login},
                        approved_at = now(), open_until = now() where id = {id}"
            );
            let refused = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await.unwrap_err();
            assert!(refused.to_string().contains("support_access_two_people"), "{refused}");
        }
        // Why is sealed.
        let plain =
            "select count(*) from support_access where position('Quixm' in encode(reason, 'escape')) > 0";
        assert_eq!(place.count(plain).await, 0);
        let all = place.store.accesses(Some(place.account)).await.unwrap();
        assert_eq!(all[0].reason, "Frau Quixmüller asks for it");
        place.store.close().await;
    });
}
