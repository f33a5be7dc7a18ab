//! What a device is sent and what it answers.

use super::{MAY, MUST, Member, NamedList, Object, Objects, Text, Truth, Whole, object};
use utoipa::openapi::Schema;

pub(super) fn deciding() -> Vec<(&'static str, Schema)> {
    let v: Member = ("v", Whole, MUST, "1");
    vec![
        ("PendingRequest", object("Section 6.4", &[v])),
        (
            "PendingPrompt",
            object(
                "One open prompt",
                &[
                    ("prompt", Text, MUST, "prompt+jwt"),
                    ("expires_in", Whole, MUST, "Seconds, rounded down"),
                ],
            ),
        ),
        (
            "PendingSet",
            object(
                "Section 6.2",
                &[
                    ("prompts", NamedList("PendingPrompt"), MUST, "Oldest first"),
                    ("closed", Objects, MUST, "What closed lately, with why"),
                    (
                        "notices",
                        NamedList("Notice"),
                        MAY,
                        "What happened to the account's devices",
                    ),
                ],
            ),
        ),
        (
            "DecisionRequest",
            object(
                "Section 8",
                &[
                    v,
                    (
                        "detail",
                        Object,
                        MUST,
                        "What is decided, as it was hashed into the challenge",
                    ),
                    ("assertion", Object, MUST, "WebAuthn assertion"),
                ],
            ),
        ),
        (
            "DecisionResponse",
            object("Section 8.4", &[("receipt", Text, MUST, "receipt+jwt")]),
        ),
        (
            "RequestReference",
            object(
                "Which request",
                &[v, ("request", Text, MUST, "jti of its prompt")],
            ),
        ),
        ("Nothing", object("No content", &[])),
        (
            "KnownRequest",
            object(
                "How a request stands",
                &[
                    ("state", Text, MUST, "pending or closed"),
                    ("expires_in", Whole, MAY, "Seconds, while pending"),
                    ("closed", Object, MAY, "How it was closed"),
                    ("receipt", Text, MAY, "The device's own receipt"),
                    (
                        "collected",
                        Truth,
                        MAY,
                        "Whether the client has what the device approved",
                    ),
                ],
            ),
        ),
    ]
}
