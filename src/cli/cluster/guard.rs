//! For tests: a shell that outlives the test process by a moment and cleans up after it.
//!
//! A test binary ends without running destructors of statics, or is killed. The shell waits for the end
//! of a pipe whose other end only the test process holds, then stops the server and removes its home.

use std::process::{Child, Command, Stdio};

use super::{ClusterError, Place};

const SCRIPT: &str = r#"
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && [ -n "$pid" ] && kill -INT "$pid" 2>/dev/null
n=0
while [ -e "$1/data/postmaster.pid" ] && [ $n -lt 300 ]; do sleep 0.1; n=$((n + 1)); done
rm -rf -- "$1" "$2"
"#;

/// The shell, and our end of its pipe.
pub(super) struct Guard(Child);

impl Guard {
    pub(super) fn watch(place: &Place) -> Result<Self, ClusterError> {
        use std::os::unix::process::CommandExt as _;
        Command::new("/bin/sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(place.home())
            .arg(place.socket_dir()?)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Self)
            .map_err(ClusterError::io(std::path::Path::new("/bin/sh")))
    }
}

impl Drop for Guard {
    /// After the server has stopped: the shell finds nothing to stop and removes the home.
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        if let Err(error) = self.0.wait() {
            tracing::warn!(%error, "the guard of an ephemeral PostgreSQL");
        }
    }
}
