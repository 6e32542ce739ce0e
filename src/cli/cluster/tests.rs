use std::time::Duration;

use nix::sys::signal::Signal;

use super::*;

fn options(home: &Path) -> Options {
    Options { home: home.to_owned(), max_connections: 20, ephemeral: false }
}

/// A folder that the server's user can enter, removed at the end.
fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let open = std::fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("postern-test-").permissions(open).tempdir().unwrap()
}

fn psql(url: &str, sql: &str) -> Result<String, String> {
    let out = std::process::Command::new("psql").args([url, "-XAtqc", sql]).output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
    if out.status.success() { Ok(text(&out.stdout)) } else { Err(text(&out.stderr)) }
}

fn postmaster(cluster: &Cluster) -> i32 {
    match server::phase(cluster.supervisor.place()).unwrap() {
        Phase::Ready { pid, .. } => pid,
        other => panic!("{other:?}"),
    }
}

/// Waits for something that another thread or process brings about.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begin = std::time::Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_mins(1), "{what} did not happen");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn made_stopped_and_started_again() {
    let folder = folder();
    let home = folder.path().join("a".repeat(120)).join("b".repeat(60)).join("db");
    assert_eq!(running(&home).unwrap(), None);
    let cluster = Cluster::start(&options(&home)).unwrap();
    let url = cluster.url(NAME);
    psql(&url, "create table t (x int); insert into t values (7)").unwrap();
    let show = |name: &str| psql(&url, &format!("show {name}")).unwrap();
    assert_eq!(
        [show("listen_addresses"), show("synchronous_commit"), show("data_checksums"), show("lc_collate")],
        ["", "on", "on", "C"]
    );
    // Even on its own socket nobody enters without the password.
    let open = url.replace(&cluster.password, "wrong");
    assert!(psql(&open, "select 1").unwrap_err().contains("password authentication failed"));
    assert_eq!(running(&home).unwrap().as_deref(), Some(&*url));
    let second = Cluster::start(&options(&home)).err().unwrap();
    let own = std::process::id().to_string();
    assert!(matches!(second, ClusterError::Busy { holder, .. } if holder == own));
    cluster.stop();
    assert_eq!(running(&home).unwrap(), None);
    let cluster = Cluster::start(&options(&home)).unwrap();
    assert_eq!(cluster.url(NAME), url);
    assert_eq!(psql(&url, "select x from t").unwrap(), "7");
}

#[test]
fn a_dead_server_is_started_again() {
    let folder = folder();
    let cluster = Cluster::start(&options(&folder.path().join("db"))).unwrap();
    let (url, data) = (cluster.url(NAME), cluster.data_dir());
    psql(&url, "create table t (x int); insert into t values (7)").unwrap();
    // A busy backend outlives its killed postmaster for a while and has to be ended.
    let mut busy = std::process::Command::new("psql")
        .args([&url, "-XAtqc", "select count(*) from generate_series(1, 100000000000)"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let running =
        "select count(*) from pg_stat_activity where query like '%generate_series%' and state = 'active'";
    until("the busy query", || psql(&url, running).unwrap() == "2");
    for round in 1..=2 {
        let old = postmaster(&cluster);
        assert!(process::signal(old, &data, Signal::SIGKILL));
        until("the restart", || cluster.restarts() == round);
        until(
            "the new server",
            || matches!(server::phase(cluster.supervisor.place()), Ok(Phase::Ready { pid, .. }) if pid != old),
        );
        assert_eq!(psql(&url, "select x from t").unwrap(), "7");
    }
    assert!(!busy.wait().unwrap().success());
    cluster.stop();
    assert_eq!(process::all(&data), [0; 0]);
}

#[test]
fn an_orphan_is_adopted() {
    let folder = folder();
    let options = options(&folder.path().join("db"));
    // As kill -9 of a gateway leaves it: the lock is free, nobody watches, the server goes on.
    let place = Place::prepare(&options.home).unwrap();
    let programs = programs::Programs::find(None).unwrap();
    server::initialise(&place, &programs).unwrap();
    let server::Server::Child(mut orphan) = Supervisor::new(place, programs, &options).bring_up().unwrap()
    else {
        panic!("nothing to adopt yet")
    };
    let cluster = Cluster::start(&options).unwrap();
    assert_eq!(u32::try_from(postmaster(&cluster)), Ok(orphan.id()));
    assert_eq!(psql(&cluster.url(NAME), "select 1").unwrap(), "1");
    let data = cluster.data_dir();
    cluster.stop();
    assert!(orphan.wait().unwrap().success());
    assert_eq!(process::all(&data), [0; 0]);
}

/// A pid file whose number now belongs to a stranger must not keep the server from starting.
#[test]
fn a_stale_pid_file_is_no_hindrance() {
    let folder = folder();
    let home = folder.path().join("db");
    let cluster = Cluster::start(&options(&home)).unwrap();
    let pid_file = cluster.data_dir().join("postmaster.pid");
    let text = std::fs::read_to_string(&pid_file).unwrap();
    cluster.stop();
    let stranger = text.replacen(text.lines().next().unwrap(), &std::process::id().to_string(), 1);
    std::fs::write(&pid_file, stranger).unwrap();
    assert_eq!(running(&home).unwrap(), None);
    Cluster::start(&options(&home)).unwrap().stop();
}

#[test]
fn a_pointer_to_nowhere_is_no_new_database() {
    let folder = folder();
    let home = folder.path().join("db");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(home.join(POINTER), folder.path().join("gone").to_str().unwrap()).unwrap();
    let said = Cluster::start(&options(&home)).err().unwrap().to_string();
    assert!(said.contains("it is not there: bring it back"), "{said}");
}

#[test]
fn an_ephemeral_one_leaves_nothing() {
    let folder = folder();
    let home = folder.path().join("db");
    let cluster = Cluster::start(&Options { ephemeral: true, ..options(&home) }).unwrap();
    let sockets = cluster.supervisor.socket_dir();
    assert_eq!(psql(&cluster.url(NAME), "show fsync").unwrap(), "off");
    cluster.stop();
    assert!(!home.exists() && !sockets.exists());
}
