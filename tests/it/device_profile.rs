//! Configuration profiles, signed with the server's certificate and verified by OpenSSL.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use postern::devices::profile::{Contacts, Owner, profile};
use postern::devices::{Servers, cms};
use postern::net::ServerTls;

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A CA and a server's certificate with a key of this kind; `chain.pem` and `key.pem`.
fn certificate(folder: &Path, key: &[&str]) {
    let ca = "req -x509 -newkey rsa:2048 -nodes -days 3 -subj /CN=CA -keyout ca.key -out ca.pem";
    openssl(folder, &ca.split(' ').collect::<Vec<_>>());
    let request =
        ["req", "-nodes", "-subj", "/CN=mail.secure.example", "-keyout", "key.pem", "-out", "leaf.csr"];
    openssl(folder, &[&request[..], key].concat());
    std::fs::write(
        folder.join("ext"),
        "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:mail.secure.example\n",
    )
    .unwrap();
    let sign =
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3 -extfile ext -out leaf.pem";
    openssl(folder, &sign.split(' ').collect::<Vec<_>>());
    let chain = ["leaf.pem", "ca.pem"].map(|f| std::fs::read_to_string(folder.join(f)).unwrap());
    std::fs::write(folder.join("chain.pem"), chain.concat()).unwrap();
}

#[test]
fn openssl_verifies_what_each_kind_of_key_signed() {
    let at = |port: u16| [std::net::SocketAddr::from(([0, 0, 0, 0], port))];
    let servers =
        Servers::new("secure.example", "mail.secure.example", &at(993), &at(465), "https://portal.example");
    let owner = Owner {
        full_name: "Anna Weber",
        secure_address: "anna.weber@secure.example",
        practice: None,
        password: Some("secret"),
        contacts: Contacts::Yes,
    };
    let unsigned = profile(&servers, &owner).unwrap();
    for key in [
        &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"][..],
        &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
        &["-newkey", "rsa:2048"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        certificate(folder, key);
        let tls = ServerTls::load(&folder.join("chain.pem"), &folder.join("key.pem")).unwrap();
        let server = tls.signer().unwrap();
        let signer =
            cms::Signer { scheme: server.scheme(), chain: server.chain(), sign: &|m| server.sign(m) };
        let signed = cms::signed(&unsigned, &signer, SystemTime::now()).unwrap();
        std::fs::write(folder.join("p.mobileconfig"), &signed).unwrap();
        for command in ["cms", "smime"] {
            let verify = format!(
                "{command} -verify -inform DER -in p.mobileconfig -CAfile ca.pem -purpose any -out out.plist"
            );
            openssl(folder, &verify.split(' ').collect::<Vec<_>>());
            assert_eq!(std::fs::read(folder.join("out.plist")).unwrap(), unsigned, "{command} {key:?}");
        }
        // Any changed byte of the content is noticed.
        let mut changed = signed.clone();
        let place = changed.windows(4).position(|w| w == b"Anna").unwrap();
        changed[place] = b'E';
        std::fs::write(folder.join("p.mobileconfig"), &changed).unwrap();
        let verify = "cms -verify -inform DER -in p.mobileconfig -CAfile ca.pem -purpose any -out out.plist";
        let output = Command::new("openssl").current_dir(folder).args(verify.split(' ')).output().unwrap();
        assert!(!output.status.success());
    }
}
