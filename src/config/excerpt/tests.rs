//! What is drawn of a line, and what is not.

use std::path::Path;

use super::{COLUMNS_MAX, Cell, RULE};
use crate::config::{Problem, parse};

const CLOUD: &str = "[cloud.main]\nregion = 'cn-north-4'\n";
/// What must not be shown, as long as no sentence repeats it.
const CANARY: &str = "hunter2-canary";

fn problems(text: &str) -> Vec<Problem> {
    let problems = parse(Path::new("/etc/c.toml"), text).expect_err(text).problems;
    problems.iter().for_each(fits);
    problems
}

/// What holds of every excerpt.
fn fits(problem: &Problem) {
    let (Some(place), Some(excerpt)) = (problem.place, &problem.excerpt) else { return };
    let columns: usize = excerpt.text.chars().map(|c| Cell::of(c).1).sum();
    let left = place.line.to_string().len() + RULE.len();
    assert!(left + columns <= COLUMNS_MAX, "{problem:?}");
    assert!(!excerpt.text.contains(char::is_control), "{problem:?}");
    assert!(!excerpt.marked.is_empty() && excerpt.marked.end <= columns.max(1) + 1, "{problem:?}");
}

/// The line that is shown, and what of it is marked: a `$` is behind its end.
fn shown(text: &str) -> Vec<(String, String)> {
    let excerpts = problems(text).into_iter().filter_map(|problem| problem.excerpt);
    let with_mark = excerpts.map(|excerpt| {
        let (mut at, mut marked) = (0, String::new());
        for c in excerpt.text.chars().chain(['$']) {
            if excerpt.marked.contains(&at) {
                marked.push(c);
            }
            at += Cell::of(c).1;
        }
        (excerpt.text, marked)
    });
    with_mark.collect()
}

#[test]
fn the_whole_of_what_is_wrong_is_marked() {
    for (lines, line, marked) in [
        ("[schedul]", "[schedul]", "schedul"),
        ("[cloud.main.credentails]", "[cloud.main.credentails]", "credentails"),
        ("[[instance_ssl]] # one", "[[instance_ssl]]", "[[instance_ssl]]"),
        ("[log]\nlevle = 'info'", "levle = '…'", "levle"),
        ("[log]\n'levle'=true", "'levle' = …", "'levle'"),
        ("[log]\nformat = 'xml' # why", "format = 'xml'", "'xml'"),
        ("[log]\n\t format   =\t\"xml\"", "     format   =    \"xml\"", "\"xml\""),
        ("[log]\nformat = 'xml'\r", "format = 'xml'", "'xml'"),
        ("[log]\nformat = ['text',\n 'json']", "format = […]", "[…]"),
        ("[log]\nformat = '''\nxml'''", "format = '…'", "'…'"),
        ("credentials = { sorce = 'x', user = 'y' }", "credentials = {…}", "{…}"),
        ("[[certificate.push]]", "[[certificate.push]]", "certificate"),
        ("[metrics]\nlisten = '日本'", "listen = '日本'", "'日本'"),
        ("[metrics]\nlisten = 'a\u{202e}b'", "listen = 'a\\u{202e}b'", "'a\\u{202e}b'"),
        ("[metrics]\nlisten = ['x']\n[log]", "listen = […]", "[…]"),
        ("[schedule]\nwatch = 5", "watch = …", "…"),
        ("max_in_flight = -12", "max_in_flight = -12", "-12"),
        ("[log]\nlevel = ", "level = ", "$"),
        ("[log]\nlevel = 'info", "level = '…", "'…"),
        ("[log\n", "[log", "$"),
    ] {
        let found = shown(&format!("{CLOUD}{lines}\n")).remove(0);
        assert_eq!(found, (line.to_owned(), marked.to_owned()), "{lines}");
    }
}

#[test]
fn what_is_in_a_list_stands_between_what_is_left_out() {
    let list = "[cloud.main]\nregion = 'x'\n[[discover]]\npattern = '/x/*.pem'\n[[discover.push]]\n\
         service = 'cdn'\ndomains = ['{parent}.a.example', 'b', '{stem}']\nprobe = [\n  '{parent}:1',\n  \
         '{x}', # y\n '{y}' ]\n";
    let found = shown(list);
    let expected = [("domains = […, 'b', …", "'b'"), ("  '{x}',", "'{x}'"), (" '{y}']", "'{y}'")];
    assert_eq!(found, expected.map(|(line, marked)| (line.to_owned(), marked.to_owned())));
}

#[test]
fn nothing_is_shown_that_no_sentence_says() {
    let text = "[cloud.main]\nregion = 'cn north'\nproject_id = 12345 # why\n[cloud.main.credentials]\n\
         secret_key = 'x'\nsource = 'access-key'\naccess_key_file = 'credential:../x'\npassword_file = \\\"p\\\"\n\
         [[certificate]]\nname = 'w w'\ncert = \"\"\"\na\nb\"\"\"\nkey = ''\nkeep = 1.5\n[[certificate.push]]\n\
         service = 'cdn'\ndomains = ['localhost', \"b\",\n 'c', 5]\ndrift = { a = 'b', c = 'd' }\n[schedul]\nx = [\n\
         'a' ]\n[log]\nlevel = 'info\n";
    let text = text.replace('\\', "");
    let (mut hidden, mut spoken) = (0, 0);
    for (at, _) in text.char_indices() {
        let text = format!("{}{CANARY}{}", &text[..at], &text[at..]);
        for problem in problems(&text) {
            let excerpt = problem.excerpt.map(|excerpt| excerpt.text).unwrap_or_default();
            let pieces = (0..CANARY.len() - 3).map(|piece| &CANARY[piece..piece + 4]);
            let leaked = pieces.clone().any(|piece| excerpt.contains(piece));
            let said = problem.sentence.contains(CANARY);
            assert!(said || !leaked, "{}\n{excerpt}\nat {at} in\n{text}", problem.sentence);
            hidden += usize::from(!leaked);
            spoken += usize::from(leaked);
        }
    }
    assert!(hidden > 1000 && spoken > 100, "the rule has seen nothing: {hidden} {spoken}");
}

#[test]
fn a_line_that_is_too_wide_is_cut_around_what_is_marked() {
    let wide = "中".repeat(60);
    for (line, starts, ends, marked) in [
        (format!("format = '{wide}'"), "format = '中中", "中…", 90),
        (format!("{}format = 'xml'", " ".repeat(200)), "…       ", "format = 'xml'", 5),
        (format!("{}format = '{wide}'", " ".repeat(200)), "…        ", "中…", 70),
    ] {
        let problem = problems(&format!("{CLOUD}[log]\n{line}\n")).remove(0);
        let excerpt = problem.excerpt.unwrap();
        let said = &excerpt.text;
        assert!(said.starts_with(starts) && said.ends_with(ends), "{excerpt:?}");
        assert!(excerpt.marked.len().abs_diff(marked) < 10, "{excerpt:?}");
    }
}

#[test]
fn a_file_of_mistakes_has_excerpts_as_far_as_they_are_printed() {
    let problems = problems(&format!("{CLOUD}[log]\n{}", "format = 'xml'\n".repeat(150)));
    let with = problems.iter().take_while(|problem| problem.excerpt.is_some()).count();
    assert_eq!((with, problems.len()), (100, 150));
    let absent = parse(Path::new("/etc/c.toml"), "\n[log]\n").unwrap_err().problems;
    assert_eq!(absent[0].excerpt, None, "it is about no line: {}", absent[0].sentence);
}

#[test]
fn a_value_is_no_key_although_it_is_spelt_like_one() {
    for (lines, line) in [
        ("[schedule]\nwatch = 'domain'", "watch = '…'"),
        ("[schedule]\nwatch = ['domain']", "watch = […]"),
        ("[cloud.main.credentials]\nsource = 'profile'\nuser = 'password'", "user = '…'"),
        ("[log]\nlevel = password", "level = …"),
        ("[log]\nformat = 'xml' # password", "format = 'xml'"),
    ] {
        let (found, _) = shown(&format!("{CLOUD}{lines}\n")).remove(0);
        assert_eq!(found, line, "{lines}");
    }
}
