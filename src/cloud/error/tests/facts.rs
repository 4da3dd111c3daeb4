//! The table of codes against what the documents say: nothing twice, nothing forgotten.

use super::super::codes;
use super::*;

/// The codes that have a row. The status is the one that the documents give them, or the first of several.
const IN_THE_TABLE: [(u16, &str); 15] = [
    (404, "APIGW.0101"),
    (401, "APIGW.0301 APIGW.0305 APIGW.0307"),
    (
        403,
        "APIGW.0302 APIGW.0306 APIGW.0310 APIGW.0401 APIGW.0402 APIGW.0404 APIGW.0801 APIGW.0802",
    ),
    (429, "APIGW.0308"),
    (405, "APIGW.0501 APIGW.0502"),
    (
        400,
        "SCM.0003 SCM.0005 SCM.0006 SCM.0008 SCM.0009 SCM.0010 SCM.0011 SCM.0012 SCM.0013 SCM.0014 SCM.0015 \
         SCM.0016 SCM.0020 SCM.0023 SCM.0024 SCM.0028 SCM.0030 SCM.0031 SCM.0032 SCM.0053 SCM.0054 SCM.0059 \
         SCM.0069 SCM.0070 SCM.0079 SCM.0099 SCM.0114 SCM.0201 SCM.0202 SCM.0203 SCM.0211 SCM.0212 SCM.0221 \
         SCM.0222",
    ),
    (401, "SCM.1000 SCM.1004 SCM.1009 SCM.1010 SCM.4002"),
    (403, "CDN.00010198"),
    (400, "DCS.4201 DCS.4061"),
    (
        400,
        "DCS.4026 DCS.4049 DCS.4096 DCS.4097 DCS.4111 DCS.4113 DCS.4114 DCS.4115 DCS.4116 DCS.4117 DCS.4118 \
         DCS.4120 DCS.4121 DCS.4231 DCS.4975",
    ),
    (500, "DCS.5010"),
    (401, "DCS.1001 DCS.1002 DCS.1003 DCS.1004"),
    (403, "DCS.2007"),
    (404, "DCS.3022"),
    (
        409,
        "DBS.200019 DBS.201014 DBS.201015 DBS.200047 DBS.05000084 DBS.212033 DBS.280005 DBS.200076 DBS.201000 \
         DBS.00010009 DBS.200011 DBS.200018 DBS.200080 DBS.200452 DBS.200463 DBS.200611 DBS.201202 DBS.201206 \
         DBS.280011 DBS.280343 DBS.280816 DBS.01010337 DBS.01280030 DBS.280036 DBS.200001 DBS.200002 \
         DBS.200010 DBS.280110",
    ),
];

/// The codes that are left to their status on purpose, and what that makes of a write and of a read.
const BY_STATUS: [(u16, &str, Kind, Kind); 13] = [
    // Faults of the service: what became of a write, nobody knows.
    (
        500,
        "SCM.0007 SCM.0037 SCM.0038 SCM.0098 SCM.4001 SCM.0213 SCM.0223",
        Kind::Lost,
        Kind::Transient,
    ),
    (500, "DBS.108000 DBS.108002 DBS.108005 DBS.111205", Kind::Lost, Kind::Transient),
    (
        500,
        "APIGW.0601 APIGW.0605 APIGW.0606 APIGW.0608 APIGW.0609 APIGW.0611 APIGW.0612 APIGW.0705",
        Kind::Lost,
        Kind::Transient,
    ),
    (502, "APIGW.0610 APIGW.0201", Kind::Lost, Kind::Transient),
    (503, "APIGW.0613", Kind::Lost, Kind::Transient),
    (504, "APIGW.0201", Kind::Lost, Kind::Transient),
    // Requests that will be refused again.
    (400, "APIGW.0201 APIGW.0602 APIGW.0607", Kind::Permanent, Kind::Permanent),
    (413, "APIGW.0201", Kind::Permanent, Kind::Permanent),
    (494, "APIGW.0201", Kind::Permanent, Kind::Permanent),
    // What is not published there.
    (404, "APIGW.0103 APIGW.0104 APIGW.0105 APIGW.0106", Kind::NotFound, Kind::NotFound),
    (404, "DCS.4001", Kind::NotFound, Kind::NotFound),
    (403, "SCM.0002", Kind::Operator, Kind::Operator),
    // Of a call that certrotd does not make.
    (400, "SCM.0707", Kind::Permanent, Kind::Permanent),
];

#[test]
fn the_table_is_sorted_and_has_nothing_twice() {
    let keys: Vec<_> = TABLE.iter().map(|row| (row.family, row.number)).collect();
    assert!(keys.is_sorted_by(|one, next| one < next));
    for row in TABLE {
        assert_eq!(codes::row(&row.name()), Some(row));
        assert!(!row.means.is_empty() && !row.means.contains('|'), "{}", row.name());
    }
}

#[test]
fn the_table_has_every_code_of_the_documents_and_no_other() {
    let documented: Vec<_> = IN_THE_TABLE.iter().flat_map(|(_, codes)| codes.split(' ')).collect();
    for row in TABLE {
        assert!(documented.contains(&row.name().as_str()), "{} comes from nowhere", row.name());
    }
    for (status, listed) in IN_THE_TABLE {
        for code in listed.split(' ') {
            let row = codes::row(code).unwrap_or_else(|| panic!("{code} has no row"));
            let found = judged(Api::Scm, true, answer(status, &coded(code, "words"))).failure;
            let expected = codes::by_row(row.does, "words");
            // A row about a credential speaks at a 401 alone, and there tells how it stands.
            let expected =
                expected.unwrap_or(if code.starts_with("APIGW.030") && !code.ends_with('7') {
                    Kind::Refused
                } else {
                    Kind::Transient
                });
            assert_eq!(found.kind, expected, "{status} {code}");
        }
    }
}

#[test]
fn codes_left_to_their_status_are_left_on_purpose() {
    for (status, listed, write, read) in BY_STATUS {
        for code in listed.split(' ') {
            assert_eq!(codes::row(code), None, "{code}");
            for (writes, expected) in [(true, write), (false, read)] {
                let found = judged(Api::Scm, writes, answer(status, &coded(code, "words")));
                assert_eq!(found.failure.kind, expected, "{status} {code}");
            }
        }
    }
}

#[test]
fn unknown_codes_go_by_the_status() {
    for (api, status, write, read) in [
        (Api::Scm, 302, Kind::Operator, Kind::Operator),
        (Api::Scm, 400, Kind::Permanent, Kind::Permanent),
        (Api::Scm, 401, Kind::Operator, Kind::Operator),
        (Api::Scm, 403, Kind::Operator, Kind::Operator),
        (Api::Scm, 404, Kind::NotFound, Kind::NotFound),
        (Api::Scm, 407, Kind::Operator, Kind::Operator),
        (Api::Scm, 408, Kind::Lost, Kind::Transient),
        (Api::Scm, 409, Kind::Permanent, Kind::Permanent),
        (Api::Elb, 409, Kind::Busy, Kind::Busy),
        (Api::Scm, 429, Kind::Throttled, Kind::Throttled),
        (Api::Scm, 500, Kind::Lost, Kind::Transient),
        (Api::Scm, 599, Kind::Lost, Kind::Transient),
    ] {
        for (writes, expected) in [(true, write), (false, read)] {
            let found = judged(api, writes, answer(status, &coded("SCM.9999", "words"))).failure;
            assert_eq!(found.kind, expected, "{api} {status}");
        }
    }
}
