//! Tokens after they were issued: refreshed, revoked.

use tegata_protocol::{ClientId, UnixTime};

use crate::domain::{
    Approval, BackchannelAuthentication, ClientAssertion, Located, NewToken, Sender, TokenKind,
};

/// Exchanges a refresh token for the next tokens, once. Its second use ends all tokens of the request, unless it comes
/// within [`crate::domain::token::REUSE_LEEWAY_SECONDS`] of the first.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// The refresh token, opened.
    pub token: Located,
    /// The authenticated client.
    pub client: ClientId,
    /// What it has proved to hold.
    pub sender: Sender,
    /// The access token to store.
    pub access_token: NewToken,
    /// The refresh token that takes the place of the used one, and ends when that would have.
    pub refresh_token: NewToken,
    /// What the client authenticated with, if that is good for one request only: used up with the refresh token.
    pub assertion: Option<ClientAssertion>,
    /// Now.
    pub now: UnixTime,
}

/// Of [`Refresh`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// Issue the tokens.
    Refreshed {
        /// The request behind them.
        flow: Box<BackchannelAuthentication>,
        /// The approval in it.
        approval: Approval,
    },
    /// Unknown, expired, revoked, another client's or another sender's, or used within the leeway. Nothing was stored.
    Refused,
    /// It was used before: all tokens of the request have ended.
    Reused {
        /// The request behind them.
        flow: Box<BackchannelAuthentication>,
        /// How many there were; 0 if they had ended before.
        ended: usize,
    },
    /// The client's assertion was used before. Nothing was stored.
    AssertionReplayed,
}

/// Ends a token of the client that asks; with a refresh token, used or not, all tokens of the request (RFC 7009 section
/// 2.1).
#[derive(Debug, Clone)]
pub struct RevokeToken {
    /// The token, opened.
    pub token: Located,
    /// Under which label it was opened.
    pub kind: TokenKind,
    /// The authenticated client.
    pub client: ClientId,
    /// What the client authenticated with, if that is good for one request only: used up with the token.
    pub assertion: Option<ClientAssertion>,
}

/// Of [`RevokeToken`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeTokenOutcome {
    /// They have ended; how many there were, 0 if they had ended before.
    Ended(usize),
    /// It was issued to another client. Nothing was stored.
    Foreign,
    /// The client's assertion was used before. Nothing was stored.
    AssertionReplayed,
}
