//! Managing devices and grants.

use super::{MAY, MUST, Member, NamedList, Object, Objects, Text, Truth, Whole, object};
use utoipa::openapi::Schema;

const V: Member = ("v", Whole, MUST, "1");
const REQUEST: Member = ("request", Text, MUST, "The approved request");

pub(super) fn managing() -> Vec<(&'static str, Schema)> {
    let mut all = devices();
    all.extend(adding());
    all.extend(grants());
    all
}

fn devices() -> Vec<(&'static str, Schema)> {
    vec![
        ("ManagementRequest", object("Section 6.4", &[V])),
        (
            "ListedDevice",
            object(
                "One device of the account",
                &[
                    ("id", Text, MUST, "Its id"),
                    ("name", Text, MUST, "Its name"),
                    ("platform", Text, MUST, "Its own words"),
                    ("paired_at", Whole, MUST, "Seconds since 1970"),
                    ("last_seen", Whole, MAY, "Seconds since 1970, to the minute"),
                    (
                        "may_manage_from",
                        Whole,
                        MAY,
                        "From when it adds, removes and grades others",
                    ),
                ],
            ),
        ),
        (
            "DeviceList",
            object(
                "The asking device first",
                &[
                    ("devices", NamedList("ListedDevice"), MUST, "Active ones"),
                    (
                        "may_manage_from",
                        Whole,
                        MAY,
                        "From when the asking device adds, removes and grades others",
                    ),
                ],
            ),
        ),
        (
            "DeviceRename",
            object(
                "The asking device's new name",
                &[V, ("name", Text, MUST, "1 to 64 characters")],
            ),
        ),
        (
            "DeviceRemove",
            object(
                "Which device goes",
                &[
                    V,
                    ("device", Text, MUST, "Its id"),
                    ("reason", Text, MUST, "lost or not_used"),
                ],
            ),
        ),
        (
            "DeviceKey",
            object(
                "A new approval key",
                &[
                    V,
                    ("key", Text, MUST, "software_pin or hardware"),
                    ("approval", Object, MUST, "Registration, as in 4.3"),
                ],
            ),
        ),
        (
            "DeviceGrade",
            object(
                "Which device waits no longer",
                &[V, ("device", Text, MUST, "Its id")],
            ),
        ),
        (
            "ManagementAnswer",
            object(
                "What there is to decide",
                &[("request", Text, MAY, "jti of the prompt")],
            ),
        ),
    ]
}

fn adding() -> Vec<(&'static str, Schema)> {
    vec![
        (
            "DeviceAdd",
            object(
                "Another device",
                &[V, ("move", Truth, MUST, "The asking device ends with it")],
            ),
        ),
        (
            "InvitationRequest",
            object(
                "Which approval is used up",
                &[
                    V,
                    REQUEST,
                    ("receipt", Text, MUST, "Hash of the receipt of its approval"),
                ],
            ),
        ),
        (
            "Invitation",
            object(
                "Section 4.1",
                &[
                    ("link", Text, MUST, "The complete form"),
                    ("code", Text, MUST, "The code alone"),
                    ("expires_in", Whole, MUST, "Seconds"),
                ],
            ),
        ),
        (
            "DeviceConfirm",
            object(
                "A question, or the digits",
                &[
                    V,
                    REQUEST,
                    ("digits", Text, MAY, "That the other device shows"),
                    ("known", Text, MAY, "The state for whose end to wait"),
                ],
            ),
        ),
        (
            "AddingState",
            object(
                "How the pairing stands",
                &[
                    (
                        "state",
                        Text,
                        MUST,
                        "invited, used, registered, confirmed or ended",
                    ),
                    ("device_name", Text, MAY, "With registered and confirmed"),
                    ("tries_left", Whole, MAY, "With registered"),
                    ("failed", Truth, MAY, "With ended: by wrong digits"),
                ],
            ),
        ),
    ]
}

fn grants() -> Vec<(&'static str, Schema)> {
    vec![
        (
            "Grant",
            object(
                "Something granted that is still good",
                &[
                    ("id", Text, MUST, "The request that granted it"),
                    ("client", Object, MUST, "As in prompts"),
                    ("scopes", Objects, MUST, "As in prompts"),
                    ("authorization_details", Objects, MUST, "As granted"),
                    ("granted_at", Whole, MUST, "Seconds since 1970"),
                    ("expires_at", Whole, MUST, "Seconds since 1970"),
                    ("renewable", Truth, MUST, "By a refresh token until then"),
                ],
            ),
        ),
        (
            "GrantList",
            object(
                "Newest first, at most 100",
                &[("consents", NamedList("Grant"), MUST, "Those still good")],
            ),
        ),
        (
            "ConsentRevoke",
            object("Which grant ends", &[V, ("consent", Text, MUST, "Its id")]),
        ),
        (
            "Notice",
            object(
                "Something that happened to the account's devices",
                &[
                    ("id", Text, MUST, "Names it for ever"),
                    ("at", Whole, MUST, "Seconds since 1970"),
                    (
                        "what",
                        Text,
                        MUST,
                        "device_added, device_removed, device_graded, key_replaced or reported",
                    ),
                    ("device_name", Text, MUST, "The device that it is about"),
                ],
            ),
        ),
    ]
}
