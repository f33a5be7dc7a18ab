//! The end of a pairing: receipt checked, account and secret written, receipt countersigned.

use super::{PairingCause, PairingFailure, Registered};
use crate::{
    account::{
        AccountHeader, AccountLook, AccountState, ApprovalSlot, BlockedCount, LocalAccountId,
        Standing,
    },
    gateway::ExchangeLimits,
    keys::Sealer,
    model::AccountSummary,
};
use tegata_protocol::{
    B64,
    device::{
        V1, limits,
        metadata::Metadata,
        pairing::{
            ConfirmRequest, ConfirmResponse, PairingError, PairingReceipt, sign_countersignature,
        },
        typ,
    },
    jws,
};

impl Registered {
    pub(super) async fn finish(&self, receipt_jws: &str) -> Result<AccountSummary, PairingFailure> {
        let offered = &self.made.offered;
        let device = &offered.device;
        let ports = device.ports();
        // 1. The receipt is the server's and names what was paired, whole.
        let keys = Metadata::valid_at(&offered.trusted.metadata.receipt_keys, ports.clock.now());
        let receipt: PairingReceipt =
            jws::verify(receipt_jws, typ::PAIRING_RECEIPT, limits::MESSAGE, &keys)
                .map_err(PairingError::from)?;
        let fits = receipt.iss == offered.issuer
            && receipt.sub == offered.offer.account.id
            && receipt.device == self.reveal.device
            && receipt.offer == jws::hash(&offered.offer_jws)
            && receipt.key == ports.approval.kind();
        if !fits {
            return Err(PairingError::Binding.into());
        }
        if receipt.approval != self.made.approval
            || receipt.possession != *self.made.possession.public()
        {
            return Err(PairingError::Keys.into());
        }
        // 2. Secret and account, in this order: an account without its secret would look lost.
        let countersignature =
            sign_countersignature(&self.made.possession, &self.reveal.device, receipt_jws);
        let id = LocalAccountId::make(ports.rng.as_ref());
        let header = AccountHeader {
            version: crate::account::FORMAT,
            id: id.clone(),
            issuer: offered.issuer.clone(),
            account: offered.offer.account.id.clone(),
            issuer_name: offered.trusted.metadata.name.clone(),
            account_name: offered.offer.account.name.clone(),
            device_name: self.device_name.clone(),
            root: offered.trusted.root.thumbprint(),
            paired_at: receipt.iat,
            look: AccountLook::default(),
        };
        // EXPOSE: the private key is sealed under its own label before it is sealed with the rest.
        let possession_sealed = Sealer::derive(&self.made.secret, "possession").seal(
            ports.rng.as_ref(),
            id.as_str().as_bytes(),
            self.made.possession_pkcs8.expose(),
        );
        let state = AccountState {
            device: self.reveal.device.clone(),
            root: offered.trusted.root,
            metadata_jws: offered.trusted.jws.clone(),
            metadata_seq: offered.trusted.metadata.seq,
            possession: *self.made.possession.public(),
            possession_sealed: B64(possession_sealed),
            possession_counter: 0,
            approval: self.made.approval,
            approval_kind: ports.approval.kind(),
            approval_slot: ApprovalSlot::Usable {
                key: self.made.approval_stored.clone(),
                failures: 0,
            },
            approval_counter: 0,
            pairing_receipt: receipt_jws.to_owned(),
            countersignature: countersignature.clone(),
            countersigned: false,
            standing: Standing::Active,
            network: offered.network.clone(),
            waiting: None,
            earlier: Vec::new(),
            unsent: None,
            seen: Vec::new(),
            told: Vec::new(),
            history_lines: 0,
            blocked: BlockedCount::default(),
        };
        ports.secrets.store(&id, &self.made.secret).await?;
        if let Err(error) = device.add_account(&header, &state, &self.made.secret).await {
            // Nothing may be left of a pairing that did not come to its end.
            let _ = ports.secrets.remove(&id).await;
            return Err(PairingFailure::new(PairingCause::Internal, error));
        }
        for old in &offered.replaces {
            if let Err(error) = device.remove(old).await {
                tracing::warn!(%error, "an account that this pairing replaces could not be removed");
            }
        }
        // 3. The countersignature. If the server does not get it now, it gets it at the next connection.
        let request = ConfirmRequest {
            v: V1,
            countersignature: Some(countersignature),
            wait: 0,
        };
        let url = &offered.trusted.metadata.endpoints.confirm;
        let answer: Result<ConfirmResponse, _> =
            self.gateway.post(url, &request, ExchangeLimits::HELD).await;
        match answer {
            Ok(_) => device.mark_countersigned(&id, &self.made.secret),
            Err(error) => tracing::warn!(%error, "the countersignature will be sent again"),
        }
        device.connect_new(&id);
        device.account(&id).ok_or_else(|| {
            PairingFailure::new(PairingCause::Internal, "the account was removed meanwhile")
        })
    }
}
