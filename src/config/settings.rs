//! Every setting with its type, default and description: the one table that the parser, the
//! environment, `config/postern.toml` and `docs/config.md` are made from.
//!
//! Invariant: nothing about a setting is written anywhere else.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::value::{Hidden, LogFormat, MailTls, Setting};

/// One setting, as the parser, the sample and the manual need it.
pub struct Key {
    /// Name inside its section.
    pub name: &'static str,
    /// Its description, one entry a line.
    pub doc: &'static [&'static str],
    /// What may be written, in words.
    pub kind: &'static str,
    /// Its default; `None`: there is none and it is off.
    pub default: Option<toml::Value>,
    /// What the sample shows instead of the default, where the operator has to decide.
    pub sample: Option<toml::Value>,
    /// Reads the setting's value from an environment variable's text.
    pub from_env: fn(&str) -> toml::Value,
}

/// One section, as the parser, the sample and the manual need it.
pub struct Section {
    /// Name between the brackets.
    pub name: &'static str,
    /// Its description, one entry a line.
    pub doc: &'static [&'static str],
    /// Its settings in order.
    pub keys: Vec<Key>,
}

impl Section {
    /// `POSTERN_SECTION_KEY`
    pub fn variable(&self, key: &Key) -> String {
        format!("POSTERN_{}_{}", self.name, key.name).to_ascii_uppercase()
    }
}

macro_rules! settings {
    ($(
        $(#[doc = $section_doc:literal])+
        [$section:ident: $Struct:ident] {$(
            $(#[doc = $key_doc:literal])+
            $key:ident: $ty:ty = $default:expr $(, sample $sample:expr)?;
        )+}
    )+) => {
        $(
            $(#[doc = $section_doc])+
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields, default)]
            pub struct $Struct {
                $( $(#[doc = $key_doc])+ pub $key: $ty, )+
            }

            impl Default for $Struct {
                fn default() -> Self {
                    Self { $( $key: $default, )+ }
                }
            }
        )+

        /// The whole configuration, one field a section.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Config {
            $( $(#[doc = $section_doc])+ pub $section: $Struct, )+
        }

        /// The table itself.
        pub fn sections() -> Vec<Section> {
            vec![$(
                Section {
                    name: stringify!($section),
                    doc: &[$($section_doc),+],
                    keys: vec![$({
                        let default: $ty = $default;
                        Key {
                            name: stringify!($key),
                            doc: &[$($key_doc),+],
                            kind: <$ty as Setting>::KIND,
                            default: default.to_toml(),
                            sample: settings!(@sample $ty $(, $sample)?),
                            from_env: <$ty as Setting>::from_env,
                        }
                    }),+],
                }
            ),+]
        }
    };
    (@sample $ty:ty) => { None };
    (@sample $ty:ty, $sample:expr) => {{
        let sample: $ty = $sample;
        sample.to_toml()
    }};
}

fn any(port: u16) -> Vec<SocketAddr> {
    vec![SocketAddr::from((std::net::Ipv6Addr::UNSPECIFIED, port))]
}

settings! {
    /// Who this gateway is.
    [mail: Mail] {
        /// The portal's own mail domain, in which every account has its secure address. It publishes a null MX
        /// (RFC 7505) and sends no mail itself.
        domain: String = String::new(), sample "secure.example".to_owned();
        /// The name mail programs connect to, as the certificate has it; also said in greetings.
        hostname: String = String::new(), sample "mail.secure.example".to_owned();
    }

    /// Where everything that must survive is kept.
    [database: Database] {
        /// `embedded`: the gateway runs a private PostgreSQL (15 or newer) from the installed server programs, in
        /// `data_dir`. Otherwise the address of a server: `postgres://user@host/database`.
        url: Hidden = Hidden("embedded".to_owned());
        /// A file whose only line is the address, for one that holds a password; goes before `url`.
        url_file: Option<PathBuf> = None;
        /// The private PostgreSQL's folder; unused with a server of your own. When root starts the gateway and
        /// PostgreSQL's user cannot enter this folder, the files are in a folder below `/var/lib/postern`, which
        /// the file `moved-to` in this one names.
        data_dir: PathBuf = PathBuf::from("/var/lib/postern/postgres");
        /// Most connections this gateway opens to the database.
        connections: u32 = 24;
    }

    /// Message bytes and everything taken from them are sealed before they reach the database.
    [keys: Keys] {
        /// The file with the master key (`postern migrate` makes it when it is missing and the database is empty).
        /// Without it no mail can be read: keep a copy where the database's backups are not.
        master_file: PathBuf = PathBuf::from("/etc/postern/master.key");
        /// A program and its arguments that print what the file would hold, for a key service or an HSM. It goes
        /// before `master_file`, is run at start and at a rotation, and must end within seconds.
        master_command: Vec<String> = Vec::new();
    }

    /// How long mail can be brought back, by Support: `postern message list-deleted`.
    [retention: RetentionTimes] {
        /// Days that a deleted message stays recoverable. A legal hold of an account stops the count.
        deleted_days: u32 = 30;
    }

    /// The certificate of all listeners. The files are read again at SIGHUP.
    [tls: Tls] {
        /// PEM, the server's certificate first, then those up to the root.
        certificate_file: PathBuf = PathBuf::from("/etc/postern/tls/fullchain.pem");
        /// PEM, the certificate's private key.
        key_file: PathBuf = PathBuf::from("/etc/postern/tls/privkey.pem");
    }

    /// IMAP, where mail programs read.
    [imap: Imap] {
        /// Listeners with TLS from the first byte (RFC 8314).
        tls_listen: Vec<SocketAddr> = any(993);
        /// Listeners that start in the clear and demand STARTTLS before a sign-in; none: off.
        starttls_listen: Vec<SocketAddr> = Vec::new();
        /// Offer COMPRESS=DEFLATE (RFC 4978). Costs up to 64 KiB a connection.
        compress: bool = false;
    }

    /// SMTP submission, where mail programs send.
    [submission: Submission] {
        /// Listeners with TLS from the first byte (RFC 8314).
        tls_listen: Vec<SocketAddr> = any(465);
        /// Listeners that start in the clear and demand STARTTLS before a sign-in; none: off.
        starttls_listen: Vec<SocketAddr> = Vec::new();
    }

    /// The portal in the web browser.
    [portal: Portal] {
        /// HTTPS listeners; none: off.
        listen: Vec<SocketAddr> = any(443);
        /// Its address as people type it, without a slash at the end.
        url: String = String::new(), sample "https://portal.example".to_owned();
        /// A file of passwords known from breaches, which are refused beside those of the bundled list: what Have I
        /// Been Pwned's downloader writes as one file (SHA-1, colon, count; sorted). Nothing is sent anywhere.
        breached_passwords: Option<PathBuf> = None;
    }

    /// What leaves the house: invitations, links, codes, "you have a secure message". Never a subject, a text or
    /// an attachment's name. Mail goes through `[smarthost]`, texts and calls through `[phone]`.
    [notices: Notices] {
        /// Who the mails come from, as `Name <local@domain>`; not in `mail.domain`, which sends nothing. Must be
        /// set with a smarthost.
        from: String = String::new();
        /// A folder that takes every notice as a file, instead of sending any: for trying out.
        outbox_dir: Option<PathBuf> = None;
        /// Seconds that one try may take. What a gateway was sending when it was killed is sent by another one after
        /// twice this.
        attempt_seconds: u32 = 60;
        /// Most mails, and most texts and calls, that this gateway sends at the same time.
        at_once: u32 = 16;
        /// Days that sent and failed notices stay listed, without what they said.
        keep_days: u32 = 30;
    }

    /// The mail server that takes this gateway's notices. TLS always, its certificate verified.
    [smarthost: Smarthost] {
        /// Its name, as its certificate has it; empty: no mail is sent.
        host: String = String::new();
        /// Its port.
        port: u32 = 465;
        /// `implicit`: TLS from the first byte; `starttls`: after STARTTLS, without which nothing is sent.
        tls: MailTls = MailTls::Implicit;
        /// The user to sign in with; empty: none.
        user: String = String::new();
        /// A file whose only line is that user's password.
        password_file: Option<PathBuf> = None;
        /// PEM of a certificate authority that is trusted beside the system's.
        ca_file: Option<PathBuf> = None;
    }

    /// The provider of text messages and calls, with an interface of Twilio's shape.
    [phone: Phone] {
        /// Its address, without a slash at the end, https:// (in the clear on loopback only); empty: none are sent.
        base_url: String = String::new();
        /// The account's identifier.
        account: String = String::new();
        /// A file whose only line is the account's token.
        token_file: Option<PathBuf> = None;
        /// The number that texts and calls come from, as +4930123456.
        from: String = String::new();
        /// PEM of a certificate authority that is trusted beside the system's.
        ca_file: Option<PathBuf> = None;
    }

    /// Who works at this command line.
    [support: Support] {
        /// The name under which acts are entered in the audit log when `--as` names nobody; empty: `--as` is needed.
        name: String = String::new();
    }

    /// The audit log: who signed in, sent, read, changed what. In the database, chained so that a change is noticed.
    [audit: Audit] {
        /// A file to which the end of the chain is written, so that a log cut off at its end, or set back to a backup,
        /// is noticed. On another disk than the database; copy it elsewhere, too.
        head_file: Option<PathBuf> = None;
        /// Years that entries are kept.
        keep_years: u32 = 6;
    }

    /// Figures for Prometheus, without any address or name in them.
    [metrics: Metrics] {
        /// HTTP listeners in the clear, so on loopback or a private network only; none: off.
        listen: Vec<SocketAddr> = vec![SocketAddr::from(([127, 0, 0, 1], 9464))];
    }

    /// Which files may be attached. The standard list: jpg jpeg jfif png gif bmp tif tiff heic heif mp4 mov m4v
    /// pdf doc xls ppt docx xlsx pptx rtf txt csv log dcm dicom stl ply obj zip, and signatures of signed
    /// messages. Programs, scripts, web pages, SVG, macros and whole mails are refused always. Read again at
    /// SIGHUP.
    [attachments: Attachments] {
        /// Endings to accept beside the standard list, of those whose content can be checked: webp, ics, vcf.
        add: Vec<String> = Vec::new();
        /// Endings of the standard list to refuse.
        remove: Vec<String> = Vec::new();
        /// Types of your own, each as `ending@offset:bytes`: where in the file (from 0) which bytes (hexadecimal)
        /// stand. `3oxz@0:504b0304` accepts files ending in .3oxz that begin with those four bytes.
        custom: Vec<String> = Vec::new();
    }

    /// How much of anything one peer or one message may take. Read again at SIGHUP.
    [limits: Limits] {
        /// All attachments of a message together, decoded, in MB of 1,048,576 bytes (a practice may have its own).
        attachments_mb: u32 = 100;
        /// Room on the wire beside the attachments, for text and inline pictures, in MB.
        text_mb: u32 = 4;
        /// Most connections of one listener.
        connections: u32 = 20_000;
        /// Most connections of one listener from one address (IPv6: one /64), practices behind one router included.
        connections_per_address: u32 = 200;
        /// Most connections of one account to IMAP, and to submission. Thunderbird takes 5 a device.
        connections_per_account: u32 = 50;
        /// Of these, most connections of one device (one app password), so that one that runs wild leaves room
        /// for its owner's others.
        connections_per_device: u32 = 20;
        /// Sign-ins of one device in a minute, and at once. The address book signs in with each request.
        sign_ins_per_device: u32 = 1200;
        /// Seconds from connecting to a sign-in.
        sign_in_seconds: u32 = 60;
        /// Minutes without a command after which IMAP signs out (RFC 9051 §5.4 asks for at least 30).
        imap_idle_minutes: u32 = 30;
        /// Minutes without a command after which submission signs out (RFC 5321 §4.5.3.2.7: at least 5).
        submission_idle_minutes: u32 = 5;
        /// Most memory of messages that were read lately, in MB of 1,048,576 bytes: their headers, opened, and what
        /// opens their bytes, so that they are read again without asking the database; 0: none.
        opened_mb: u32 = 64;
        /// Seconds that running commands get at SIGTERM before their connections are closed.
        drain_seconds: u32 = 25;
    }

    /// What the gateway writes about itself to standard error. No level shows secrets or mail.
    [log: Log] {
        /// `human` for reading, `json` for collecting.
        format: LogFormat = LogFormat::Human;
        /// `error`, `warn`, `info`, `debug` or `trace`; single modules as in `info,postern::imap=debug`.
        level: String = "info".to_owned();
    }
}
