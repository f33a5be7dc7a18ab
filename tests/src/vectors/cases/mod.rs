//! What the vectors are: one list per group of areas. Every case changes one thing in a message that is otherwise good.

mod assertion;
mod decision;
mod evidence;
mod frames;
mod invitation;
mod json;
mod jws;
mod metadata;
mod pairing;
mod prompt;
mod proof;
mod receipt;
mod registration;
mod text;

use super::{Area, Input, class::Class, keys::TestKeys, world::World};
use serde_json::Value;
use std::path::Path;
use tegata_protocol::bytes::B64;

/// A vector before it is frozen.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its folder.
    pub area: Area,
    /// Its file name without extension.
    pub name: String,
    /// What it shows.
    pub comment: String,
    /// The verdict.
    pub expect: Class,
    /// The message.
    pub input: Input,
    /// What its reader knows.
    pub context: Value,
    /// Whether it holds a signature, so that making it again gives other bytes.
    pub is_signed: bool,
}

/// Every case. Messages that are frozen in `dir` are built upon as they are there.
///
/// # Panics
/// If a good message cannot be made: the test keys or a frozen message are not what they should be.
pub fn all(keys: &TestKeys, dir: &Path) -> Vec<Case> {
    let world = World::new(keys, dir);
    let mut list = List::default();
    assertion::add(&mut list, &world);
    decision::add(&mut list, &world);
    evidence::add(&mut list, &world);
    frames::add(&mut list, &world);
    invitation::add(&mut list, &world);
    json::add(&mut list);
    jws::add(&mut list, &world);
    metadata::add(&mut list, &world);
    pairing::add(&mut list, &world);
    prompt::add(&mut list, &world);
    proof::add(&mut list, &world);
    receipt::add(&mut list, &world);
    registration::add(&mut list, &world);
    text::add(&mut list);
    list.cases
}

#[derive(Default)]
struct List {
    cases: Vec<Case>,
}

/// Name, comment and verdict of a case.
type About<'a> = (&'a str, &'a str, Class);

impl List {
    fn push(&mut self, area: Area, about: About<'_>, input: Input, context: Value, signed: bool) {
        let (name, comment, expect) = about;
        self.cases.push(Case {
            area,
            name: name.to_owned(),
            comment: comment.to_owned(),
            expect,
            input,
            context,
            is_signed: signed,
        });
    }

    /// A message that is the same whenever it is made.
    fn text(&mut self, area: Area, about: About<'_>, text: impl Into<String>, context: Value) {
        self.push(area, about, Input::Text(text.into()), context, false);
    }

    /// The same for what is not UTF-8.
    fn bytes(&mut self, area: Area, about: About<'_>, bytes: &[u8], context: Value) {
        self.push(
            area,
            about,
            Input::Bytes(B64(bytes.to_vec())),
            context,
            false,
        );
    }

    /// A message that holds, or hangs on, a signature.
    fn signed(&mut self, area: Area, about: About<'_>, text: impl Into<String>, context: Value) {
        self.push(area, about, Input::Text(text.into()), context, true);
    }
}

/// `value` with the member at `pointer` set; its parent must be there.
fn with(value: &Value, pointer: &str, member: Value) -> Value {
    let mut changed = value.clone();
    let (parent, name) = pointer
        .rsplit_once('/')
        .expect("a pointer starts with a slash");
    let parent = changed.pointer_mut(parent).expect("the parent is there");
    match parent {
        Value::Array(items) => items[name.parse::<usize>().expect("an index")] = member,
        parent => parent[name] = member,
    }
    changed
}

/// `value` without the member at `pointer`, which must be there.
fn without(value: &Value, pointer: &str) -> Value {
    let mut changed = value.clone();
    let (parent, name) = pointer
        .rsplit_once('/')
        .expect("a pointer starts with a slash");
    let parent = changed.pointer_mut(parent).and_then(Value::as_object_mut);
    let removed = parent.and_then(|members| members.remove(name));
    assert!(removed.is_some(), "{pointer} was not there");
    changed
}
