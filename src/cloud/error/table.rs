//! The services' error codes as data: one row a code, in order. What is not here goes by its HTTP status.

use super::super::Code;
use super::super::code::Does::{Credential, Input, Is, Quotes, Token};
use crate::model::failure::Kind::{Busy, NotFound, Operator, Permanent, Throttled, Transient};

/// Sorted by family and number, so that a code is found by halving.
pub(in super::super) const TABLE: &[Code] = &[
    // The gateway: its page of error codes. Those of faults of its own (0201, 0601 and on) are left to
    // their status on purpose, which tells a request that is too large from a backend that hangs.
    row("APIGW", "0101", "no such API at this endpoint", Is(NotFound)).advise(ENDPOINT),
    row("APIGW", "0301", "the credential is refused, or too old", Credential),
    row("APIGW", "0302", "this identity may not call the API", Is(Operator)),
    row("APIGW", "0305", "the credential is refused", Credential),
    row("APIGW", "0306", "this access is not allowed", Is(Operator)),
    row("APIGW", "0307", "the token has ended, or is for another region", Token),
    row("APIGW", "0308", "called too often", Is(Throttled)),
    row("APIGW", "0310", "the project is not available", Is(Operator)),
    row("APIGW", "0401", "not from this address", Is(Operator)),
    row("APIGW", "0402", "not from this address", Is(Operator)),
    row("APIGW", "0404", "not from this address", Is(Operator)),
    row("APIGW", "0501", "the application's quota is used up", Is(Operator)),
    row("APIGW", "0502", "the application is frozen", Is(Operator)),
    row("APIGW", "0801", "not in this region", Is(Operator)),
    row("APIGW", "0802", "not in this region", Is(Operator)),
    // CDN: reports of those who ran into it.
    row("CDN", "00010198", "CDN may not read the certificate manager", Is(Operator))
        .advise(DELEGATION),
    // The databases' busy codes: what the official Terraform provider waits for, service by service,
    // whichever of them says it. The rest: the databases' own pages of error codes.
    row("DBS", "00010009", BUSY, Is(Busy)),
    row("DBS", "01010337", BUSY, Is(Busy)),
    row("DBS", "01280030", BUSY, Is(Busy)),
    row("DBS", "05000084", BUSY, Is(Busy)),
    row("DBS", "200001", "a parameter is refused", Is(Permanent)),
    row("DBS", "200002", NO_INSTANCE, Is(NotFound)),
    row("DBS", "200010", "no right on the instance", Is(Operator)),
    row("DBS", "200011", BUSY, Is(Busy)),
    row("DBS", "200018", BUSY, Is(Busy)),
    row("DBS", "200019", BUSY, Is(Busy)),
    row("DBS", "200047", BUSY, Is(Busy)),
    row("DBS", "200076", BUSY, Is(Busy)),
    row("DBS", "200080", BUSY, Is(Busy)),
    row("DBS", "200452", BUSY, Is(Busy)),
    row("DBS", "200463", BUSY, Is(Busy)),
    row("DBS", "200611", BUSY, Is(Busy)),
    row("DBS", "201000", BUSY, Is(Busy)),
    row("DBS", "201014", BUSY, Is(Busy)),
    row("DBS", "201015", BUSY, Is(Busy)),
    row("DBS", "201202", BUSY, Is(Busy)),
    row("DBS", "201206", BUSY, Is(Busy)),
    row("DBS", "212033", BUSY, Is(Busy)),
    row("DBS", "280005", BUSY, Is(Busy)),
    row("DBS", "280011", BUSY, Is(Busy)),
    row("DBS", "280036", BUSY, Is(Busy)),
    row("DBS", "280110", NO_INSTANCE, Is(NotFound)),
    row("DBS", "280343", BUSY, Is(Busy)),
    row("DBS", "280816", BUSY, Is(Busy)),
    // DCS: its page of error codes; the busy ones again from the Terraform provider.
    row("DCS", "1001", "the token is refused", Token),
    row("DCS", "1002", "the token is refused", Token),
    row("DCS", "1003", "the token is refused", Token),
    row("DCS", "1004", "the token is refused", Token),
    row("DCS", "2007", "no right on the instance", Is(Operator)),
    row("DCS", "3022", NO_INSTANCE, Is(NotFound)),
    row("DCS", "4026", BUSY, Is(Busy)),
    row("DCS", "4049", BUSY, Is(Busy)),
    row("DCS", "4061", "this is no instance's id", Is(Permanent)),
    row("DCS", "4096", BUSY, Is(Busy)),
    row("DCS", "4097", BUSY, Is(Busy)),
    row("DCS", "4111", BUSY, Is(Busy)),
    row("DCS", "4113", BUSY, Is(Busy)),
    row("DCS", "4114", BUSY, Is(Busy)),
    row("DCS", "4115", BUSY, Is(Busy)),
    row("DCS", "4116", BUSY, Is(Busy)),
    row("DCS", "4117", BUSY, Is(Busy)),
    row("DCS", "4118", BUSY, Is(Busy)),
    row("DCS", "4120", BUSY, Is(Busy)),
    row("DCS", "4121", BUSY, Is(Busy)),
    row("DCS", "4201", "the instance has no SSL", Is(Permanent)).advise(NO_SSL),
    row("DCS", "4231", BUSY, Is(Busy)),
    row("DCS", "4975", BUSY, Is(Busy)),
    row("DCS", "5010", "the operation on the instance's SSL failed", Is(Transient)),
    // The certificate manager: its table of error codes, and what the Terraform provider waits for (0016).
    row("SCM", "0003", "the certificate belongs to somebody else", Input),
    row("SCM", "0005", "a parameter is refused", Input),
    row("SCM", "0006", UNREADABLE, Input),
    row("SCM", "0008", "no such certificate", Is(NotFound)),
    row("SCM", "0009", "the certificate is for no domain", Input),
    row("SCM", "0010", "not with a certificate of this kind or state", Input),
    row("SCM", "0011", "the quota of certificates is used up", Is(Operator)).advise(ROOM),
    row("SCM", "0012", "the private key cannot be read", Input),
    row("SCM", "0013", "the chain cannot be read", Input),
    row("SCM", "0014", "the private key belongs to another certificate", Input),
    row("SCM", "0015", "the number or form of the domains does not fit", Input),
    row("SCM", "0016", "the certificate's order is not settled yet", Is(Transient)),
    row("SCM", "0020", "no such certificate", Is(NotFound)),
    row("SCM", "0023", "a value to change is refused", Input),
    row("SCM", "0024", "a value to change is refused", Input),
    row("SCM", "0028", "the push failed in the target", Quotes),
    row("SCM", "0030", "this service takes no pushes", Input),
    row("SCM", "0031", UNREADABLE, Input),
    row("SCM", "0032", "the name is refused", Input),
    row("SCM", "0053", "the chain cannot be read", Input),
    row("SCM", "0054", "the chain cannot be read", Input),
    row("SCM", "0059", "the certificate was imported without its key", Input),
    row("SCM", "0069", "no such project", Input).advise(PROJECT),
    row("SCM", "0070", "a domain in the certificate is malformed", Input),
    row("SCM", "0079", "the order of the chain is broken", Input),
    row("SCM", "0099", "no such account", Input),
    row("SCM", "0114", "the private key cannot be read", Input),
    row("SCM", "0201", "the push failed in ELB", Quotes),
    row("SCM", "0202", "no right in ELB", Is(Operator))
        .advise("give the pushing user rights in ELB"),
    row("SCM", "0203", "the push failed in ELB", Quotes),
    row("SCM", "0211", "the push failed in CDN", Quotes),
    row("SCM", "0212", "no right in CDN", Is(Operator))
        .advise("give the pushing user rights in CDN"),
    row("SCM", "0221", "the push failed in WAF", Quotes),
    row("SCM", "0222", "no right in WAF", Is(Operator))
        .advise("give the pushing user rights in WAF"),
    row("SCM", "1000", "the token is refused", Token),
    row("SCM", "1004", "the account is not enrolled", Is(Operator)),
    row("SCM", "1009", "the account is restricted", Is(Operator)),
    row("SCM", "1010", "the account is frozen", Is(Operator)),
    row("SCM", "4002", "a policy is missing, although it comes as a 401", Is(Operator))
        .advise(POLICY),
];

const BUSY: &str = "the instance is busy, or in a state that forbids it";
const NO_INSTANCE: &str = "no such instance";
const UNREADABLE: &str = "the certificate cannot be read";

const DELEGATION: &str = "switch on the delegation that lets CDN read the certificate manager (SCM), in the HTTPS \
     settings of CDN's console";
const ENDPOINT: &str = "no such API at this endpoint, look at [cloud.NAME.endpoints]";
const NO_SSL: &str = "SSL is off on this instance, or its version has none";
const POLICY: &str = "give the user a policy for the certificate manager (scm:cert:*)";
const PROJECT: &str = "`project` must be the name of a project, such as a region's id";
const ROOM: &str = "the quota of certificates is used up, delete some or raise it";

const fn row(
    family: &'static str,
    number: &'static str,
    means: &'static str,
    does: super::super::code::Does,
) -> Code {
    Code { family, number, means, does, advice: None }
}

impl Code {
    const fn advise(self, advice: &'static str) -> Self {
        Self { advice: Some(advice), ..self }
    }
}
