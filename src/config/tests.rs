use super::*;

fn parse(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let env: Vec<_> = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Config::parse(text, Path::new("postern.toml"), &env)
}

fn refused(text: &str, env: &[(&str, &str)]) -> String {
    parse(text, env).unwrap_err().to_string()
}

/// The sample and the manual page in the repository are the generated ones.
#[test]
fn sample_and_manual_are_in_step() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (file, made) in [("config/postern.toml", sample()), ("docs/config.md", manual())] {
        let there = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        assert!(there == made, "{file} differs from the settings: run `make docs`");
    }
}

#[test]
fn the_sample_is_a_configuration() {
    let config = parse(&sample(), &[]).unwrap();
    config.validate().unwrap();
    let mail = Mail { domain: "secure.example".into(), hostname: "mail.secure.example".into() };
    let mut expected = Config { mail, ..Config::default() };
    expected.portal.url = "https://portal.example".into();
    assert_eq!(config, expected);
}

/// Whoever takes the commented defaults in gets what he had.
#[test]
fn commented_defaults_are_the_defaults() {
    let mut open = String::new();
    for line in sample().lines() {
        let setting = line.strip_prefix('#').filter(|l| l.starts_with(|c: char| c.is_ascii_lowercase()));
        let keep = setting.filter(|l| !l.ends_with("= \"\"")).unwrap_or(line);
        open.push_str(keep);
        open.push('\n');
    }
    assert_eq!(parse(&open, &[]).unwrap(), parse(&sample(), &[]).unwrap());
}

#[test]
fn nearest_names() {
    assert_eq!(
        refused("[imap]\ncompres = true", &[]),
        "postern.toml: unknown setting \"imap.compres\", did you mean imap.compress?"
    );
    assert_eq!(
        refused("[submision]\n", &[]),
        "postern.toml: unknown section \"submision\", did you mean submission?"
    );
    assert_eq!(
        refused("[imap]\ndomain = \"x\"", &[]),
        "postern.toml: unknown setting \"imap.domain\", did you mean mail.domain?"
    );
    assert_eq!(
        refused("compress = true", &[]),
        "postern.toml: unknown section \"compress\": a setting of that name belongs into [imap]"
    );
    assert_eq!(
        refused("", &[("POSTERN_IMAP_COMPRES", "true")]),
        "environment: unknown variable \"POSTERN_IMAP_COMPRES\", did you mean POSTERN_IMAP_COMPRESS?"
    );
}

#[test]
fn wrong_types_point_at_the_place() {
    let said = refused("[imap]\ncompress = \"yes\"", &[]);
    assert!(said.contains("line 2") && said.contains("expected a boolean"), "{said}");
    let said = refused("", &[("POSTERN_IMAP_COMPRESS", "yes")]);
    assert!(said.starts_with("environment variable POSTERN_IMAP_COMPRESS: "), "{said}");
    assert!(refused("imap = 3", &[]).contains("[imap]"));
}

/// Every setting can come from the environment, and wins over the file.
#[test]
fn environment_overrides() {
    let file = "[imap]\ncompress = false\n[mail]\ndomain = \"a.example\"";
    let config = parse(
        file,
        &[
            ("POSTERN_IMAP_COMPRESS", "true"),
            ("POSTERN_IMAP_STARTTLS_LISTEN", "127.0.0.1:143, [::1]:143"),
            ("POSTERN_LIMITS_ATTACHMENTS_MB", "7"),
            ("POSTERN_LOG_FORMAT", "json"),
            ("POSTERN_DATABASE_URL_FILE", "secret/url"),
        ],
    )
    .unwrap();
    assert!(config.imap.compress);
    assert_eq!(config.imap.starttls_listen.len(), 2);
    assert_eq!(config.limits.attachments_mb, 7);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.database.url_file.as_deref(), Some(Path::new("secret/url")));
    assert_eq!(config.mail.domain, "a.example");
    for section in sections() {
        for key in &section.keys {
            let text = match key.default.clone().unwrap_or(toml::Value::String("x".into())) {
                toml::Value::String(text) => text,
                toml::Value::Array(items) => {
                    items.iter().map(|i| i.as_str().unwrap().to_owned()).collect::<Vec<_>>().join(",")
                }
                other => other.to_string(),
            };
            let variable = section.variable(key);
            parse("", &[(&variable, &text)]).unwrap_or_else(|e| panic!("{variable}={text}: {e}"));
        }
    }
}

#[test]
fn faults_are_told_together() {
    let mut config = parse(&sample(), &[]).unwrap();
    config.mail.domain = "under_score.example".into();
    config.portal.url = "http://portal.example".into();
    config.limits.imap_idle_minutes = 5;
    let ConfigError::Invalid(faults) = config.validate().unwrap_err() else { panic!() };
    assert_eq!(faults.len(), 3, "{faults:?}");
}

/// A smarthost needs a sender outside the portal's domain; a provider needs who and where, and no clear text.
#[test]
fn notices_need_their_settings() {
    let faults = |change: fn(&mut Config)| {
        let mut config = parse(&sample(), &[]).unwrap();
        change(&mut config);
        match config.validate() {
            Err(ConfigError::Invalid(faults)) => faults,
            other => panic!("{other:?}"),
        }
    };
    assert!(faults(|c| c.smarthost.host = "mx.test".into())[0].starts_with("notices.from is not set"));
    let said = faults(|c| {
        c.smarthost.host = "mx.test".into();
        c.notices.from = "Notices <n@Secure.example>".into();
        c.smarthost.user = "u".into();
        c.smarthost.port = 0;
    });
    assert!(said[0].contains("sends no mail itself") && said.len() == 3, "{said:?}");
    for url in ["http://provider.test", "https://provider.test/", "ftp://x", "http://127.0.0.1.evil.test"] {
        let mut config = parse(&sample(), &[]).unwrap();
        config.phone.base_url = url.into();
        let ConfigError::Invalid(said) = config.validate().unwrap_err() else { panic!() };
        assert!(said[0].starts_with("phone.base_url") && said.len() == 2, "{url}: {said:?}");
    }
    let mut config = parse(&sample(), &[]).unwrap();
    config.phone = Phone {
        base_url: "http://127.0.0.1:8080".into(),
        account: "AC1".into(),
        token_file: Some("token".into()),
        from: "+491".into(),
        ca_file: None,
    };
    config.validate().unwrap();
}

#[test]
fn written_and_read_back() {
    let mut config = parse(&sample(), &[]).unwrap();
    config.database.url = Hidden("postgres://u:p%40@h/d".into());
    config.database.url_file = Some("url".into());
    assert_eq!(parse(&config.to_toml().unwrap(), &[]).unwrap(), config);
    assert!(!format!("{config:?}").contains("p%40"));
}
