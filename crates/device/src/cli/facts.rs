//! The facts of a request in the order of their weight, apart from what is only claimed.

use super::{
    Context,
    requests::describe,
    screen::{self, plain, utc},
    words,
};
use tegata_device::RequestSnapshot;
use tegata_protocol::device::{
    management::SubjectDevice,
    prompt::{Prompt, RegisteredBy, Transfer},
};

fn row(name: &str, value: &str) {
    screen::line(&format!("{name:<14}{}", plain(value)));
}

/// Prints a request, whole.
pub(super) fn print(context: &Context, request: &RequestSnapshot) {
    let prompt = &request.prompt;
    row("Request", request.key.request.as_str());
    row("Kind", words::kind(prompt.kind));
    row("Status", &describe(context, request));
    row("Server", prompt.iss.host());
    if let Some(account) = context.device.account(&request.key.account) {
        row("Account", &account.account_name);
    }
    if let Some(device) = &prompt.device {
        print_device(device);
    }
    print_asker(prompt);
    for scope in &prompt.scopes {
        row(
            "Permission",
            &format!("{}: {}", scope.name, scope.description),
        );
    }
    for leaf in prompt.detail_leaves() {
        let label = leaf.label.map(|label| format!(" ({label})"));
        let label = label.unwrap_or_default();
        row(
            "Detail",
            &format!("{}{label} = {}", leaf.pointer, leaf.value),
        );
    }
    for resource in &prompt.resource {
        row("Resource", resource);
    }
    for claim in &prompt.claims {
        row("Will learn", claim);
    }
    if let Some(until) = prompt.refresh {
        row("Valid until", &utc(until));
    }
    print_context(prompt);
    for reason in &request.deny_only {
        row("Deny only", words::deny_only(*reason));
    }
    if request.unknown_client {
        row(
            "Deny only",
            "your setting for clients that registered themselves",
        );
    }
    if let Transfer::Code { length, alphabet } = prompt.transfer {
        row(
            "Code",
            &format!(
                "{length} {}, shown on the other screen",
                words::characters(alphabet)
            ),
        );
    }
}

/// The device that a question about devices is about.
fn print_device(device: &SubjectDevice) {
    for (name, value) in [
        ("Device", &device.name),
        ("  platform", &device.platform),
        ("  old key", &device.old_key),
        ("  new key", &device.new_key),
    ] {
        if let Some(value) = value {
            row(name, value);
        }
    }
    if let Some(id) = &device.id {
        row("  id", id.as_str());
    }
    if let Some(at) = device.paired_at {
        row("  paired", &utc(at));
    }
    if device.lost {
        row("  said to be", "lost");
    }
    if device.moving {
        row("Then", "this device is removed and its keys are wiped");
    }
}

fn print_asker(prompt: &Prompt) {
    if let Some(provider) = &prompt.provider {
        row("Asked through", &provider.name);
    }
    row("Client", &prompt.client.name);
    if prompt.client.registered_by == RegisteredBy::Itself {
        row("", "registered itself: the name is its own words");
    }
    row("  registered", &utc(prompt.client.since));
    if let Some(host) = &prompt.client.host {
        row("  proved host", host);
    }
    for actor in &prompt.actor {
        row(
            "On behalf",
            &format!("{} (vouched by {})", actor.name, actor.vouched_by),
        );
    }
}

fn print_context(prompt: &Prompt) {
    row("Asked at", &utc(prompt.context.observed.time));
    if prompt.context.observed.first_request {
        row("Caution", "this client never asked this account before");
    }
    let claimed = &prompt.context.claimed;
    for (name, value) in [
        ("place", &claimed.place),
        ("device", &claimed.device),
        ("address", &claimed.address),
    ] {
        if let Some(value) = value {
            row("Client says", &format!("{name}: {value}"));
        }
    }
    if let Some(message) = &prompt.binding_message {
        row("Client's words", message);
    }
}
