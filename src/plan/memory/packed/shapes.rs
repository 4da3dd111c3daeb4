//! What each thing that is remembered looks like in a block: its parts in this order, and nothing else. An
//! enum begins with the number that stands here beside its variant.

use super::super::{Asked, Clock, Effect, Fallback, Memory, Pause, State};
use super::{Packed, Packer, Unpacker};
use crate::model::account::Refusal;
use crate::model::failure::Failure;
use crate::model::names::Subject;
use crate::model::place::Place;
use crate::model::target::Target;
use crate::model::time::Time;
use crate::plan::action::{Action, Import, ImportKey, Retired};
use crate::plan::sight::{Seen, Sight, Sighting, Spot, Verdict};

/// Names every field, so that a new one does not compile before it has its place here.
macro_rules! shape {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::plan::memory::packed::Packed for $name {
            fn put<'m>(&'m self, to: &mut $crate::plan::memory::packed::Packer<'m>) {
                let Self { $($field),* } = self;
                $($crate::plan::memory::packed::Packed::put($field, to);)*
            }

            fn take(from: &mut $crate::plan::memory::packed::Unpacker<'_>) -> Option<Self> {
                $(let $field = $crate::plan::memory::packed::Packed::take(from)?;)*
                Some(Self { $($field),* })
            }
        }
    };
}
pub(in super::super) use shape;

/// The same for each variant.
macro_rules! shapes {
    ($name:ident { $($number:literal $variant:ident $({ $($field:ident),* })? $(($inner:ident))?,)* }) => {
        impl Packed for $name {
            fn put<'m>(&'m self, to: &mut Packer<'m>) {
                match self {
                    $(Self::$variant $({ $($field),* })? $(($inner))? => {
                        to.number($number);
                        $($($field.put(to);)*)?
                        $($inner.put(to);)?
                    })*
                }
            }

            fn take(from: &mut Unpacker<'_>) -> Option<Self> {
                Some(match from.byte()? {
                    $($number => {
                        $($(let $field = Packed::take(from)?;)*)?
                        $(let $inner = Packed::take(from)?;)?
                        Self::$variant $({ $($field),* })? $(($inner))?
                    })*
                    _ => return None,
                })
            }
        }
    };
}

shape!(Memory {
    clock,
    effects,
    newest,
    leaves,
    sightings,
    fallbacks,
    authorities,
    allowed,
    open,
    retry,
    older,
    refusals,
    jobs,
    // Last: see the formats.
    pauses,
});
shape!(Clock { lines, furthest, back_at, back_lines, ahead_at, ahead_lines });
shape!(Effect { subject, state, at, seq, begun, begun_seq, tries, repeats, doubts, id });
shape!(Asked { seq, at });
shape!(Pause { until, by, since });
shape!(Fallback { rejected, former, seq });
shape!(Sighting { sight, at, seq, since, before, neither, was_ours });
shape!(Sight { verdict, leaf, id, neither });
shape!(Seen { sha256, issued, ends });
shape!(Place { target, project, site });

shapes!(State { 0 Open, 1 Doubt(failure), 2 Failed(failure), 3 Done, 4 Seen, 5 Gone, });
shapes!(Verdict { 0 Served, 1 Pending, 2 Stale, 3 Wrong, 4 Unreachable, });
shapes!(Target { 0 Elb, 1 Waf, 2 Cdn, });
shapes!(Subject { 0 Certificate(name), 1 Ca(name), 2 Ssl(name), });
shapes!(Spot {
    0 Site(place),
    1 Probe { target, project, probe },
    2 Instance { probe },
    3 Greeting { probe },
});
shapes!(Retired { 0 Import { scm_id }, 1 Copy { target, project, id }, });
shapes!(Action {
    0 Import { key },
    1 Push { key, scm_id, target, project },
    2 Bind { key, place, id, instead_of },
    3 Retire { key, what },
    4 InstallCa { name, sha256, authorities },
    5 RunHook { name, sha256 },
    6 SwitchSsl { cloud, instance_id, on },
});

/// An import, where it is written out: everything else points to it.
pub(super) fn put_key<'m>(key: &'m ImportKey, to: &mut Packer<'m>) {
    let Import { cloud, enterprise_project, leaf, issued } = &**key;
    cloud.put(to);
    enterprise_project.put(to);
    leaf.put(to);
    issued.put(to);
}

/// Reads what [`put_key`] wrote.
pub(super) fn take_key(from: &mut Unpacker<'_>) -> Option<ImportKey> {
    Some(ImportKey::from(Import {
        cloud: Packed::take(from)?,
        enterprise_project: Packed::take(from)?,
        leaf: Packed::take(from)?,
        issued: Packed::take(from)?,
    }))
}

/// Rare, and as the journal's lines have it: they have to be understood for ever anyway.
macro_rules! as_in_a_line {
    ($($name:ident)*) => {$(
        impl Packed for $name {
            fn put<'m>(&'m self, to: &mut Packer<'m>) {
                // Nothing in it can fail to be written: what could, could not have been a line.
                to.bytes(&serde_json::to_vec(self).unwrap_or_default());
            }

            fn take(from: &mut Unpacker<'_>) -> Option<Self> {
                serde_json::from_slice(from.bytes()?).ok()
            }
        }
    )*};
}
as_in_a_line!(Failure Refusal);

impl Packed for Time {
    /// Of either sign, and small numbers are short.
    fn put<'m>(&'m self, to: &mut Packer<'m>) {
        let millis = self.millis();
        to.number((millis << 1 ^ millis >> 63).cast_unsigned());
    }

    fn take(from: &mut Unpacker<'_>) -> Option<Self> {
        let number = from.number()?;
        Some(Self::from_millis((number >> 1).cast_signed() ^ -(number & 1).cast_signed()))
    }
}

impl Packed for bool {
    fn put<'m>(&'m self, to: &mut Packer<'m>) {
        to.number(u64::from(*self));
    }

    fn take(from: &mut Unpacker<'_>) -> Option<Self> {
        match from.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Packed for u64 {
    fn put<'m>(&'m self, to: &mut Packer<'m>) {
        to.number(*self);
    }

    fn take(from: &mut Unpacker<'_>) -> Option<Self> {
        from.number()
    }
}

impl Packed for u32 {
    fn put<'m>(&'m self, to: &mut Packer<'m>) {
        to.number(u64::from(*self));
    }

    fn take(from: &mut Unpacker<'_>) -> Option<Self> {
        Self::try_from(from.number()?).ok()
    }
}
