//! Every source file opens with its purpose in a sentence, and none grows past what one purpose needs.

use super::tree::{File, Tree};

/// Longer than this is usually two things. The soft limit is 400 lines of code.
const LINES_MAX: usize = 500;

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for (ending, opening) in [(".rs", "//! "), (".js", "/"), (".css", "/*")] {
        for file in tree.with_ending(ending) {
            if !file.text.starts_with(opening) {
                complaints.push(format!("{}: does not open with its purpose (`{opening}…`)", file.path));
            }
            let lines = lines_of_code(file);
            if lines > LINES_MAX {
                complaints.push(format!("{}: {lines} lines of code; split it along a seam", file.path));
            }
        }
    }
    for file in tree.files().iter().filter(|file| file.path.ends_with("/mod.rs")) {
        complaints.push(format!("{}: name the file after its module, beside the folder", file.path));
    }
    complaints
}

/// Lines up to the tests, blank ones and comments left out.
fn lines_of_code(file: &File) -> usize {
    let before_tests = file.text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    before_tests.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_purpose_is_refused() {
        assert_eq!(check(&Tree::of(&[("a/src/x.rs", "fn main() {}\n")])).len(), 1);
        assert_eq!(check(&Tree::of(&[("assets/js/x.js", "import 'y';\n")])).len(), 1);
    }

    #[test]
    fn a_god_file_is_refused() {
        let text = format!("//! Everything.\n{}", "fn f() {}\n".repeat(LINES_MAX + 1));
        assert_eq!(check(&Tree::of(&[("a/src/x.rs", &text)])).len(), 1);
    }
}
