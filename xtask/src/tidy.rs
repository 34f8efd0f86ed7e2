//! The house's rules that no other tool knows: arrows, pure cores, embassies, purposes, the wire's document, the tests
//! that prove the limits, words.

mod arrows;
mod embassies;
mod proofs;
mod purpose;
mod tree;
mod wire;
mod words;

use std::path::Path;

use anyhow::{Result, bail};

use tree::Tree;

/// Checks the tree and says every place that breaks a rule.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let complaints = complaints(&tree);
    for complaint in &complaints {
        println!("tidy: {complaint}");
    }
    match complaints.len() {
        0 => {
            println!("==> tidy: {} files, nothing to say", tree.files().len());
            Ok(())
        }
        n => bail!("tidy: {n} complaints"),
    }
}

fn complaints(tree: &Tree) -> Vec<String> {
    [arrows::check, embassies::check, proofs::check, purpose::check, wire::check, words::check]
        .iter()
        .flat_map(|rule| rule(tree))
        .collect()
}
