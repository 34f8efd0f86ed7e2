//! Every message type that the code knows is documented and covered by a fixture.

use super::tree::Tree;

const CODE: &str = "protocol/src/message.rs";
const DOCUMENT: &str = "docs/PROTOCOL.md";
const FIXTURES: &str = "protocol/fixtures/messages.json";

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let Some(code) = tree.get(CODE) else { return vec![format!("{CODE} is missing")] };
    let kinds = kinds(&code.text);
    let mut complaints = Vec::new();
    if kinds.is_empty() {
        complaints.push(format!("{CODE}: no list KINDS found"));
    }
    for (path, quote) in [(DOCUMENT, '`'), (FIXTURES, '"')] {
        let text = tree.get(path).map_or("", |file| file.text.as_str());
        for kind in &kinds {
            if !text.contains(&format!("{quote}{kind}{quote}")) {
                complaints.push(format!("{path}: says nothing of the message type {kind}"));
            }
        }
    }
    complaints
}

/// The quoted words of `pub const KINDS: &[&str] = &[…];`.
fn kinds(code: &str) -> Vec<String> {
    let Some((_, rest)) = code.split_once("const KINDS: &[&str] = &[") else { return Vec::new() };
    let list = rest.split(']').next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undocumented_or_uncovered_type_is_refused() {
        let tree = Tree::of(&[
            (CODE, "pub const KINDS: &[&str] = &[\n\"ping\", \"wave\"];"),
            (DOCUMENT, "| `ping` |"),
            (FIXTURES, "{\"type\": \"ping\"}"),
        ]);
        assert_eq!(
            check(&tree),
            [
                "docs/PROTOCOL.md: says nothing of the message type wave",
                "protocol/fixtures/messages.json: says nothing of the message type wave"
            ]
        );
    }
}
