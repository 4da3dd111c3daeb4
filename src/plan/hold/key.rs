//! The word of each reason to wait: what a metric can be filtered by, where the sentence would be another
//! one each time.

use super::Hold;

impl Hold {
    /// The kind of reason in snake case. It does not change between versions without a word in the
    /// changelog, holds no data, and there are as many as there are reasons.
    pub fn key(&self) -> &'static str {
        match self {
            Self::InFlight => "in_flight",
            Self::Paused { .. } => "paused",
            Self::SameLeaf { .. } => "same_leaf",
            Self::BadInput { .. } => "bad_input",
            Self::Older { .. } => "older",
            Self::InDoubt { .. } => "in_doubt",
            Self::DoubtStays { .. } => "doubt_stays",
            Self::BackOff { .. } => "back_off",
            Self::Refused { .. } => "refused",
            Self::Unseen { .. } => "unseen",
            Self::CaRejected { .. } => "ca_rejected",
            Self::NotListedYet { .. } => "not_listed_yet",
            Self::NeverListed { .. } => "never_listed",
            Self::ExistsUnlisted { .. } => "exists_unlisted",
            Self::Full { .. } => "full",
            Self::SamePlace { .. } => "same_place",
            Self::Foreign { .. } => "foreign",
            Self::NewerBound { .. } => "newer_bound",
            Self::Unbindable { .. } => "unbindable",
            Self::NotBoundYet { .. } => "not_bound_yet",
            Self::RolledBack { .. } => "rolled_back",
            Self::NotServedYet { .. } => "not_served_yet",
            Self::Stale { .. } => "stale",
            Self::Wrong { .. } => "wrong",
            Self::Unreachable { .. } => "unreachable",
            Self::Overlapping { .. } => "overlapping",
            Self::Unproven { .. } => "unproven",
            Self::NotKept { .. } => "not_kept",
            Self::StillUsed { .. } => "still_used",
            Self::RestartNotAllowed { .. } => "restart_not_allowed",
            Self::OutsideWindow { .. } => "outside_window",
            Self::SwitchedBack { .. } => "switched_back",
            Self::SwitchNotShown { .. } => "switch_not_shown",
            Self::SwitchedByOthers { .. } => "switched_by_others",
            Self::JobRunning { .. } => "job_running",
            Self::JobUnknown { .. } => "job_unknown",
        }
    }
}
