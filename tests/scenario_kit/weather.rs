//! `weather METHOD PATH FAULT [times N] [after N]`: what the cloud does to the calls that match.

use certrotd::sim::{Fault, Rule};

use super::stage;

/// Reads the words after `weather`. A fault is `throttled`, `drop-before`, `drop-after`, `html`,
/// `truncated`, `token-expired`, `slow SPAN`, a bare status, or a status with a code and a message.
pub fn rule(words: &[&str]) -> Result<Rule, String> {
    let [method, path, fault, rest @ ..] = words else {
        return Err("weather METHOD PATH FAULT [times N] [after N]".to_owned());
    };
    let (fault, rest) = self::fault(fault, rest)?;
    let mut rule = Rule::new(method, path, fault);
    for pair in rest.chunks(2) {
        rule = match pair {
            ["times", count] => rule.times(number(count)?),
            ["after", count] => rule.after(number(count)?),
            _ => return Err(format!("unknown: {}", pair.join(" "))),
        };
    }
    Ok(rule)
}

fn fault<'a, 'b>(word: &str, rest: &'a [&'b str]) -> Result<(Fault, &'a [&'b str]), String> {
    let fault = match word {
        "throttled" => Fault::Throttled,
        "drop-before" => Fault::DropBefore,
        "drop-after" => Fault::DropAfter,
        "html" => Fault::LyingHtml,
        "truncated" => Fault::Truncated,
        "token-expired" => Fault::TokenExpired,
        "slow" => {
            let [span, rest @ ..] = rest else { return Err("slow SPAN".to_owned()) };
            return Ok((Fault::Slow(stage::span(span)?), rest));
        }
        status => {
            let status = number(status)?;
            return Ok(match rest {
                [code, message, rest @ ..] if code.contains('.') => {
                    let (code, message) = ((*code).to_owned(), (*message).to_owned());
                    (Fault::Code { status, code, message }, rest)
                }
                _ => (Fault::Status(status), rest),
            });
        }
    };
    Ok((fault, rest))
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word} is no number, and no fault that is known"))
}
