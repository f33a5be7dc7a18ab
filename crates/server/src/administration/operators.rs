//! Who may use the operator's pages.

use tegata_protocol::{Sha256Digest, bytes::encode_b64u, rng::random_bytes};

use super::{
    AdministrationError, Desk, Result,
    views::{NewOperator, OperatorInvitationView, OperatorView},
};
use crate::{
    config::Issuer,
    domain::{ENROLMENT_SECONDS, OperatorInvitation, operator::is_operator_name},
    storage::{
        StoreReader,
        ops::{InviteOperator, RemoveOperator},
    },
};

impl Desk<'_> {
    /// Makes a link that enrols an operator, once and within fifteen minutes. Without a name it is `operator`.
    ///
    /// # Errors
    /// [`AdministrationError::Invalid`] for a name that cannot be one, [`AdministrationError::Taken`] if somebody is
    /// enrolled under it.
    pub async fn invite_operator(
        &self,
        issuer: &Issuer,
        new: NewOperator,
    ) -> Result<OperatorInvitationView> {
        let name = new.name.unwrap_or_else(|| "operator".to_owned());
        if !is_operator_name(&name) {
            return Err(AdministrationError::Invalid(
                "an operator's name must be 1 to 64 characters without control characters"
                    .to_owned(),
            ));
        }
        let secret = encode_b64u(&random_bytes::<32>(self.rng));
        let invite = InviteOperator {
            invitation: OperatorInvitation {
                hash: Sha256Digest::of(secret.as_bytes()),
                name: name.clone(),
                expires: self.now.plus(ENROLMENT_SECONDS),
            },
            now: self.now,
        };
        if !self.store.apply(invite).await? {
            return Err(AdministrationError::Taken(format!("operator {name:?}")));
        }
        Ok(OperatorInvitationView {
            name,
            url: issuer.endpoint(&format!("/operator/enrol/{secret}")),
            expires_in: ENROLMENT_SECONDS,
        })
    }

    /// All operators by name.
    ///
    /// # Errors
    /// [`AdministrationError::Store`].
    pub async fn operators(&self) -> Result<Vec<OperatorView>> {
        let operators = self.store.read_long(StoreReader::operators).await?;
        Ok(operators
            .into_iter()
            .map(|operator| OperatorView {
                name: operator.name,
                since: operator.since.0,
            })
            .collect())
    }

    /// Removes an operator, whose sessions end with that, or the link of that name.
    ///
    /// # Errors
    /// [`AdministrationError::Unknown`].
    pub async fn remove_operator(&self, name: &str) -> Result<()> {
        let remove = RemoveOperator {
            name: name.to_owned(),
        };
        if self.store.apply(remove).await? {
            Ok(())
        } else {
            Err(AdministrationError::Unknown(format!("operator {name:?}")))
        }
    }
}
