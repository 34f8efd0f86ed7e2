//! Words that must not stand in the project: unfinished work, merge leftovers, paths of one machine.

use super::tree::Tree;

/// Split, so that this file does not complain of itself.
const WORDS: &[(&str, &str)] = &[
    (concat!("<<<<<", "<< "), "a merge was left unfinished"),
    (concat!("FIX", "ME"), "finish it, or write it into an issue"),
    (concat!("XX", "X:"), "finish it, or write it into an issue"),
    (concat!("not supported", " yet"), "unfinished work does not land"),
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!("/wo", "rk/"), "a path of one machine"),
];

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in tree.files().iter().filter(|file| file.path != "Cargo.lock") {
        for (word, why) in WORDS {
            if let Some(line) = file.text.lines().position(|line| line.contains(word)) {
                complaints.push(format!("{}:{}: `{word}`: {why}", file.path, line + 1));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_work_is_refused() {
        let text = concat!("//! x\n// FIX", "ME later\n");
        assert_eq!(check(&Tree::of(&[("a/src/x.rs", text)])).len(), 1);
    }
}
