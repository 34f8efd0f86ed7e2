//! Every test that the list of limits and threats names is there.

use super::tree::Tree;

const DOCUMENT: &str = "docs/LIMITS.md";

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let Some(document) = tree.get(DOCUMENT) else { return vec![format!("{DOCUMENT} is missing")] };
    let code: Vec<&str> = tree.with_ending(".rs").map(|file| file.text.as_str()).collect();
    let is_there = |test: &str| {
        // `the_beginning_…` stands for the one test that begins so.
        let wanted = test.strip_suffix('…').map_or_else(|| format!("fn {test}("), |start| format!("fn {start}"));
        code.iter().any(|text| text.contains(&wanted))
    };
    let mut complaints = Vec::new();
    for (line, number) in document.text.lines().zip(1..).filter(|(line, _)| is_row(line)) {
        let tests: Vec<&str> = quoted(line).filter(|word| is_test(word)).collect();
        if tests.is_empty() {
            complaints.push(format!("{DOCUMENT}:{number}: names no test"));
        }
        let missing = tests.into_iter().filter(|test| !is_there(test));
        complaints.extend(missing.map(|test| format!("{DOCUMENT}:{number}: there is no test {test}")));
    }
    complaints
}

/// A row of a table that is neither its head nor the line below.
fn is_row(line: &str) -> bool {
    line.starts_with("| ") && !line.ends_with("| Test |")
}

fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// And not a file or a command.
fn is_test(quoted: &str) -> bool {
    quoted.contains('_') && !quoted.contains(['.', '/', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_is_not_there_is_refused() {
        let table = [
            "| Limit | Test |",
            "|---|---|",
            "| a | `x.rs`: `holds_at_ten`, `holds_at_…` |",
            "| b | `x.rs`, `kill -9` |",
            "| c | `is_gone`, `holds_at_` |",
        ]
        .join("\n");
        let tree = Tree::of(&[(DOCUMENT, &table), ("x.rs", "fn holds_at_ten() {}")]);
        assert_eq!(
            check(&tree),
            [
                "docs/LIMITS.md:4: names no test",
                "docs/LIMITS.md:5: there is no test is_gone",
                "docs/LIMITS.md:5: there is no test holds_at_",
            ]
        );
    }
}
