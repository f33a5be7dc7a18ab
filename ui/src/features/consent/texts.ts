/** Which text belongs to which value of the contract. The compiler refuses a value without one. */
import type { IconName } from "../../components/Icon.svelte";
import type { BlockReason, Caution, DenyOnlyReason, RequestKind } from "../../generated/contract";
import type { MessageId } from "../../i18n/i18n.svelte";

export const KIND_ICONS: Record<RequestKind, IconName> = {
  device_add: "devices",
  device_grade: "devices",
  device_key: "key",
  device_remove: "devices",
  grant: "key",
  sign_in: "sign_in",
  test: "spark",
};

export const CAUTIONS: Record<Caution, MessageId> = {
  first_request: "consent-caution-first-request",
  mixed_scripts: "consent-caution-mixed-scripts",
  self_registered: "consent-caution-self-registered",
  unknown_detail_type: "consent-caution-unknown-detail-type",
};

export const DENY_ONLY: Record<DenyOnlyReason, MessageId> = {
  approval_key_unavailable: "consent-deny-only-key",
  assurance_too_low: "consent-deny-only-assurance",
  not_supported: "consent-deny-only-not-supported",
  text_not_showable: "consent-deny-only-text",
  too_long: "consent-deny-only-too-long",
  unknown_client: "consent-deny-only-unknown-client",
};

export const BLOCK_REASONS: Record<BlockReason, MessageId> = {
  bad_signature: "blocked-reason-bad-signature",
  malformed: "blocked-reason-malformed",
  not_for_this_device: "blocked-reason-not-for-this-device",
  out_of_time: "blocked-reason-out-of-time",
  replayed: "blocked-reason-replayed",
};
