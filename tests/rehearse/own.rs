//! The rehearsal of an operator's own file: what it does with it, and that nothing of the operator's is
//! touched, asked or run.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;

use certrotd::sim::pki::{Authority, KeyKind};

use crate::common::now;
use crate::host::{Host, shows};

#[test]
fn an_operators_own_file_touches_nothing_of_the_operators() {
    let host = Host::new();
    let entries = host.pair("shop", KeyKind::EcdsaP384) + &host.pair("blog", KeyKind::Rsa2048);
    let file = host.configure(&entries);
    let before = fs::read_dir(host.scratch.path("")).unwrap().count();
    let (output, text) = host.run(&["rehearse", "--config", &file]);
    assert_eq!(output.status.code(), Some(0), "{text}{output:?}");
    shows(
        &text,
        &[
            "cn-north-4_shop",
            "made up   each listener",
            "/usr/bin/touch",
            "not run",
            "2 imports: each leaf on the disk, once",
            "– TaurusDB SSL switch  ledger waits for `allow_restart`",
            "✓ DCS CA",
            "✓ GeminiDB CA",
            "✓ Second apply",
            "allow_restart = true",
            "Everything came out right, in the simulation.",
        ],
    );
    assert!(!text.contains("plain http"), "none of its endpoints is used: {text}");
    assert!(!text.contains("not renewed"), "{text}");
    assert!(!host.scratch.path("hook-ran").exists(), "no command is run");
    let after = fs::read_dir(host.scratch.path("")).unwrap().count();
    assert_eq!(after, before, "neither state nor CA files are written where the file says");
    host.is_clean();
}

#[test]
fn an_operators_places_are_bound_and_their_probes_stay_here() {
    let host = Host::new();
    // What stands for the operator's real server: nobody may knock there.
    let real = TcpListener::bind("127.0.0.1:0").unwrap();
    real.set_nonblocking(true).unwrap();
    let at = real.local_addr().unwrap();
    let shop = host.entry("shop", KeyKind::Rsa2048)
        + &format!(
            "[[certificate.push]]\nservice = \"elb\"\nlisteners = [\"0aa1f2b3-1111\", \"0bb1f2b3-2222\"]\n\
             probe = [\"shop.example.com@{at}\", \"{at}\"]\n\
             [[certificate.push]]\nservice = \"waf\"\nproject = \"cn-north-4_shop\"\n\
             hosts = [\"Shop.example.com:8443\", \"3f1c2a\"]\nprobe = [\"shop.example.com@{at}\"]\n\
             [[certificate.push]]\nservice = \"cdn\"\ndomains = [\"static.shop.example.com\"]\n"
        );
    let blog = host.entry("blog", KeyKind::EcdsaP256)
        + &format!(
            "[[certificate.push]]\nservice = \"elb\"\nlisteners = [\"0aa1f2b3-1111\"]\n\
             [[certificate.push]]\nservice = \"waf\"\nprobe = [\"blog.example.com@{at}\"]\n"
        );
    let file = host.configure(&(shop + &blog));
    let (output, text) = host.run(&["rehearse", "--config", &file]);
    assert_eq!(output.status.code(), Some(0), "{text}{output:?}");
    shows(
        &text,
        &[
            "probes    3 handshakes to the simulated edges",
            "probes    1 handshake left out",
            "✓ Served by ELB        3 listeners return",
            "✓ Served by WAF        2 hosts return",
            "✓ Served by CDN        1 domain returns",
            "✓ Fees",
            "✓ Second apply",
        ],
    );
    let knocked = real.accept().map_err(|error| error.kind());
    assert!(matches!(knocked, Err(ErrorKind::WouldBlock)), "{knocked:?}");
    host.is_clean();
}

#[test]
fn an_operators_databases_are_simulated_and_their_probes_stay_here() {
    let host = Host::new();
    let real = TcpListener::bind("127.0.0.1:0").unwrap();
    real.set_nonblocking(true).unwrap();
    let at = real.local_addr().unwrap();
    let pg = "dc1f4a5e8b7a4d0a9c3e2f6071b8d925in03";
    let mut entries = String::new();
    for (name, service, id, more) in [
        ("carts", "dcs", "7d6e2b41-cebf-4473-95c4-d1b573c16e79", "protocol = 'tls'"),
        ("bills", "rds", pg, "protocol = 'postgres'\nowner = 'nobody-here'\ngroup = '4711'"),
        ("bills-too", "rds", pg, "protocol = 'postgres'\ncategory = 'national'"),
        ("shop", "rds", "5d2e8a7c90b34f16a1c3e5d7f9b80246in01", "protocol = 'mysql'"),
        ("docs", "dds", "9f136948f6904d1fad2f4c8e2d5b7a16in02", ""),
        ("stock", "gaussdb", "2b7c90e1d4f84a53b6c8e9f01a2d3c47in14", "protocol = 'postgres'"),
    ] {
        entries += &format!(
            "[[instance_ca]]\nname = \"{name}\"\ncloud = \"beijing\"\nservice = \"{service}\"\n\
             instance_id = \"{id}\"\npath = \"ca/{name}.pem\"\nprobe = \"{at}\"\n{more}\n"
        );
    }
    for (name, id, more) in [
        ("paid", "196c0fc43e804757b59946b80dc27f8bin07", "window = 'Sun 02:00-02:01'"),
        ("known", "296c0fc43e804757b59946b80dc27f8bin07", "assume = true"),
    ] {
        entries += &format!(
            "[[instance_ssl]]\nname = \"{name}\"\ncloud = \"beijing\"\nservice = \"taurusdb\"\n\
             instance_id = \"{id}\"\nenabled = true\nallow_restart = true\nprobe = \"{at}\"\n{more}\n"
        );
    }
    let file = host.configure(&entries);
    let (output, text) = host.run(&["rehearse", "--config", &file]);
    assert_eq!(output.status.code(), Some(0), "{text}{output:?}");
    shows(
        &text,
        &[
            "probes    8 handshakes to simulated databases",
            "✓ DCS CA               2 files hold what is published, and a client connects",
            "✓ RDS CA               3 files hold what is published, and 3 clients connect",
            "✓ DDS CA               1 file holds what is published, and a client connects",
            "✓ GaussDB CA",
            "✓ GeminiDB CA          1 file holds what is published\n",
            "paid: one PUT, its job",
            "known: its greeting",
            "✓ Second apply",
        ],
    );
    let knocked = real.accept().map_err(|error| error.kind());
    assert!(matches!(knocked, Err(ErrorKind::WouldBlock)), "{knocked:?}");
    host.is_clean();
}

#[test]
fn more_places_than_a_rehearsal_binds_are_left_out() {
    let host = Host::new();
    let domains: Vec<_> = (0..8).map(|number| format!("\"d{number}.shop.example.com\"")).collect();
    let entry = host.entry("shop", KeyKind::EcdsaP256).replace("shop.pem", "many.pem");
    let names: Vec<_> = (0..8).map(|number| format!("d{number}.shop.example.com")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let from = now() - std::time::Duration::from_secs(3600);
    let to = from + std::time::Duration::from_secs(90 * 86_400);
    let issued = Authority::new("Own").issue(&names, KeyKind::EcdsaP256, from, to);
    host.secret("many.pem", &issued.fullchain_pem());
    host.secret("shop.key", issued.key_pem.expose());
    let push = "[[certificate.push]]\nservice = \"cdn\"\n";
    let file = host.configure(&format!("{entry}{push}domains = [{}]\n", domains.join(", ")));
    let (output, text) = host.run(&["rehearse", "--config", &file]);
    assert_eq!(output.status.code(), Some(0), "{text}{output:?}");
    shows(&text, &["places    2 places left out", "✓ Served by CDN        6 domains return"]);
}

#[test]
fn what_ends_soon_is_told_though_all_of_it_comes_out_right() {
    let host = Host::new();
    let entry = host.entry("shop", KeyKind::EcdsaP256);
    let from = now() - std::time::Duration::from_secs(3600);
    let to = now() + std::time::Duration::from_secs(4 * 86_400 + 3600);
    let issued = Authority::new("Own").issue(&["shop.example.com"], KeyKind::EcdsaP256, from, to);
    host.secret("shop.pem", &issued.fullchain_pem());
    host.secret("shop.key", issued.key_pem.expose());
    let file = host.configure(&entry);
    let (output, text) = host.run(&["rehearse", "--config", &file]);
    assert_eq!(output.status.code(), Some(0), "{text}{output:?}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    shows(&words, &["4 days left and not renewed: look at the ACME client"]);
}

#[test]
fn a_bad_certificate_is_told_and_ends_with_1() {
    let host = Host::new();
    let entries = host.pair("shop", KeyKind::EcdsaP256) + &host.pair("blog", KeyKind::EcdsaP256);
    let file = host.configure(&entries);
    fs::copy(host.scratch.path("shop.key"), host.scratch.path("blog.key")).unwrap();
    let (output, text) = host.run(&["--config", &file, "rehearse"]);
    assert_eq!(output.status.code(), Some(1), "{text}");
    shows(&text, &["✗ SCM import", "blog.key", "✓ DCS CA"]);
    assert!(!host.scratch.path("hook-ran").exists());
    host.is_clean();

    fs::write(&file, "[cloud.beijing]\nregoin = \"x\"\n").unwrap();
    let (output, _) = host.run(&["rehearse", "--config", &file]);
    assert_eq!(output.status.code(), Some(2), "a wrong file is refused as by every command");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("own.toml:2:"), "{said}");
    host.is_clean();
}
