//! Certificates made by `openssl` and presented by its server, which share no code with us. Where there is
//! no `openssl`, these tests say so and end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use certrotd::cert::read_ca;
use certrotd::model::place::{InstanceProbe, Protocol};
use certrotd::model::time::Time;
use certrotd::observe::instance::prove;
use certrotd::plan::observed::Proof;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::bench::{probe, refused, verified};

/// Extensions of a leaf as a careful CA has it.
const LEAF: &str = "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n";

/// A directory of its own, which goes when this does.
struct Scratch(PathBuf);

impl Scratch {
    /// None, and a word about it, where there is no `openssl`.
    #[expect(
        clippy::print_stdout,
        reason = "a test that is skipped must not look like one that ran"
    )]
    fn new(name: &str) -> Option<Self> {
        if std::process::Command::new("openssl").arg("version").output().is_err() {
            println!("skipped: no openssl");
            return None;
        }
        let path =
            std::env::temp_dir().join(format!("certrotd-instances-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Some(Self(path))
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn openssl(&self, words: &[&str]) {
        let done = std::process::Command::new("openssl").args(words).current_dir(&self.0).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// A request and its key, NAME.csr and NAME.key.
    fn request(&self, name: &str, kind: &[&str]) {
        let (key, request) = (format!("{name}.key"), format!("{name}.csr"));
        let subject = format!("/CN={name}");
        let fixed =
            ["req", "-nodes", "-subj", &subject, "-keyout", &key, "-out", &request, "-newkey"];
        self.openssl(&[&fixed, kind].concat());
    }

    /// A root, NAME.pem, of version 3, or, without extensions, of version 1.
    fn root(&self, name: &str, extensions: Option<&str>) {
        self.request(name, &["rsa:2048"]);
        let (key, request, out) =
            (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
        self.sign(&["-signkey", &key, "-in", &request, "-out", &out, "-days", "30"], extensions);
    }

    /// A leaf, NAME.pem.
    fn leaf(&self, name: &str, kind: &[&str], root: &str, extensions: Option<&str>, more: &[&str]) {
        self.request(name, kind);
        let (request, out) = (format!("{name}.csr"), format!("{name}.pem"));
        let (ca, key) = (format!("{root}.pem"), format!("{root}.key"));
        let fixed = [
            "-CA",
            &ca,
            "-CAkey",
            &key,
            "-CAcreateserial",
            "-in",
            &request,
            "-out",
            &out,
            "-days",
            "20",
        ];
        self.sign(&[&fixed, more].concat(), extensions);
    }

    fn sign(&self, words: &[&str], extensions: Option<&str>) {
        let words = [&["x509", "-req"], words].concat();
        match extensions {
            None => self.openssl(&words),
            Some(text) => {
                std::fs::write(self.0.join("extensions"), text).unwrap();
                self.openssl(&[&words[..], &["-extfile", "extensions"]].concat());
            }
        }
    }

    /// A server that presents NAME.pem. It ends when it is dropped.
    async fn server(&self, name: &str, more: &[&str]) -> (Child, SocketAddr) {
        let mut command = Command::new("openssl");
        // Level 0 lets it sign with keys that nobody should have any more.
        command.args(["s_server", "-accept", "127.0.0.1:0", "-cipher", "ALL@SECLEVEL=0"]);
        command.args([
            "-cert",
            &self.path(&format!("{name}.pem")),
            "-key",
            &self.path(&format!("{name}.key")),
        ]);
        command.args(more).current_dir(&self.0);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        loop {
            let line = lines.next_line().await.unwrap().expect("the server says where it listens");
            if let Some(address) = line.strip_prefix("ACCEPT ") {
                return (child, address.parse().unwrap());
            }
        }
    }

    /// What comes of NAME's certificate with this CA, today: `openssl` makes none for another day.
    async fn judged(&self, name: &str, ca: &str, more: &[&str]) -> Proof {
        let (_child, address) = self.server(name, more).await;
        let published = std::fs::read(Path::new(&self.path(&format!("{ca}.pem")))).unwrap();
        let asked = InstanceProbe { probe: probe(address), protocol: Protocol::Tls };
        prove(&asked, &read_ca(&published).unwrap(), Time::from(chrono::Utc::now())).await
    }
}

impl Scratch {
    /// Joins these into NAME.pem.
    fn joined(&self, name: &str, parts: &[&str]) {
        let read = |part: &&str| std::fs::read(self.path(&format!("{part}.pem"))).unwrap();
        std::fs::write(
            self.path(&format!("{name}.pem")),
            parts.iter().map(read).collect::<Vec<_>>().concat(),
        )
        .unwrap();
    }

    /// Whether `openssl`, which allows no partial chains, takes NAME.pem with this CA alone.
    fn takes(&self, name: &str, ca: &str) -> bool {
        let words = ["verify", "-no-CApath", "-no-CAstore", "-CAfile"];
        let files = [format!("{ca}.pem"), format!("{name}.pem")];
        let mut asked = std::process::Command::new("openssl");
        asked.args(words).args(files).current_dir(&self.0).output().unwrap().status.success()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn roots_and_leaves_of_version_1_verify() {
    let Some(scratch) = Scratch::new("v1") else { return };
    scratch.root("old", None);
    scratch.root("other", None);
    scratch.leaf("modern", &["rsa:2048"], "old", Some(LEAF), &[]);
    scratch.leaf("plain", &["rsa:2048"], "old", None, &[]);
    scratch.leaf("plain-ec", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "old", None, &[]);
    for version in ["-tls1_2", "-tls1_3"] {
        for leaf in ["modern", "plain", "plain-ec"] {
            verified(scratch.judged(leaf, "old", &[version]).await);
            let (seen, words) = refused(scratch.judged(leaf, "other", &[version]).await);
            assert!(seen.is_some() && words.contains("issued by CN=old"), "{words}");
        }
        // The certificate of a server that issued it itself, of version 1 like its key's request.
        verified(scratch.judged("old", "old", &[version]).await);
    }
}

#[tokio::test]
async fn a_server_that_demands_a_certificate_is_judged_by_its_own() {
    let Some(scratch) = Scratch::new("demanding") else { return };
    let ca = Some("basicConstraints=critical,CA:TRUE\n");
    scratch.root("root", ca);
    scratch.root("other", ca);
    scratch.leaf("redis", &["rsa:2048"], "root", Some(LEAF), &[]);
    for version in ["-tls1_2", "-tls1_3"] {
        let demanding = [version, "-Verify", "1", "-verify_return_error", "-CAfile", "root.pem"];
        verified(scratch.judged("redis", "root", &demanding).await);
        refused(scratch.judged("redis", "other", &demanding).await);
    }
}

#[tokio::test]
async fn what_clients_refuse_for_its_kind_is_refused_in_words() {
    let Some(scratch) = Scratch::new("kinds") else { return };
    scratch.root("root", Some("basicConstraints=critical,CA:TRUE\n"));
    scratch.leaf("short", &["rsa:1024"], "root", Some(LEAF), &[]);
    scratch.leaf("sha1", &["rsa:2048"], "root", Some(LEAF), &["-sha1"]);
    scratch.leaf("client", &["rsa:2048"], "root", Some("extendedKeyUsage=clientAuth\n"), &[]);
    for (leaf, told) in [
        ("short", "the key of CN=short (RSA 1024)"),
        ("sha1", "clients refuse CN=sha1"),
        ("client", "CN=client is not for servers"),
    ] {
        let (seen, words) = refused(scratch.judged(leaf, "root", &[]).await);
        assert!(seen.is_some() && words.contains(told), "{words}");
    }
}

#[tokio::test]
async fn only_what_ends_a_chain_for_openssl_ends_one_here() {
    let Some(scratch) = Scratch::new("anchors") else { return };
    let ca = "basicConstraints=critical,CA:TRUE\n";
    let useless = format!("{ca}keyUsage=critical,cRLSign\n");
    scratch.root("root", Some(ca));
    scratch.root("denied", Some("basicConstraints=CA:FALSE\n"));
    scratch.root("unmarked", Some("subjectKeyIdentifier=hash\n"));
    scratch.root("useless", Some(&useless));
    scratch.leaf("middle", &["rsa:2048"], "root", Some(ca), &[]);
    scratch.joined("both", &["middle", "root"]);
    scratch.joined("astray", &["middle", "unmarked"]);
    for (leaf, issuer) in [
        ("below", "middle"),
        ("direct", "root"),
        ("a", "denied"),
        ("b", "unmarked"),
        ("c", "useless"),
    ] {
        scratch.leaf(leaf, &["rsa:2048"], issuer, Some(LEAF), &[]);
    }
    for (leaf, ca, is_taken) in [
        ("direct", "root", true),
        ("direct", "both", true),
        ("direct", "middle", false),
        ("below", "both", true),
        ("below", "root", false),
        ("below", "middle", false),
        ("below", "astray", false),
        ("middle", "root", true),
        ("middle", "middle", false),
        ("a", "denied", false),
        ("b", "unmarked", false),
        ("c", "useless", false),
        ("denied", "denied", true),
        ("unmarked", "unmarked", true),
    ] {
        assert_eq!(scratch.takes(leaf, ca), is_taken, "openssl: {leaf} with {ca}");
        match scratch.judged(leaf, ca, &[]).await {
            Proof::Verified(_) => assert!(is_taken, "{leaf} with {ca}"),
            other => assert!(!is_taken && !refused(other).1.is_empty(), "{leaf} with {ca}"),
        }
    }
}
