//! When the cycle counts as stuck, and when it does not.

use super::*;
use crate::model::names::Name;

const MINUTE: Duration = Duration::from_secs(60);
const NOON: Time = Time::from_secs(1_763_812_800);

fn subject(name: &str) -> Subject {
    Subject::Certificate(Name::new(name).unwrap())
}

/// Moments so many minutes after the first one.
fn minutes() -> impl Fn(u32) -> Moment {
    let first = Instant::now();
    move |count| Moment { at: first + MINUTE * count, wall: NOON + MINUTE * count }
}

/// Looks at these entries, the first of them since then.
fn works(pulse: &mut Pulse, now: Moment, names: &[&str], since: Moment) {
    let subjects: Vec<_> = names.iter().map(|name| subject(name)).collect();
    let oldest = subjects.first().map(|first| (since.at, Task::Look(first.clone())));
    pulse.works(now, Waits::of([].iter(), subjects.iter()), oldest);
}

fn said(pulse: &Pulse, now: Moment) -> String {
    pulse.stuck(now.at).map(|stuck| stuck.to_string()).unwrap_or_default()
}

#[test]
fn a_look_that_does_not_end() {
    let (at, mut pulse) = (minutes(), Pulse::default());
    works(&mut pulse, at(0), &["www"], at(0));
    // That somebody asks for another look moves nothing.
    works(&mut pulse, at(10), &["www", "api"], at(0));
    assert_eq!(said(&pulse, at(15)), "", "two of them take turns");
    assert_eq!(
        said(&pulse, at(16)),
        "no call, look or step has ended since 2025-11-22T12:00:00Z, for 16m: \
         waiting for the look at certificate www, the look at certificate api"
    );
    pulse.moved(at(17));
    assert_eq!(said(&pulse, at(18)), "");
    pulse.rests(NOON);
    assert_eq!(said(&pulse, at(600)), "", "who rests is not stuck");
}

#[test]
fn what_moves_is_not_stuck_however_long_it_takes() {
    let (at, mut pulse) = (minutes(), Pulse::default());
    for now in 0..600 {
        works(&mut pulse, at(now), &["www"], at(now.saturating_sub(30)));
        pulse.moved(at(now));
        assert_eq!(said(&pulse, at(now + 14)), "", "{now}");
    }
}

#[test]
fn a_look_whose_calls_end_moves_and_is_stuck_when_none_of_them_does() {
    let (at, mut pulse) = (minutes(), Pulse::default());
    works(&mut pulse, at(0), &["www"], at(0));
    for now in 1..170 {
        pulse.called(at(now), u64::from(now));
        assert_eq!(said(&pulse, at(now + 10)), "", "{now}");
    }
    for now in 170..190 {
        pulse.called(at(now), 169);
    }
    let words = said(&pulse, at(185));
    assert!(words.starts_with("no call, look or step has ended since"), "{words}");
}

#[test]
fn one_that_hangs_beside_others_that_end() {
    let (at, mut pulse) = (minutes(), Pulse::default());
    for now in 0..=181 {
        works(&mut pulse, at(now), &["www", "api"], at(0));
        pulse.moved(at(now));
    }
    assert_eq!(said(&pulse, at(180)), "");
    assert_eq!(
        said(&pulse, at(181)),
        "the look at certificate www began at 2025-11-22T12:00:00Z and has not ended for 3h 1m"
    );
}

#[test]
fn ten_thousand_take_turns() {
    let (at, mut pulse) = (minutes(), Pulse::default());
    let names: Vec<_> = (0..10_000).map(|number| format!("site-{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    works(&mut pulse, at(0), &names, at(0));
    assert_eq!(said(&pulse, at(300)), "");
    assert!(said(&pulse, at(400)).ends_with("site-7 and 9992 more"), "{}", said(&pulse, at(400)));
    // The last of them began beside all the others.
    pulse.moved(at(301));
    works(&mut pulse, at(302), &["site-1"], at(0));
    assert_eq!(said(&pulse, at(310)), "");
}

#[test]
fn a_schedule_that_does_not_come() {
    let (at, mut pulse) = (minutes(), Pulse::default());
    let due = Some(NOON + MINUTE);
    pulse.notice(at(2).at, due);
    pulse.notice(at(16).at, due);
    assert_eq!(said(&pulse, at(16)), "");
    assert_eq!(
        said(&pulse, at(17)),
        "the schedule was due at 2025-11-22T12:01:00Z, and 15m later nothing has been looked at"
    );
    // An entry that was looked at for a reason of its own is not everything.
    works(&mut pulse, at(18), &["www"], at(18));
    pulse.rests(at(18).wall);
    pulse.notice(at(19).at, due);
    assert!(said(&pulse, at(19)).contains("was due"), "{}", said(&pulse, at(19)));
    pulse.asked();
    works(&mut pulse, at(35), &["www"], at(35));
    pulse.rests(at(35).wall);
    assert_eq!((said(&pulse, at(50)), pulse.anchor(at(50).wall)), (String::new(), at(35).wall));
}

#[test]
fn a_clock_that_jumps_is_no_alarm_and_hides_none() {
    let (at, mut pulse) = (minutes(), Pulse::default());
    pulse.asked();
    pulse.rests(NOON);
    // A year ahead, or a machine that wakes: due at once, and the schedule has its time from now on.
    let year = Duration::from_secs(365 * 86_400);
    assert_eq!(pulse.anchor(NOON + year), NOON);
    pulse.notice(at(1).at, Some(NOON + MINUTE));
    assert_eq!(said(&pulse, at(15)), "");
    pulse.notice(at(2).at, None);
    assert_eq!(said(&pulse, at(60)), "");
    // A day back: the next time counts from there, not from a moment that is a day ahead.
    let back = NOON - Duration::from_secs(86_400);
    assert_eq!(pulse.anchor(back), back);
    assert_eq!(pulse.anchor(back + MINUTE), back);
}
