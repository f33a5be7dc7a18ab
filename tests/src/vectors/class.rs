//! The closed set of verdicts that a vector can expect, and how the protocol crate's errors fall into it.

use serde::{Deserialize, Serialize};
use tegata_protocol::{
    device::{
        decision::DecisionError, evidence::EvidenceError, invitation::InvitationError,
        metadata::MetadataError, pairing::PairingError, prompt::DenyOnlyReason,
        prompt::PromptError, proof::ProofError,
    },
    ijson::IJsonError,
    jws::JwsError,
    text::{TextCaution, TextDefect},
    webauthn::{
        AssertionError, AttestationError, AuthenticatorDataError, CborError, ClientDataError,
    },
};

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// A verdict.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Class { $($(#[$doc])* $name),* }

        impl Class {
            /// All of them; every one occurs in some vector.
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

classes! {
    /// Nothing is wrong with it.
    Valid,
    // JSON: the same wherever JSON is read.
    /// Starts with a byte order mark.
    ByteOrderMark,
    /// A name twice in one object.
    DuplicateName,
    /// Not UTF-8.
    NotUtf8,
    /// Not JSON.
    Syntax,
    /// Over the limit of length.
    TooLong,
    /// Nested too deep.
    TooDeep,
    /// Data after the document.
    Trailing,
    /// A noncharacter.
    Noncharacter,
    /// Half a surrogate pair.
    UnpairedSurrogate,
    /// Not an integer within 53 bits.
    Number,
    /// Other members, types or values than the message has.
    Shape,
    /// Not the canonical form of the document.
    NotCanonical,
    // JWS: the same for every type.
    /// Over the limit of length.
    JwsTooLong,
    /// Not three base64url parts with a 64-byte signature.
    JwsMalformed,
    /// Header members.
    JwsHeader,
    /// `alg`.
    JwsAlgorithm,
    /// `typ`.
    JwsType,
    /// `kid` names no key that may sign this.
    JwsUnknownKey,
    /// The signature.
    JwsSignature,
    // Metadata.
    /// Another root key.
    MetadataRoot,
    /// Another issuer.
    MetadataIssuer,
    /// `seq` lower than seen.
    MetadataRolledBack,
    /// `iat` or `exp`.
    MetadataExpired,
    /// `crit`.
    MetadataCritical,
    /// Endpoints, rpId, origin or name.
    MetadataContent,
    // Invitations.
    /// Over the limit of length.
    InvitationTooLong,
    /// Not a form that is known.
    InvitationUnknown,
    /// `v`.
    InvitationVersion,
    /// The code.
    InvitationCode,
    /// The issuer.
    InvitationIssuer,
    /// The root's thumbprint.
    InvitationRoot,
    // Pairing.
    /// Another issuer, code or offer.
    PairingBinding,
    /// The nonce does not open the commitment.
    PairingCommitment,
    /// Thumbprints that are not the device's.
    PairingKeys,
    /// A countersignature under something else.
    PairingCountersignature,
    /// Other digits.
    DigitsMismatch,
    // CBOR, client data and authenticator data.
    /// Ends too early.
    CborTruncated,
    /// Over a limit.
    CborLimit,
    /// A form that is not accepted.
    CborForm,
    /// A key twice.
    CborDuplicateKey,
    /// Bytes left over.
    CborTrailing,
    /// `crossOrigin` is true.
    ClientDataCrossOrigin,
    /// The right members in another serialization.
    ClientDataSerialization,
    /// Not the length that the flags say.
    AuthenticatorDataLength,
    /// AT, ED or a reserved bit.
    AuthenticatorDataFlags,
    /// The COSE key.
    AuthenticatorDataKey,
    // Assertions.
    /// Another credential.
    AssertionCredential,
    /// A registration.
    AssertionCeremony,
    /// Another challenge.
    AssertionChallenge,
    /// Another origin.
    AssertionOrigin,
    /// Another rpId.
    AssertionRpId,
    /// UP, UV, BE, BS.
    AssertionFlags,
    /// The signature.
    AssertionSignature,
    // Registrations.
    /// Not packed self attestation.
    AttestationFormat,
    /// Another ceremony, challenge, origin or rpId.
    AttestationBinding,
    /// UP, UV, BE, BS.
    AttestationFlags,
    /// An id that is not the key's thumbprint.
    AttestationCredentialId,
    /// The signature.
    AttestationSignature,
    // Decisions.
    /// A member differs from what the server stored.
    DetailMismatch,
    // Proofs.
    /// Another device, method, URL or body.
    ProofBinding,
    /// The nonce.
    ProofNonce,
    // Prompts.
    /// Another issuer.
    PromptIssuer,
    /// Another device or account.
    PromptAudience,
    /// Over a limit.
    PromptLimit,
    /// Verifies, but the key is of too low a kind.
    DenyOnlyAssuranceTooLow,
    /// Verifies, but `crit` names something unknown.
    DenyOnlyCriticalMember,
    /// Verifies, but the kind is reserved or unknown.
    DenyOnlyKind,
    /// Verifies, but some text cannot be shown unaltered.
    DenyOnlyText,
    /// Verifies, but has members that cannot be shown.
    DenyOnlyUnknownMember,
    // Evidence.
    /// Another root than the trusted one.
    EvidenceRoot,
    /// The metadata.
    EvidenceMetadata,
    /// Nothing to check, or a part that nothing checks.
    EvidenceParts,
    /// The prompt.
    EvidencePrompt,
    /// The receipt.
    EvidenceReceipt,
    /// The decision.
    EvidenceDecision,
    /// The pairing receipt or its countersignature.
    EvidencePairing,
    /// A receipt of a simulated device.
    EvidenceSimulated,
    // Text.
    /// Shown with a caution: look-alike letters.
    CautionMixedAlphabets,
    /// Shown with a caution: an address.
    CautionLooksLikeAddress,
    /// Cannot be shown: invisible characters.
    DefectInvisibleCharacter,
    /// Cannot be shown: stacked marks.
    DefectStackedMarks,
    /// Cannot be shown: a line break.
    DefectLineBreak,
    /// Not a code of this alphabet and length.
    TransferCodeForm,
}

/// An error of the protocol crate in one class. The errors are `non_exhaustive`: a new variant needs a class of its own.
pub(super) trait Classify {
    /// The class.
    fn class(&self) -> Class;
}

macro_rules! classify {
    ($error:ty { $($pattern:pat => $class:expr),* $(,)? }) => {
        impl Classify for $error {
            fn class(&self) -> Class {
                match self {
                    $($pattern => $class,)*
                    other => unreachable!("no class yet for {other:?}"),
                }
            }
        }
    };
}

classify!(IJsonError {
    Self::ByteOrderMark => Class::ByteOrderMark,
    Self::DuplicateName(_) => Class::DuplicateName,
    Self::NotUtf8 => Class::NotUtf8,
    Self::Syntax(_) => Class::Syntax,
    Self::TooLong(_) => Class::TooLong,
    Self::TooDeep(_) => Class::TooDeep,
    Self::Trailing(_) => Class::Trailing,
    Self::Noncharacter(_) => Class::Noncharacter,
    Self::UnpairedSurrogate(_) => Class::UnpairedSurrogate,
    Self::Number(_) => Class::Number,
    Self::Shape(_) => Class::Shape,
});

classify!(JwsError {
    Self::TooLong(_) => Class::JwsTooLong,
    Self::Malformed => Class::JwsMalformed,
    Self::Header => Class::JwsHeader,
    Self::Algorithm => Class::JwsAlgorithm,
    Self::Type => Class::JwsType,
    Self::UnknownKey => Class::JwsUnknownKey,
    Self::Signature => Class::JwsSignature,
    Self::Payload(error) => error.class(),
});

classify!(MetadataError {
    Self::Response(error) => error.class(),
    Self::Jws(error) => error.class(),
    Self::Root => Class::MetadataRoot,
    Self::Issuer => Class::MetadataIssuer,
    Self::RolledBack => Class::MetadataRolledBack,
    Self::Expired => Class::MetadataExpired,
    Self::Critical => Class::MetadataCritical,
    Self::Content => Class::MetadataContent,
});

classify!(InvitationError {
    Self::TooLong => Class::InvitationTooLong,
    Self::Unknown => Class::InvitationUnknown,
    Self::Version => Class::InvitationVersion,
    Self::Code => Class::InvitationCode,
    Self::Issuer => Class::InvitationIssuer,
    Self::Root => Class::InvitationRoot,
});

classify!(PairingError {
    Self::Jws(error) => error.class(),
    Self::Body(error) => error.class(),
    Self::Binding => Class::PairingBinding,
    Self::Commitment => Class::PairingCommitment,
    Self::Keys => Class::PairingKeys,
    Self::Countersignature => Class::PairingCountersignature,
});

classify!(CborError {
    Self::Truncated => Class::CborTruncated,
    Self::Limit => Class::CborLimit,
    Self::Form => Class::CborForm,
    Self::DuplicateKey => Class::CborDuplicateKey,
    Self::Trailing => Class::CborTrailing,
});

classify!(ClientDataError {
    Self::Json(error) => error.class(),
    Self::CrossOrigin => Class::ClientDataCrossOrigin,
    Self::Serialization => Class::ClientDataSerialization,
});

classify!(AuthenticatorDataError {
    Self::Length => Class::AuthenticatorDataLength,
    Self::Flags => Class::AuthenticatorDataFlags,
    Self::Key(_) => Class::AuthenticatorDataKey,
});

classify!(AssertionError {
    Self::Credential => Class::AssertionCredential,
    Self::ClientData(error) => error.class(),
    Self::Ceremony => Class::AssertionCeremony,
    Self::Challenge => Class::AssertionChallenge,
    Self::Origin => Class::AssertionOrigin,
    Self::AuthenticatorData(error) => error.class(),
    Self::RpId => Class::AssertionRpId,
    Self::Flags => Class::AssertionFlags,
    Self::Signature => Class::AssertionSignature,
});

classify!(AttestationError {
    Self::Object(error) => error.class(),
    Self::Format => Class::AttestationFormat,
    Self::ClientData(error) => error.class(),
    Self::AuthenticatorData(error) => error.class(),
    Self::Binding => Class::AttestationBinding,
    Self::Flags => Class::AttestationFlags,
    Self::CredentialId => Class::AttestationCredentialId,
    Self::Signature => Class::AttestationSignature,
});

classify!(DecisionError {
    Self::Detail => Class::DetailMismatch,
    Self::Assertion(error) => error.class(),
});

classify!(ProofError {
    Self::Jws(error) => error.class(),
    Self::Binding => Class::ProofBinding,
    Self::Nonce => Class::ProofNonce,
});

classify!(PromptError {
    Self::Jws(error) => error.class(),
    Self::Issuer => Class::PromptIssuer,
    Self::Audience => Class::PromptAudience,
    Self::Limit => Class::PromptLimit,
});

classify!(DenyOnlyReason {
    Self::AssuranceTooLow => Class::DenyOnlyAssuranceTooLow,
    Self::CriticalMember => Class::DenyOnlyCriticalMember,
    Self::Kind => Class::DenyOnlyKind,
    Self::Text => Class::DenyOnlyText,
    Self::UnknownMember => Class::DenyOnlyUnknownMember,
});

classify!(EvidenceError {
    Self::File(error) => error.class(),
    Self::Root { .. } => Class::EvidenceRoot,
    Self::Metadata => Class::EvidenceMetadata,
    Self::Parts => Class::EvidenceParts,
    Self::Prompt => Class::EvidencePrompt,
    Self::Receipt => Class::EvidenceReceipt,
    Self::Decision => Class::EvidenceDecision,
    Self::Pairing => Class::EvidencePairing,
    Self::Simulated => Class::EvidenceSimulated,
});

classify!(TextCaution {
    Self::MixedAlphabets => Class::CautionMixedAlphabets,
    Self::LooksLikeAddress => Class::CautionLooksLikeAddress,
});

classify!(TextDefect {
    Self::InvisibleCharacter => Class::DefectInvisibleCharacter,
    Self::StackedMarks => Class::DefectStackedMarks,
    Self::LineBreak => Class::DefectLineBreak,
});
