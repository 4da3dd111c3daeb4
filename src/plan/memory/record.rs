//! The lines of the journal.

use serde::{Deserialize, Serialize};

use crate::model::account::Refusal;
use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::model::names::{Name, Subject};
use crate::model::time::Time;
use crate::plan::Lesson;
use crate::plan::action::{Action, Fact};
use crate::plan::sight::{Sight, Spot};

/// One line of the journal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A step is about to start. Durable before its call leaves.
    Began {
        /// For whom.
        subject: Subject,
        /// What.
        action: Action,
    },
    /// A step ended well.
    Done {
        /// For whom.
        subject: Subject,
        /// What.
        action: Action,
        /// The id that the answer gave.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// A step ended badly, or its answer was lost.
    Failed {
        /// For whom.
        subject: Subject,
        /// What.
        action: Action,
        /// How.
        failure: Failure,
    },
    /// Looking alone showed this.
    Learned {
        /// For whom.
        subject: Subject,
        /// Which effect.
        action: Action,
        /// What is true of it.
        fact: Fact,
    },
    /// A look showed this where a certificate is served.
    Saw {
        /// For whom.
        subject: Subject,
        /// Where.
        spot: Spot,
        /// What.
        sight: Sight,
    },
    /// What an instance publishes has changed, or what its file holds beside that.
    Authorities {
        /// For whom.
        subject: Subject,
        /// The CAs that are published.
        published: Vec<Sha256>,
        /// The CAs that the file holds beside them.
        former: Vec<Sha256>,
    },
    /// An operator said `--retry NAME`: back-offs and refusals of that name end.
    AskedRetry {
        /// The entry.
        name: Name,
    },
    /// An operator said `--allow-older NAME`: the leaf now on disk may go although it is older.
    AskedOlder {
        /// The entry.
        name: Name,
    },
    /// An operator said `pause NAME --until`: no effect of that name until then.
    AskedPause {
        /// The entry.
        name: Name,
        /// When it is over by itself.
        until: Time,
        /// Who said so, in words.
        by: String,
    },
    /// An operator said `pause NAME --off`.
    AskedResume {
        /// The entry.
        name: Name,
        /// Who said so, in words.
        by: String,
    },
    /// A credential was refused.
    Refused {
        /// Which one, without its secret.
        refusal: Refusal,
    },
}

impl From<Lesson> for Record {
    fn from(lesson: Lesson) -> Self {
        match lesson {
            Lesson::Effect { subject, action, fact } => Self::Learned { subject, action, fact },
            Lesson::Sight { subject, spot, sight } => Self::Saw { subject, spot, sight },
            Lesson::Authorities { subject, published, former } => {
                Self::Authorities { subject, published, former }
            }
        }
    }
}
