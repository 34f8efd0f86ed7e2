//! Arrows point down only, and a core leans on nothing that touches the world.

use toml::{Table, Value};

use super::tree::{File, Tree};

/// Each member and the members that it may lean on (tests excepted).
const ARROWS: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("server/rooms", &["protocol"]),
    ("server", &["protocol", "rooms"]),
    ("desktop/session", &["protocol"]),
    ("desktop/client", &["protocol", "session"]),
    ("desktop/media", &[]),
    ("desktop", &["protocol", "session", "client", "media"]),
    ("lab/simulation", &["protocol", "rooms", "session"]),
    ("lab/bots", &["protocol", "session", "client", "media", "desktop", "network"]),
    ("lab/network", &[]),
    ("lab/cameras", &[]),
    ("lab/fuzz", &["server", "simulation"]),
    ("xtask", &[]),
];

/// The cores, and the crates that they may use: none of them can reach a clock, a socket, a task or a lock by itself.
const CORES: &[&str] = &["protocol", "server/rooms", "desktop/session"];
const PURE: &[&str] = &[
    "percent-encoding",
    "protocol",
    "rand",
    "rand_chacha",
    "serde",
    "serde_json",
    "thiserror",
    "unicode-normalization",
    // Descriptions of types, nothing that runs.
    "utoipa",
];

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    let manifests: Vec<&File> = tree.with_ending("Cargo.toml").filter(|file| file.path != "Cargo.toml").collect();
    let members: Vec<&str> = ARROWS.iter().map(|(folder, _)| folder.rsplit('/').next().unwrap_or(folder)).collect();
    for manifest in manifests {
        let folder = manifest.path.trim_end_matches("/Cargo.toml");
        let Some((_, allowed)) = ARROWS.iter().find(|(member, _)| *member == folder) else {
            complaints
                .push(format!("{}: a member that tidy's arrows do not know; say what it may lean on", manifest.path));
            continue;
        };
        for dependency in dependencies(manifest) {
            if members.contains(&dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
                complaints.push(format!("{}: {folder} must not lean on {dependency}", manifest.path));
            }
            if CORES.contains(&folder) && !PURE.contains(&dependency.as_str()) {
                complaints
                    .push(format!("{}: {folder} is a core; {dependency} is not among the pure crates", manifest.path));
            }
        }
    }
    complaints
}

fn dependencies(manifest: &File) -> Vec<String> {
    let Ok(table) = manifest.text.parse::<Table>() else { return Vec::new() };
    match table.get("dependencies") {
        Some(Value::Table(dependencies)) => dependencies.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_that_points_up_is_refused() {
        let tree = Tree::of(&[("desktop/client/Cargo.toml", "[dependencies]\nmedia.workspace = true\n")]);
        assert_eq!(check(&tree), ["desktop/client/Cargo.toml: desktop/client must not lean on media"]);
    }

    #[test]
    fn a_core_that_leans_on_a_runtime_is_refused() {
        let tree =
            Tree::of(&[("server/rooms/Cargo.toml", "[dependencies]\nprotocol.workspace = true\ntokio = \"1\"\n")]);
        assert_eq!(check(&tree).len(), 1);
    }

    #[test]
    fn a_member_that_nobody_placed_is_refused() {
        let tree = Tree::of(&[("attic/Cargo.toml", "[dependencies]\n")]);
        assert_eq!(check(&tree).len(), 1);
    }
}
