//! Spans of time as an operator writes them: `90s`, `2m`, `1h`, `21d`, and the pair `10s..15m`.

use std::time::Duration;

/// Longest span that can be written, in seconds: ten years. Nothing waits longer, and sums stay far from overflow.
const SPAN_SECS_MAX: u64 = 3650 * 86_400;
/// Every unit, in milliseconds; longer suffixes first, since `m` begins and `s` ends `ms`.
const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads one whole number and one unit (`ms`, `s`, `m`, `h` or `d`), without a blank between them.
/// Refuses signs, fractions, sums such as `1h30m`, and anything beyond ten years.
pub fn parse_span(text: &str) -> Result<Duration, SpanError> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let (_, millis) =
        UNITS.into_iter().find(|(suffix, _)| *suffix == unit).ok_or(SpanError::Shape)?;
    if number.is_empty() {
        return Err(SpanError::Shape);
    }
    let number: u64 = number.parse().map_err(|_| SpanError::TooLong)?;
    let span = Duration::from_millis(number.checked_mul(millis).ok_or(SpanError::TooLong)?);
    if span.as_secs() > SPAN_SECS_MAX { Err(SpanError::TooLong) } else { Ok(span) }
}

/// Reads two spans around `..`, the first not longer than the second.
pub fn parse_span_range(text: &str) -> Result<(Duration, Duration), SpanError> {
    let (first, last) = text.split_once("..").ok_or(SpanError::RangeShape)?;
    let (first, last) = (parse_span(first)?, parse_span(last)?);
    if first > last { Err(SpanError::Backwards) } else { Ok((first, last)) }
}

/// Why a text is not a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Not a number and a unit.
    #[error(
        "is no span of time, expected a whole number and a unit (ms, s, m, h or d) such as 90s"
    )]
    Shape,
    /// More than ten years.
    #[error("is longer than ten years")]
    TooLong,
    /// Not two spans.
    #[error("is no pair of spans, expected two with two dots between them such as 10s..15m")]
    RangeShape,
    /// The first is the longer one.
    #[error("starts with the longer span, expected the shorter one first such as 10s..15m")]
    Backwards,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_an_operator_writes() {
        for (text, millis) in [
            ("250ms", 250),
            ("90s", 90_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("21d", 1_814_400_000),
            ("0s", 0),
            ("007s", 7000),
        ] {
            assert_eq!(parse_span(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        let range = parse_span_range("1s..4s");
        assert_eq!(range, Ok((Duration::from_secs(1), Duration::from_secs(4))));
    }

    #[test]
    fn refuses_the_rest() {
        for text in ["", "s", "10", "-1s", "1.5h", "1 s", "1h30m", "1w", "1S", " 1s", "١s"] {
            assert_eq!(parse_span(text), Err(SpanError::Shape), "{text}");
        }
        for text in ["3651d", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(parse_span(text), Err(SpanError::TooLong), "{text}");
        }
        for (text, error) in [
            ("10s", SpanError::RangeShape),
            ("4s..1s", SpanError::Backwards),
            ("1s..", SpanError::Shape),
            ("1s...4s", SpanError::Shape),
        ] {
            assert_eq!(parse_span_range(text), Err(error), "{text}");
        }
    }
}
