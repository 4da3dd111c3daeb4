//! One error code of a service: what it means, and what certrotd does about it.

use crate::model::failure::Kind;

/// A row of the table of codes. What a service answers is held against it by family and number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code {
    /// Who says it: `SCM`; the gateway's `APIG` stands here as `APIGW`.
    pub(super) family: &'static str,
    /// The rest of it, as it is written, zeros and all.
    pub(super) number: &'static str,
    /// What it means, for the manual.
    pub means: &'static str,
    pub(super) does: Does,
    /// What an operator can do, said in the failure itself too; absent where the service's words do.
    pub advice: Option<&'static str>,
}

/// What a code decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Does {
    /// This, whatever the status and the words.
    Is(Kind),
    /// The input is refused for good, unless the words say that it is there already: no document gives
    /// the code for that.
    Input,
    /// The target's own refusal is quoted: nothing was copied, unless the words say that it has a copy;
    /// no room is for a person.
    Quotes,
    /// In a 401: right once; a new token is fetched. Else as the status says.
    Token,
    /// In a 401: the credential counts as refused, unless the words are about time. Else as the status says.
    Credential,
}

impl Code {
    /// As the service writes it: `SCM.0011`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.family, self.number)
    }

    /// What certrotd does about it, in a few words for the manual.
    pub fn does(&self) -> &'static str {
        match self.does {
            Does::Is(Kind::Operator) => "tries again at the longest back-off; a person has to act",
            Does::Is(Kind::NotFound) => "takes it for missing",
            Does::Is(Kind::Throttled) => {
                "waits as long as is asked, and calls this service less often"
            }
            Does::Is(Kind::Busy | Kind::Transient) => "tries again, later each time",
            Does::Is(_) => "holds it until a file or the configuration changes",
            Does::Input => {
                "holds it until a file or the configuration changes; where the words say that it exists, looks for it"
            }
            Does::Quotes => {
                "looks in the target and tries again, later each time; at the longest back-off where it is full"
            }
            Does::Token => "gets a new token, once",
            Does::Credential => {
                "leaves the credential alone after the second time, unless the words are about time"
            }
        }
    }
}
