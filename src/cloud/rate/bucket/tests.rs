//! The bucket against simulated services, in virtual time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;

/// How a simulated service counts.
#[derive(Clone, Copy)]
enum Service {
    /// So many calls in each window that begins on the dot.
    Fixed(Policy),
    /// So many a second, and a few at once.
    Bucket { rate: f64, burst: f64 },
}

struct Run {
    service: Service,
    /// Whether its refusals name the policy.
    says: bool,
    /// How far into its first window the run begins, as a part of it.
    phase: f64,
    in_flight: usize,
}

/// What came of a run: when each call was taken or refused, in seconds.
#[derive(Default)]
struct Outcome {
    taken: Vec<f64>,
    refused: Vec<f64>,
}

const LATENCY: Duration = Duration::from_millis(20);

fn policy(calls: usize, secs: u64) -> Policy {
    Policy { calls, window: Duration::from_secs(secs) }
}

/// The service's own count, at the moment when a call arrives.
#[derive(Default)]
struct Counter {
    window: u64,
    calls: usize,
    level: f64,
    at: f64,
}

impl Counter {
    fn takes(&mut self, service: Service, phase: f64, at: f64) -> bool {
        match service {
            Service::Fixed(policy) => {
                let window = (at / policy.window.as_secs_f64() + phase) as u64;
                if window != self.window {
                    (self.window, self.calls) = (window, 0);
                }
                let takes = self.calls < policy.calls;
                self.calls += usize::from(takes);
                takes
            }
            Service::Bucket { rate, burst } => {
                self.level = (self.level - rate * (at - self.at)).max(0.0);
                self.at = at;
                let takes = self.level + 1.0 <= burst;
                self.level += if takes { 1.0 } else { 0.0 };
                takes
            }
        }
    }
}

/// So many callers, each of whom calls again as soon as it is answered.
fn run(run: &Run, secs: u64) -> Outcome {
    let (start, end) = (Instant::now(), Duration::from_secs(secs));
    let mut bucket = Bucket::default();
    let (mut counter, mut outcome) = (Counter::default(), Outcome::default());
    let (mut waiting, mut look_at) = (run.in_flight, Duration::MAX);
    let mut sent = 0_u64;
    // When an answer comes, its call's number, when its call was begun, and whether it was taken; or a moment to look.
    let mut events = BinaryHeap::from([Reverse((Duration::ZERO, None))]);
    while let Some(Reverse((now, answer))) = events.pop() {
        if now > end {
            break;
        }
        if let Some((_, begun, taken)) = answer {
            let named = match run.service {
                Service::Fixed(policy) if run.says => Some(policy),
                _ => None,
            };
            let refusal = Refusal {
                wait: named.map(|policy| policy.window),
                policy: named,
                of_operation: false,
            };
            let ended = if taken { Ended::Taken } else { Ended::Refused(refusal) };
            bucket.ended(start + begun, start + now, ended);
            let list = if taken { &mut outcome.taken } else { &mut outcome.refused };
            list.push(now.as_secs_f64());
            waiting += 1;
        }
        while waiting > 0 {
            match bucket.take(start + now) {
                Ok(()) => {
                    waiting -= 1;
                    let taken =
                        counter.takes(run.service, run.phase, (now + LATENCY / 2).as_secs_f64());
                    events.push(Reverse((now + LATENCY, Some((sent, now, taken)))));
                    sent += 1;
                }
                Err(at) => {
                    let at = at.map(|at| at - start).filter(|at| *at != look_at);
                    look_at = at.unwrap_or(look_at);
                    events.extend(at.map(|at| Reverse((at, None))));
                    break;
                }
            }
        }
    }
    outcome
}

/// Share of the allowed calls that were taken from the sixth second on, and of refused ones among all.
fn judge(service: Service, says: bool, phase: f64, secs: u64) -> (f64, f64) {
    let outcome = run(&Run { service, says, phase, in_flight: 64 }, secs);
    let (from, to) = (5.0, secs as f64);
    let within = |list: &[f64]| list.iter().filter(|at| (from..to).contains(*at)).count() as f64;
    let (taken, refused) = (within(&outcome.taken), within(&outcome.refused));
    let rate = match service {
        Service::Fixed(policy) => policy.rate(),
        Service::Bucket { rate, .. } => rate,
    };
    let (taken, refused) = (taken / (rate * (to - from)), refused / (taken + refused));
    println!(
        "{rate}/s, named {says}, phase {phase}: {:.1} % of it, {:.2} % refused",
        taken * 100.0,
        refused * 100.0
    );
    (taken, refused)
}

const PHASES: [f64; 4] = [0.0, 0.25, 0.5, 0.8];

#[test]
fn a_limit_that_nobody_names_is_found_and_kept_to() {
    for (rate, least) in [(5, 0.95), (20, 0.95), (100, 0.95), (400, 0.9)] {
        for phase in PHASES {
            let (taken, refused) = judge(Service::Fixed(policy(rate, 1)), false, phase, 65);
            assert!(taken >= least && refused < 0.01, "{rate} {phase}: {taken} {refused}");
        }
    }
    let buckets =
        [(20.0, 2.0, 0.85), (100.0, 10.0, 0.95), (100.0, 50.0, 0.95), (400.0, 40.0, 0.95)];
    for (rate, burst, least) in buckets {
        let (taken, refused) = judge(Service::Bucket { rate, burst }, false, 0.0, 65);
        assert!(taken >= least && refused < 0.01, "{rate} {burst}: {taken} {refused}");
    }
}

#[test]
fn a_policy_that_is_named_is_kept_from_the_first_refusal_on() {
    for (named, secs) in
        [(policy(100, 1), 65), (policy(5, 1), 65), (policy(10, 60), 1805), (policy(2000, 60), 605)]
    {
        for phase in PHASES {
            let (taken, refused) = judge(Service::Fixed(named), true, phase, secs);
            // Window by window, what a run of whole windows and the wait after the first volley leave.
            assert!(taken >= 0.95 && refused < 0.01, "{named:?} {phase}: {taken} {refused}");
        }
    }
}

fn refused() -> Ended {
    Ended::Refused(Refusal { wait: None, policy: None, of_operation: false })
}

/// A service of a hundred a second, whose limit was met once; and the moment when it opens again.
fn limited() -> (Bucket, Instant) {
    let start = Instant::now();
    let mut bucket = Bucket::default();
    for _ in 0..101 {
        bucket.take(start).unwrap();
    }
    (0..100).for_each(|_| bucket.ended(start, start, Ended::Taken));
    bucket.ended(start, start, refused());
    (bucket, start + PAUSE)
}

/// Takes what there is until then, as those do who wait, and is refused once at the end. Gives the pace after that.
fn refused_after(bucket: &mut Bucket, opens_at: Instant, open: Duration) -> f64 {
    let mut now = opens_at;
    while now < opens_at + open {
        match bucket.take(now) {
            Ok(()) => bucket.ended(now, now, Ended::Taken),
            Err(at) => now = at.unwrap(),
        }
    }
    bucket.ended(now, now + LATENCY, refused());
    bucket.limit.unwrap().pace.unwrap().refused.unwrap()
}

#[test]
fn what_was_taken_for_long_is_too_fast_by_a_hair_and_what_was_not_by_more() {
    let known = || {
        let (mut bucket, opens_at) = limited();
        refused_after(&mut bucket, opens_at, Duration::from_secs(2));
        let limit = bucket.limit.unwrap();
        (bucket, limit.opens_at, limit.pace.unwrap().refused.unwrap())
    };
    for (secs, least, most) in [(3, 0.0, LEARN), (9, 0.0, LEARN), (11, 0.97, 0.99)] {
        let (mut bucket, opens_at, former) = known();
        let part = refused_after(&mut bucket, opens_at, Duration::from_secs(secs)) / former;
        assert!((least..=most + 1e-9).contains(&part), "after {secs} s: {part} of {former}");
    }
}

#[test]
fn nothing_is_limited_before_a_refusal() {
    let (start, mut bucket) = (Instant::now(), Bucket::default());
    assert!((0..10_000).all(|_| bucket.take(start).is_ok()));
    assert_eq!(bucket.expected(start, 10_000), start);
}

#[test]
fn a_volley_is_one_refusal_and_a_later_call_is_another() {
    let pace = |bucket: &Bucket| bucket.limit.unwrap().pace.unwrap().begins;
    let (mut bucket, opens_at) = limited();
    let start = opens_at - PAUSE;
    assert!((pace(&bucket) - 50.0).abs() < 0.01);
    (0..63).for_each(|_| bucket.ended(start, start + LATENCY, refused()));
    assert!((pace(&bucket) - 50.0).abs() < 0.01);
    assert_eq!(bucket.take(start + LATENCY), Err(Some(opens_at)));
    bucket.take(opens_at).unwrap();
    bucket.ended(opens_at, opens_at + LATENCY, refused());
    assert!(pace(&bucket) < 30.0);
    // The second in a row pauses for twice as long.
    assert_eq!(bucket.expected(opens_at + LATENCY, 0), opens_at + LATENCY + PAUSE * 2);
}

#[test]
fn pauses_grow_up_to_a_minute() {
    let (mut bucket, mut now) = limited();
    for _ in 0..40 {
        bucket.take(now).unwrap();
        bucket.ended(now, now, refused());
        let opens_at = bucket.take(now).unwrap_err().unwrap();
        assert!(opens_at - now <= PAUSE_MAX);
        now = opens_at;
    }
    assert_eq!(bucket.limit.unwrap().opens_at - bucket.limit.unwrap().lowered_at, PAUSE_MAX);
}

#[test]
fn a_call_that_was_taken_ends_the_row_of_refusals() {
    let (mut bucket, opens_at) = limited();
    for ended in [Ended::Taken, refused()] {
        bucket.take(opens_at + LATENCY).unwrap();
        bucket.ended(opens_at + LATENCY, opens_at + LATENCY, ended);
    }
    assert_eq!(bucket.limit.unwrap().opens_at, opens_at + LATENCY + PAUSE);
}

#[test]
fn a_quiet_time_lets_few_calls_pile_up() {
    let (mut bucket, opens_at) = limited();
    let later = opens_at + Duration::from_secs(1);
    let taken = (0..1000).take_while(|_| bucket.take(later).is_ok()).count();
    assert!((2..=3).contains(&taken), "{taken}");
}

#[test]
fn the_stricter_of_two_policies_is_kept() {
    let (mut now, mut bucket) = (Instant::now(), Bucket::default());
    for (named, kept) in [(100, 100), (10, 10), (50, 10)] {
        bucket.take(now).unwrap();
        now += LATENCY;
        let refusal = Refusal {
            wait: Some(Duration::ZERO),
            policy: Some(policy(named, 60)),
            of_operation: false,
        };
        bucket.ended(now, now, Ended::Refused(refusal));
        assert_eq!(bucket.limit.unwrap().policy, Some(policy(kept, 60)));
        now += LATENCY;
    }
}

#[test]
fn the_wait_that_a_service_asks_for_closes_it_for_everybody() {
    let (mut bucket, now) = limited();
    let asks =
        |secs| Refusal { wait: Some(Duration::from_secs(secs)), policy: None, of_operation: false };
    (0..3).for_each(|_| bucket.take(now).map_or((), drop));
    bucket.ended(now, now, Ended::Refused(asks(40)));
    // One that was under way may ask for longer, and what was taken beside it opens nothing.
    bucket.ended(now, now, Ended::Refused(asks(50)));
    bucket.ended(now, now, Ended::Taken);
    let opens_at = now + Duration::from_secs(50);
    assert_eq!(bucket.take(opens_at - LATENCY), Err(Some(opens_at)));
    assert!(bucket.take(opens_at).is_ok());
}

#[test]
fn a_policy_counts_calls_from_their_end_and_those_under_way() {
    let (start, mut bucket) = (Instant::now(), Bucket::default());
    let named =
        Refusal { wait: Some(Duration::ZERO), policy: Some(policy(2, 60)), of_operation: false };
    bucket.take(start).unwrap();
    bucket.ended(start, start, Ended::Refused(named));
    (0..2).for_each(|_| bucket.take(start).unwrap());
    assert_eq!(bucket.take(start), Err(None));
    let at = |secs| start + Duration::from_secs(secs);
    bucket.ended(start, at(5), Ended::Taken);
    bucket.ended(start, at(6), Ended::Unsent);
    assert!(bucket.take(at(6)).is_ok());
    assert_eq!(bucket.take(at(7)), Err(Some(at(65))));
    assert_eq!(bucket.expected(at(7), 0), at(65));
    assert!(bucket.take(at(65)).is_ok());
}

#[test]
fn an_hour_after_the_last_refusal_nothing_is_limited() {
    let (mut bucket, now) = limited();
    let later = now + MEMORY;
    assert!((0..10_000).any(|_| bucket.take(now + Duration::from_secs(1)).is_err()));
    assert!((0..10_000).all(|_| bucket.take(later).is_ok()));
}
