//! Which lines are wanted: the level's text, read strictly, with the libraries held back.

use tracing_subscriber::filter::{LevelFilter, Targets};

/// This crate's own events.
const OURS: &str = "certrotd";
/// What any library may say at most, unless it is named: below this level they print what passes
/// through them, and that can be a header with a token.
const LIBRARY_MAX: LevelFilter = LevelFilter::INFO;
/// Libraries that are held back further. The scheduler reports its ordinary start as news; the others
/// see every byte that goes to the cloud, and an operator has no use for what they say of it.
const QUIET: [&str; 8] =
    ["tokio_cron_scheduler", "hyper", "hyper_util", "reqwest", "rustls", "notify", "tokio", "mio"];
const QUIET_MAX: LevelFilter = LevelFilter::WARN;
/// Longest text of a level, in bytes: dozens of directives fit, a file given by mistake does not.
const LEVEL_BYTES_MAX: usize = 1024;

/// A level that cannot be understood. It changes nothing: the level before it stays in force.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadLevel {
    /// One directive is neither a level nor `module=level`.
    #[error(
        "log level {0:?} is not understood: expected off, error, warn, info, debug or trace, \
         or a list such as \"info,certrotd=debug\""
    )]
    Directive(String),
    /// The text is empty, or longer than any list of directives.
    #[error("a log level has 1 to {LEVEL_BYTES_MAX} bytes, this one has {0}")]
    Length(usize),
}

/// Reads `LEVEL` and `module=LEVEL`, separated by commas; the last bare level is the one for the rest.
/// Without a bare level, what is not named is silent.
///
/// Refuses a bare word that is no level: taken as a module's name, as is usual elsewhere, a misspelt
/// `wran` would silence the daemon without a word.
pub(super) fn parse(text: &str) -> Result<Targets, BadLevel> {
    if text.trim().is_empty() || text.len() > LEVEL_BYTES_MAX {
        return Err(BadLevel::Length(text.len()));
    }
    let mut rest = LevelFilter::OFF;
    let mut named = Vec::new();
    for part in text.split(',').map(str::trim) {
        match directive(part).ok_or_else(|| BadLevel::Directive(part.to_owned()))? {
            (None, level) => rest = level,
            (Some(module), level) => named.push((module.to_owned(), level)),
        }
    }
    let quiet = QUIET.map(|library| (library, rest.min(QUIET_MAX)));
    Ok(Targets::new()
        .with_default(rest.min(LIBRARY_MAX))
        .with_target(OURS, rest)
        .with_targets(quiet)
        .with_targets(named))
}

fn directive(part: &str) -> Option<(Option<&str>, LevelFilter)> {
    match part.split_once('=') {
        None => Some((None, level(part)?)),
        Some((module, level_text)) => {
            let module = module.trim();
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-');
            let named = !module.is_empty() && module.chars().all(plain);
            named.then_some((Some(module), level(level_text.trim())?))
        }
    }
}

/// Words only: the numbers that the filter's own parser takes too say nothing to a reader.
fn level(text: &str) -> Option<LevelFilter> {
    let word = text.chars().all(|c| c.is_ascii_alphabetic()) && !text.is_empty();
    word.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn says(text: &str, module: &str, level: Level) -> bool {
        parse(text).unwrap().would_enable(module, &level)
    }

    #[test]
    fn the_level_is_ours_and_libraries_are_held_back() {
        assert!(says("trace", "certrotd::apply", Level::TRACE));
        for library in QUIET {
            assert!(says("trace", library, Level::WARN), "{library}");
            assert!(!says("trace", library, Level::INFO), "{library}");
            assert!(!says("error", library, Level::WARN), "{library}");
        }
        assert!(!says("trace", "zip::read", Level::DEBUG), "nor any other library");
        assert!(says("info", "certrotd", Level::INFO) && !says("info", "certrotd", Level::DEBUG));
        assert!(!says("off", "certrotd", Level::ERROR) && !says("off", "hyper", Level::ERROR));
    }

    #[test]
    fn a_name_beats_the_hold() {
        assert!(says("info,hyper=trace", "hyper::proto", Level::TRACE));
        assert!(!says("info,hyper::client=debug", "hyper::proto", Level::INFO));
        assert!(says("info, certrotd::cloud = debug", "certrotd::cloud::scm", Level::DEBUG));
        assert!(!says("info,certrotd::cloud=debug", "certrotd::plan", Level::DEBUG));
        assert!(!says("certrotd=debug", "hyper", Level::ERROR), "unnamed means silent");
    }

    #[test]
    fn what_is_no_level_is_refused() {
        for text in ["wran", "info,", "certrotd=", "=info", "a=b=c", "3", "hyper[{x}]=info"] {
            assert!(matches!(parse(text), Err(BadLevel::Directive(_))), "{text}");
        }
        assert_eq!(parse(" ").unwrap_err(), BadLevel::Length(1));
        assert!(matches!(parse(&"info,".repeat(300)), Err(BadLevel::Length(1500))));
        let said = parse("wran").unwrap_err().to_string();
        assert!(said.contains("\"wran\"") && said.contains("debug"), "{said}");
    }
}
