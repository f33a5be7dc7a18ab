//! What a poll is answered, in the order that reveals nothing to the wrong client.

use tegata_protocol::{ClientId, UnixTime};

use super::{Approval, BackchannelAuthentication, BackchannelAuthenticationState, Sender};

/// Why no tokens are issued. Each variant is one error code of CIBA Core section 11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedemptionError {
    /// `access_denied`: denied, withdrawn or ended by wrong transfer codes.
    #[error("access_denied")]
    AccessDenied,
    /// `authorization_pending`, or `slow_down` if the poll gate says so.
    #[error("authorization_pending")]
    AuthorizationPending,
    /// `expired_token`.
    #[error("expired_token")]
    ExpiredToken,
    /// `invalid_grant`: unknown, another client's or sender's, or already redeemed.
    #[error("invalid_grant")]
    InvalidGrant,
}

/// Decides whether `client` may redeem `found` at `now` with what it has proved to hold. Changes nothing; the store repeats it inside the commit that
/// redeems. `retention` is how many seconds an expired request is remembered as expired.
///
/// # Errors
/// The code to answer, see [`RedemptionError`].
pub fn check_redemption<'a>(
    found: Option<&'a BackchannelAuthentication>,
    client: &ClientId,
    sender: &Sender,
    now: UnixTime,
    retention: i64,
) -> Result<&'a Approval, RedemptionError> {
    // 1. Found. What is past retention is as if it had never been, whether or not it has been swept yet.
    let flow = found.ok_or(RedemptionError::InvalidGrant)?;
    if now >= flow.facts.expires.plus(retention) {
        return Err(RedemptionError::InvalidGrant);
    }
    // 2. Same client, before anything else is said about the request.
    if flow.facts.client_id != *client {
        return Err(RedemptionError::InvalidGrant);
    }
    // A question of the server's own has no client, whatever its id.
    if flow.facts.kind.is_own() {
        return Err(RedemptionError::InvalidGrant);
    }
    // 3. Sender binding: what was proved when the request was made must be proved again by whoever collects.
    if let Some(confirmation) = &flow.facts.terms.confirmation
        && !sender.holds(confirmation)
    {
        return Err(RedemptionError::InvalidGrant);
    }
    // 4. Consumed, then expired: a redeemed request answers the same for ever.
    if matches!(flow.state, BackchannelAuthenticationState::Redeemed { .. }) {
        return Err(RedemptionError::InvalidGrant);
    }
    if flow.is_expired(now) {
        return Err(RedemptionError::ExpiredToken);
    }
    // 5. State.
    match &flow.state {
        BackchannelAuthenticationState::Pending => Err(RedemptionError::AuthorizationPending),
        BackchannelAuthenticationState::Approved(approval) => Ok(approval),
        BackchannelAuthenticationState::Denied { .. }
        | BackchannelAuthenticationState::TransferFailed { .. }
        | BackchannelAuthenticationState::Withdrawn { .. } => Err(RedemptionError::AccessDenied),
        BackchannelAuthenticationState::Redeemed { .. } => Err(RedemptionError::InvalidGrant),
    }
}
